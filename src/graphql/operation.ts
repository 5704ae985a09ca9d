import {
  type DocumentNode,
  getOperationAST,
  getVariableValues,
  GraphQLEnumType,
  GraphQLError,
  type GraphQLSchema,
  NoSchemaIntrospectionCustomRule,
  type OperationDefinitionNode,
  parse as parseUnchecked,
  specifiedRules,
  validate as validateDocument,
  validateExecutionArgs,
  type VariableDefinitionNode,
  type VariableValues,
  type ASTVisitor,
  type FieldNode,
  getNamedType,
  getNullableType,
  type GraphQLField,
  type GraphQLNamedType,
  isAbstractType,
  isCompositeType,
  isListType,
  isObjectType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
  type ValidationContext,
} from 'graphql';
import { type BoundedCacheOptions, createBoundedCache } from '../lib/cache.ts';
import { costOf, type FieldCost } from '../lib/field-cost.ts';
import { type Refusal, refusalOf, requestError } from './errors.ts';
import { parseDocument, type Fragments, fragmentsOf } from './limits.ts';

/** The most errors of one document, and of the variables of one operation. One more error says that others are left out. */
const ERRORS_MAX = 5;

/** An operation of a document that has passed every check. */
export interface Operation {
  readonly type: 'operation';
  readonly document: DocumentNode;
  readonly node: OperationDefinitionNode;
}

/** Checks documents and finds their operations, for HTTP and for hubs. Caches the documents used last. */
export interface OperationFinder {
  /** Parses a document. Throws a GraphQLError for a syntax error, and for a document past a limit (`QUERY_TOO_COMPLEX`). */
  parse(text: string): DocumentNode;
  /** Validates a parsed document. Returns up to 5 errors, and one that says that others are left out. */
  validate(document: DocumentNode): readonly GraphQLError[];
  /** Selects an operation of a document by its name, or the only operation if the name is null or empty. */
  select(document: DocumentNode, operationName: string | null | undefined): Operation | Refusal;
  /** Parses and validates a document, and selects an operation. Throws bugs only. */
  find(text: string, operationName: string | null | undefined): Operation | Refusal;
  /** Parses a text that `find` accepted before, without checking it again. */
  reopen(text: string): DocumentNode;
  /** Returns true if a document is cached, so that `find` does no work. */
  isKept(text: string): boolean;
}

/** The options of `createOperationFinder`. */
export interface OperationFinderOptions {
  readonly schema: GraphQLSchema;
  /** If false, refuses introspection, and no message suggests names of the schema. */
  readonly introspection: boolean;
  readonly kept: Pick<BoundedCacheOptions<DocumentNode>, 'charsPerEntryMax' | 'charsMax'>;
  /**
   * Whether documents are cached with the locations of their nodes. Trade-off: without them a document takes a third of
   * the memory, and errors of fields have no `locations`.
   */
  readonly locations: boolean;
}

