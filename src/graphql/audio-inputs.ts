import {
  type DocumentNode,
  getNamedType,
  getNullableType,
  getOperationAST,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLSchema,
  isInputObjectType,
  isInputType,
  isListType,
  Kind,
  OperationTypeNode,
  type SelectionSetNode,
  typeFromAST,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { fragmentsOf } from './limits.ts';

/**
 * Finds base64 audio, the only large input, in the variables of an operation. The schema marks its fields with the
 * extension `isAudio`.
 */
export interface AudioInputs {
  /** The names of the queries and mutations that take base64 audio. */
  readonly fields: ReadonlySet<string>;
  /**
   * Counts the characters of the audio in an operation's variables. Returns null if the operation asks for none of
   * `fields`. The document need not be valid.
   */
  countChars(
    document: DocumentNode,
    operationName: string | undefined,
    variables: Readonly<Record<string, unknown>>,
  ): number | null;
}

/** Reads the fields from the schema. Build it once per isolate. */
export function createAudioInputs(schema: GraphQLSchema): AudioInputs {
  const roots = [schema.getQueryType(), schema.getMutationType()];
  const taking = roots.flatMap((root) =>
    Object.values(root?.getFields() ?? {}).filter(({ args }) => args.some(({ type }) => holdsAudio(type))),
  );
  const fields = new Set(taking.map(({ name }) => name));

  return {
    fields,
    countChars(document, operationName, variables) {
      const operation = getOperationAST(document, operationName);
      if (operation === null || operation === undefined || operation.operation === OperationTypeNode.SUBSCRIPTION)
        return null;
      const names = rootFieldNames(document, operation.selectionSet);
      if (![...names].some((field) => fields.has(field))) return null;
      const direct = audioVariables(schema, document);
      // By name, so that an invalid document that defines a variable twice does not have it counted twice.
      const types = new Map(operation.variableDefinitions?.map(({ variable, type }) => [variable.name.value, type]));
      let chars = 0;
      for (const [name, typeNode] of types) {
        const value = Object.hasOwn(variables, name) ? variables[name] : null;
        const type = typeFromAST(schema, typeNode);
        if (typeof value === 'string') chars += direct.has(name) ? value.length : 0;
        else if (isInputType(type)) chars += charsIn(type, value);
      }
      return chars;
    },
  };
}

function isAudio(field: GraphQLInputField | undefined): boolean {
  return field?.extensions['isAudio'] === true;
}

function holdsAudio(type: GraphQLInputType, seen: ReadonlySet<object> = new Set()): boolean {
  const named = getNamedType(type);
  if (!isInputObjectType(named) || seen.has(named)) return false;
  const more = new Set([...seen, named]);
  return Object.values(named.getFields()).some((field) => isAudio(field) || holdsAudio(field.type, more));
}

/** Returns the variables that are the value of an audio field in the document, as in `base64: $name`. */
function audioVariables(schema: GraphQLSchema, document: DocumentNode): ReadonlySet<string> {
  const names = new Set<string>();
  const typeInfo = new TypeInfo(schema);
  visit(
    document,
    visitWithTypeInfo(typeInfo, {
      ObjectField({ name, value }) {
        const field = fieldOf(typeInfo.getParentInputType(), name.value);
        if (value.kind === Kind.VARIABLE && isAudio(field)) names.add(value.name.value);
      },
    }),
  );
  return names;
}

function fieldOf(type: GraphQLInputType | null | undefined, name: string): GraphQLInputField | undefined {
  const named = type ? getNamedType(type) : null;
  return isInputObjectType(named) && Object.hasOwn(named.getFields(), name) ? named.getFields()[name] : undefined;
}

/** Counts the characters of the audio in the value of a variable. */
function charsIn(type: GraphQLInputType, value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let chars = 0;
  if (Array.isArray(value)) {
    const list = getNullableType(type);
    if (isListType(list)) for (const item of value) chars += charsIn(list.ofType, item);
    return chars;
  }
  for (const [key, item] of Object.entries(value)) {
    // GraphQL coerces a single object to a list, so the field's type may be a list here.
    const field = fieldOf(type, key);
    if (field === undefined) continue;
    chars += typeof item === 'string' && isAudio(field) ? item.length : charsIn(field.type, item);
  }
  return chars;
}

/** Returns the names of the fields at the root of a selection, with fragments spread out. */
function rootFieldNames(document: DocumentNode, selectionSet: SelectionSetNode): ReadonlySet<string> {
  const fragments = fragmentsOf(document);
  const names = new Set<string>();
  const spread = new Set<string>();
  function collect({ selections }: SelectionSetNode): void {
    for (const node of selections) {
      if (node.kind === Kind.FIELD) names.add(node.name.value);
      else if (node.kind === Kind.INLINE_FRAGMENT) collect(node.selectionSet);
      else if (!spread.has(node.name.value)) {
        spread.add(node.name.value);
        const fragment = fragments.get(node.name.value);
        if (fragment !== undefined) collect(fragment.selectionSet);
      }
    }
  }
  collect(selectionSet);
  return names;
}
