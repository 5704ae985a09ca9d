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
} from 'graphql';
import { type BoundedCacheOptions, createBoundedCache } from '../lib/cache.ts';
import { AnswerCountRule } from './answer-count.ts';
import { type Refusal, refusalOf, requestError } from './errors.ts';
import { parseDocument } from './limits.ts';

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