/** Creates the finder. Build it once per isolate. */
export function createOperationFinder({
  schema,
  introspection,
  kept,
  locations,
}: OperationFinderOptions): OperationFinder {
  const rules = [...specifiedRules, AnswerCountRule, ...(introspection ? [] : [NoSchemaIntrospectionCustomRule])];
  const documents = createBoundedCache<DocumentNode>(kept);
  const validated = new WeakMap<DocumentNode, readonly GraphQLError[]>();

  function parse(text: string): DocumentNode {
    const known = documents.get(text);
    if (known !== undefined) return known;
    const document = parseDocument(text);
    documents.set(text, document);
    return document;
  }

  function validate(document: DocumentNode): readonly GraphQLError[] {
    const known = validated.get(document);
    if (known !== undefined) return known;
    const errors = validateDocument(schema, document, rules, {
      maxErrors: ERRORS_MAX,
      hideSuggestions: !introspection,
    });
    validated.set(document, errors);
    return errors;
  }

  function select(document: DocumentNode, operationName: string | null | undefined): Operation | Refusal {
    const name = operationName || null;
    const node = getOperationAST(document, name);
    if (node) return { type: 'operation', document, node };
    const problems = validateExecutionArgs({ schema, document, operationName: name });
    if ('operation' in problems) throw new TypeError('graphql found an operation that getOperationAST did not');
    return refusalOf(problems.map(({ message }) => requestError('BAD_USER_INPUT', message, 400)));
  }

  function keepWithoutLocations(text: string): DocumentNode {
    const document = parseUnchecked(text, { noLocation: true });
    validated.set(document, []);
    documents.set(text, document);
    return document;
  }

  return {
    parse,
    validate,
    select,

    find(text, operationName) {
      let document;
      try {
        document = parse(text);
      } catch (error) {
        if (error instanceof GraphQLError) return refusalOf([error]);
        throw error;
      }
      const errors = validate(document);
      if (errors.length > 0) return refusalOf(errors);
      const isKeptAsParsed = locations || document.loc === undefined;
      return select(isKeptAsParsed ? document : keepWithoutLocations(text), operationName);
    },

    reopen: (text) => documents.get(text) ?? keepWithoutLocations(text),

    isKept: (text) => documents.get(text) !== undefined,
  };
}

/** The most fields of an input object. No input of the schema has as many. Each unknown field prints the whole object. */
const INPUT_FIELDS_MAX = 100;

/** The most items of an input list. Ten times the longest list of the schema. */
const INPUT_ITEMS_MAX = 1_000;

/** The longest value in a message, in UTF-16 units. */
const PRINTED_CHARS_MAX = 100;

/** The coerced values of an operation's variables. */
export interface Variables {
  readonly type: 'variables';
  readonly values: VariableValues['coerced'];
}

/**
 * Coerces the variables of an operation, for HTTP and for hubs. Ignores variables that the operation does not define.
 * Refuses an object or list that is too large without reading it. Otherwise reports up to 5 errors, and one that says that
 * others are left out. Each prints at most 100 characters of a value.
 */
export function coerceVariables(
  schema: GraphQLSchema,
  definitions: readonly VariableDefinitionNode[],
  values: Readonly<Record<string, unknown>>,
): Variables | Refusal {
  const defined = definitions.filter(({ variable }) => Object.hasOwn(values, variable.name.value));
  for (const node of defined) {
    const name = node.variable.name.value;
    const problem = sizeProblem(values[name], '');
    if (problem !== null)
      return refusalOf([new GraphQLError(`Variable "$${name}" has invalid value${problem}`, { nodes: node })]);
  }
  // The first error is enough to know that values will be printed. Printing costs time in proportion to their length.
  const coerced = getVariableValues(schema, definitions, values, { maxErrors: 0 });
  if (coerced.errors === undefined) return { type: 'variables', values: coerced.variableValues.coerced };
  const short = Object.fromEntries(
    defined.map(({ variable: { name } }) => [name.value, printable(values[name.value])]),
  );
  const { errors } = getVariableValues(schema, definitions, short, { maxErrors: ERRORS_MAX });
  return refusalOf(errors ?? coerced.errors);
}

/** Returns where a value is too large, and why, in the form of graphql's messages. */
function sizeProblem(value: unknown, path: string): string | null {
  if (typeof value !== 'object' || value === null) return null;
  if (Array.isArray(value)) {
    if (value.length > INPUT_ITEMS_MAX) {
      return `${at(path)}: A list has at most ${INPUT_ITEMS_MAX} items, this one has ${value.length}.`;
    }
    return firstProblem(value.entries(), (key) => `${path}[${key}]`);
  }
  const entries = Object.entries(value);
  if (entries.length > INPUT_FIELDS_MAX) {
    return `${at(path)}: An input object has at most ${INPUT_FIELDS_MAX} fields, this one has ${entries.length}.`;
  }
  return firstProblem(entries, (key) => `${path}.${brief(key)}`);
}

