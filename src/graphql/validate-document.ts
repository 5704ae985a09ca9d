import {
  type DocumentNode,
  type GraphQLError,
  type GraphQLSchema,
  NoSchemaIntrospectionCustomRule,
  specifiedRules,
  validate,
  type ValidationRule,
} from 'graphql';

/** More would only be more for whoever sends nonsense; graphql adds one error that says so. */
const ERRORS_MAX = 5;

/** Everything that is wrong with a document for a schema, up to 5 errors. Empty: it can be executed. */
export type ValidateDocument = (
  schema: GraphQLSchema,
  document: DocumentNode,
  rules?: readonly ValidationRule[],
) => readonly GraphQLError[];

/** `introspection` off: no introspection, and no message that suggests names of the schema. */
export function createValidateDocument(introspection: boolean): ValidateDocument {
  const more = introspection ? [] : [NoSchemaIntrospectionCustomRule];
  return (schema, document, rules = specifiedRules) =>
    validate(schema, document, [...rules, ...more], { maxErrors: ERRORS_MAX, hideSuggestions: !introspection });
}
