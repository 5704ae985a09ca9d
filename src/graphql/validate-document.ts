import {
  type ASTVisitor,
  type DocumentNode,
  getEnterLeaveForKind,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  NoSchemaIntrospectionCustomRule,
  specifiedRules,
  TypeInfo,
  ValidationContext,
  type ValidationRule,
  visit,
  visitInParallel,
  visitWithTypeInfo,
} from 'graphql';
import { AnswerCountRule } from './answer-count.ts';

const TOO_MANY = 'Too many validation errors, error limit reached. Validation aborted.';

/** More would only be more for whoever sends nonsense; one error more says so. */
const ERRORS_MAX = 5;

/** Everything that is wrong with a document for a schema, up to 5 errors. Empty: it can be executed. */
export type ValidateDocument = (
  schema: GraphQLSchema,
  document: DocumentNode,
  rules?: readonly ValidationRule[],
) => readonly GraphQLError[];

/**
 * `introspection` off: no introspection, and no message that suggests names of the schema. It does as graphql's `validate`
 * does with rules that throw no GraphQLError of their own; that one makes two errors when it is loaded, for whose stacks V8
 * reads the whole script once more.
 */
export function createValidateDocument(introspection: boolean): ValidateDocument {
  const more = introspection ? [AnswerCountRule] : [AnswerCountRule, NoSchemaIntrospectionCustomRule];
  return (schema, document, rules = specifiedRules) => {
    const errors: GraphQLError[] = [];
    const report = (error: GraphQLError): void => {
      if (errors.length === ERRORS_MAX) throw new GraphQLError(TOO_MANY);
      errors.push(error);
    };
    const typeInfo = new TypeInfo(schema);
    const context = new ValidationContext(schema, document, typeInfo, report, { hideSuggestions: !introspection });
    const visitor = visitWithTypeInfo(typeInfo, visitInParallel([...rules, ...more].map((rule) => rule(context))));
    try {
      visit(document, withoutDescriptions(visitor));
    } catch (error) {
      // Thrown here above, or by a rule that has had enough.
      if (!(error instanceof GraphQLError)) throw error;
      errors.push(error);
    }
    return errors;
  };
}

/** They are texts, which rules would take for values. */
function withoutDescriptions(visitor: ASTVisitor): ASTVisitor {
  // Of any kind: it has the same for all.
  const { enter, leave } = getEnterLeaveForKind(visitor, Kind.DOCUMENT);
  return { enter: (...args) => (args[1] === 'description' ? false : enter?.(...args)), leave };
}