function firstProblem<Key>(entries: Iterable<readonly [Key, unknown]>, pathOf: (key: Key) => string): string | null {
  for (const [key, value] of entries) {
    const problem = typeof value === 'object' ? sizeProblem(value, pathOf(key)) : null;
    if (problem !== null) return problem;
  }
  return null;
}

function at(path: string): string {
  return path === '' ? '' : ` at ${path}`;
}

/** Returns the same value with its texts cut. `toJSON` of an object or list controls how graphql prints it. */
function printable(value: unknown): unknown {
  if (typeof value === 'string') return brief(value);
  if (typeof value !== 'object' || value === null) return value;
  const copy: object = Array.isArray(value)
    ? value.map(printable)
    : Object.fromEntries(Object.entries(value).map(([key, item]) => [brief(key), printable(item)]));
  const text = brief(inspect(copy));
  return Object.defineProperty(copy, 'toJSON', { value: () => text });
}

function brief(text: string): string {
  return text.length > PRINTED_CHARS_MAX ? `${text.slice(0, PRINTED_CHARS_MAX).toWellFormed()}…` : text;
}

const NO_VALUES = new GraphQLEnumType({ name: 'NoValues', values: {} });
const PREFIX = 'Enum "NoValues" cannot represent value: ';

/** Prints a value as graphql does in its errors. Graphql does not export its printer, but an enum without values uses it. */
function inspect(value: unknown): string {
  try {
    NO_VALUES.coerceOutputValue(value);
  } catch (error) {
    if (error instanceof Error && error.message.startsWith(PREFIX)) return error.message.slice(PREFIX.length);
    throw error;
  }
  return '';
}

/** The most fields in one answer. Bounds the work of the ledger and of Kling's client, and the size of the response. */
const ANSWERS_MAX = 20_000;

/**
 * Refuses an operation whose answer may have more than 20,000 fields with `QUERY_TOO_COMPLEX`. Each list counts with the
 * most items that its arguments allow. A variable allows the maximum.
 */
function AnswerCountRule(context: ValidationContext): ASTVisitor {
  return {
    Document(document) {
      const error = tooLongAnswer(context.getSchema(), document);
      if (error !== null) context.reportError(error);
      return false;
    },
  };
}

/** Returns the error of the first operation whose answer may be too long. Returns null if all are short enough. */
export function tooLongAnswer(schema: GraphQLSchema, document: DocumentNode): GraphQLError | null {
  const fragments = fragmentsOf(document);
  for (const node of document.definitions) {
    const count = node.kind === Kind.OPERATION_DEFINITION ? countAnswers(schema, fragments, node) : 0;
    if (count <= ANSWERS_MAX) continue;
    const problem = `up to ${count} fields to answer, counting its lists as long as they may get; ${ANSWERS_MAX} are answered at once: ask for less by "first" or "pageSize"`;
    return requestError('QUERY_TOO_COMPLEX', `The document has ${problem}.`, 400);
  }
  return null;
}

/** The fields that are answered once, and those that are answered once for each item of the enclosing list. */
interface Count {
  readonly once: number;
  readonly perItem: number;
}

const NOTHING: Count = { once: 0, perItem: 0 };

/** Returns how many fields a field counts as. `items` is the number of its items, or 1 if it is not a list. */
type Weigh = (cost: FieldCost, items: number) => number;

/**
 * Counts the fields of an operation's answer, with lists as long as they may get. An abstract type counts as the largest
 * of the types that it can be. Each selection is counted once per type, so that fragments that spread each other repeatedly stay
 * cheap. Other rules refuse cycles of fragments and unknown fields.
 */
