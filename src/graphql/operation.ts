import {
  type DocumentNode,
  getOperationAST,
  GraphQLError,
  type GraphQLSchema,
  NoSchemaIntrospectionCustomRule,
  type OperationDefinitionNode,
  parse as parseUnchecked,
  specifiedRules,
  validate as validateDocument,
  validateExecutionArgs,
} from 'graphql';
import { type BoundedCacheOptions, createBoundedCache } from '../lib/cache.ts';
import { AnswerCountRule } from './answer-count.ts';
import { type Refusal, refusalOf, requestError } from './errors.ts';
import { parseDocument } from './limits.ts';

/** The most errors of one document. One more error says that others are left out. */
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
