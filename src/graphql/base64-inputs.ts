import {
  type DocumentNode,
  getNamedType,
  getOperationAST,
  type GraphQLInputType,
  type GraphQLSchema,
  type GraphQLType,
  isInputObjectType,
  isListType,
  isNonNullType,
  Kind,
  OperationTypeNode,
  type OperationDefinitionNode,
  typeFromAST,
  visit,
} from 'graphql';
import { rootFieldNames } from './root-fields.ts';

/** Input fields of this name hold a file in base64. */
const BASE64 = 'base64';

/** Whether base64 may stand at a place in the variables, such as `['input', 'sound', 'base64']`. */
export type IsBase64Place = (path: readonly (string | number)[]) => boolean;

/** What the schema takes in base64: the only inputs that are large by nature. */
export interface Base64Inputs {
  /** The mutations whose input holds a file in base64. */
  readonly mutations: ReadonlySet<string>;
  /** Null: the operation is none of these mutations. The document need not be valid. */
  placesOf(document: DocumentNode, operationName: string | undefined): IsBase64Place | null;
}

export function createBase64Inputs(schema: GraphQLSchema): Base64Inputs {
  const fields = Object.values(schema.getMutationType()?.getFields() ?? {});
  const mutations = new Set(
    fields.filter(({ args }) => args.some(({ type }) => holdsBase64(type))).map(({ name }) => name),
  );

  return {
    mutations,
    placesOf(document, operationName) {
      const operation = getOperationAST(document, operationName);
      if (operation?.operation !== OperationTypeNode.MUTATION) return null;
      const names = rootFieldNames(document, operation.selectionSet);
      if (![...names].some((name) => mutations.has(name))) return null;
      const direct = variablesAtBase64(document);
      return ([name, ...path]) =>
        path.length === 0 ? direct.has(String(name)) : isBase64Path(typeOfVariable(schema, operation, name), path);
    },
  };
}

function holdsBase64(type: GraphQLInputType, seen: ReadonlySet<object> = new Set()): boolean {
  const named = getNamedType(type);
  if (!isInputObjectType(named) || seen.has(named)) return false;
  const more = new Set([...seen, named]);
  return Object.values(named.getFields()).some((field) => field.name === BASE64 || holdsBase64(field.type, more));
}

/** Variables that stand in the document as `base64: $name`. */
function variablesAtBase64(document: DocumentNode): ReadonlySet<string> {
  const names = new Set<string>();
  visit(document, {
    ObjectField({ name, value }) {
      if (name.value === BASE64 && value.kind === Kind.VARIABLE) names.add(value.name.value);
    },
  });
  return names;
}

function typeOfVariable(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
  name: string | number | undefined,
): GraphQLType | undefined {
  const definition = variableDefinitions.find(({ variable }) => variable.name.value === name);
  return definition === undefined ? undefined : typeFromAST(schema, definition.type);
}

function isBase64Path(type: GraphQLType | undefined, [key, ...rest]: readonly (string | number)[]): boolean {
  const nullable = isNonNullType(type) ? type.ofType : type;
  if (typeof key === 'number') return isListType(nullable) && isBase64Path(nullable.ofType, rest);
  if (!isInputObjectType(nullable) || key === undefined || !Object.hasOwn(nullable.getFields(), key)) return false;
  return rest.length === 0 ? key === BASE64 : isBase64Path(nullable.getFields()[key]?.type, rest);
}