export function countAnswers(
  schema: GraphQLSchema,
  fragments: Fragments,
  { operation, selectionSet }: OperationDefinitionNode,
  weigh: Weigh = () => 1,
): number {
  const counted = new Map<GraphQLNamedType | undefined, Map<SelectionSetNode, Count>>();

  function countSelections(selections: SelectionSetNode, type: GraphQLNamedType | undefined, cost: FieldCost): Count {
    if (!isAbstractType(type)) return countOnce(selections, type);
    const possible = schema.getPossibleTypes(type).filter(({ name }) => cost.types?.includes(name) ?? true);
    const counts = possible.map((each) => countOnce(selections, each));
    return {
      once: Math.max(0, ...counts.map(({ once }) => once)),
      perItem: Math.max(0, ...counts.map(({ perItem }) => perItem)),
    };
  }

  function countOnce(selections: SelectionSetNode, type: GraphQLNamedType | undefined): Count {
    const ofType = counted.get(type) ?? new Map<SelectionSetNode, Count>();
    counted.set(type, ofType);
    const known = ofType.get(selections);
    if (known !== undefined) return known;
    ofType.set(selections, NOTHING);
    const count = selections.selections.map((node) => countSelection(node, type)).reduce(add, NOTHING);
    ofType.set(selections, count);
    return count;
  }

  function countSelection(node: SelectionNode, type: GraphQLNamedType | undefined): Count {
    if (node.kind === Kind.FIELD) return countField(node, type);
    const fragment = node.kind === Kind.INLINE_FRAGMENT ? node : fragments.get(node.name.value);
    if (fragment === undefined || !isOf(schema, type, fragment.typeCondition?.name.value)) return NOTHING;
    return countOnce(fragment.selectionSet, type);
  }

  function countField(node: FieldNode, parent: GraphQLNamedType | undefined): Count {
    const field = fieldOf(schema, parent, node.name.value);
    if (field === undefined) return { once: 1, perItem: 0 };
    const cost = costOf(field);
    const isList = isListType(getNullableType(field.type));
    const items = itemsOf(node, cost);
    const weight = weigh(cost, items ?? 1);
    const leaf = isList ? { once: 1, perItem: 0 } : NOTHING;
    const inside =
      node.selectionSet === undefined ? leaf : countSelections(node.selectionSet, getNamedType(field.type), cost);
    if (!isList) return { once: weight + inside.once + inside.perItem * (items ?? 1), perItem: 0 };
    const perItem = inside.once + inside.perItem;
    return items === null ? { once: 0, perItem: weight + perItem } : { once: weight + perItem * items, perItem: 0 };
  }

  const { once, perItem } = countSelections(selectionSet, schema.getRootType(operation) ?? undefined, {});
  return once + perItem;
}

function add(a: Count, b: Count): Count {
  return { once: a.once + b.once, perItem: a.perItem + b.perItem };
}

/** Returns true if a fragment with this type condition applies to objects of this type. */
function isOf(schema: GraphQLSchema, type: GraphQLNamedType | undefined, condition: string | undefined): boolean {
  if (type === undefined || condition === undefined || condition === type.name) return true;
  const wider = schema.getType(condition);
  return isAbstractType(wider) && isObjectType(type) && schema.isSubType(wider, type);
}

/** Returns the definition of a field, except for introspection, which graphql's MaxIntrospectionDepthRule bounds. */
function fieldOf(
  schema: GraphQLSchema,
  parent: GraphQLNamedType | undefined,
  name: string,
): GraphQLField<unknown, unknown> | undefined {
  return parent === undefined || !isCompositeType(parent) || name.startsWith('__')
    ? undefined
    : schema.getField(parent, name);
}

/** Returns the most items of a field. Returns null if the enclosing field decides it, as for the nodes of a connection. */
function itemsOf(
  { arguments: given = [] }: FieldNode,
  { max, list, default: byDefault = max }: FieldCost,
): number | null {
  if (max === undefined || byDefault === undefined) return null;
  const value = given.find(({ name }) => name.value === list)?.value;
  if (value === undefined) return byDefault;
  if (value.kind === Kind.INT) return Math.min(Math.max(Number(value.value), 0), max);
  return value.kind === Kind.LIST ? Math.min(value.values.length, max) : max;
}
