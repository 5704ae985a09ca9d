import {
  createSourceEventStream,
  defaultFieldResolver,
  defaultTypeResolver,
  type DocumentNode,
  execute as executeByGraphql,
  executeSubscriptionEvent as executeEventByGraphql,
  type ExecutionArgs,
  type ExecutionResult,
  type FragmentDefinitionNode,
  getOperationAST,
  getVariableValues,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  mapSourceToResponseEvent,
  type OperationDefinitionNode,
  OperationTypeNode,
  type ValidatedSubscriptionArgs,
  validateSubscriptionArgs,
  type VariableValues,
} from 'graphql';
import {
  addError,
  type Conditions,
  findConditions,
  type Plan,
  readConditions,
  type Run,
  type Select,
  tooManyErrors,
} from './info.ts';
import { compileSelection, compileSerialSelection } from './selection.ts';
import { isAsyncIterable } from './complete.ts';

type MaybePromise<T> = T | Promise<T>;

export interface ExecuteOptions {
  /** After this many field errors, one error replaces all others. The default is no limit, as in graphql. */
  readonly errorsMax?: number | undefined;
}

/** Graphql's default for `maxCoercionErrors`. */
const COERCION_ERRORS_MAX = 50;

/**
 * Executes a query or mutation with the arguments and the result of graphql's `execute`. Compiled operations are cached.
 * Graphql executes operations that cannot be compiled, and calls with an abort signal, hooks or resolvers in their arguments.
 * The schema and the document must be valid.
 */
export function execute(args: ExecutionArgs, options: ExecuteOptions = {}): MaybePromise<ExecutionResult> {
  const { schema, document, rootValue, contextValue } = args;
  const operation = getOperationAST(document, args.operationName) ?? null;
  const compiled = operation === null || isForGraphql(args) ? null : findCompiled(schema, document, operation);
  if (operation === null || compiled === null) return limit(executeByGraphql(args), options);
  const { errors, variableValues } = coerce(args, operation);
  if (errors !== undefined) return { errors };
  return perform(compiled(variableValues), { rootValue, contextValue, variableValues, errorsMax: options.errorsMax });
}

/** Subscribes like graphql's `subscribe`. Executes the compiled operation for each event. */
export function subscribe(
  args: ExecutionArgs,
  options: ExecuteOptions = {},
): MaybePromise<AsyncGenerator<ExecutionResult, void, void> | ExecutionResult> {
  const validated = validateSubscriptionArgs(args);
  if (!('schema' in validated)) return { errors: validated };
  const toResponses = (source: AsyncIterable<unknown> | ExecutionResult) =>
    isAsyncIterable(source)
      ? mapSourceToResponseEvent(validated, source, (event) => executeSubscriptionEvent(event, options))
      : source;
  const source = createSourceEventStream(validated);
  return source instanceof Promise ? source.then(toResponses) : toResponses(source);
}

/** Executes a subscription for one event, its `rootValue`, like graphql's `executeSubscriptionEvent`. */
export function executeSubscriptionEvent(
  args: ValidatedSubscriptionArgs,
  options: ExecuteOptions = {},
): MaybePromise<ExecutionResult> {
  const { schema, document, operation, rootValue, contextValue, variableValues } = args;
  const compiled = isForGraphql(args) ? null : findCompiled(schema, document, operation);
  if (compiled === null) return limit(executeEventByGraphql(args), options);
  return perform(compiled(variableValues), { rootValue, contextValue, variableValues, errorsMax: options.errorsMax });
}

interface RunArgs extends ExecuteOptions {
  readonly rootValue: unknown;
  readonly contextValue: unknown;
  readonly variableValues: VariableValues;
}

function perform(
  select: Select,
  { errorsMax = Number.POSITIVE_INFINITY, ...args }: RunArgs,
): MaybePromise<ExecutionResult> {
  const run: Run = {
    ...args,
    errors: [],
    nulled: new Set(),
    errorsLeft: errorsMax,
    tooMany: null,
    isAnswered: false,
    isEnded: false,
    abort: null,
    helpers: null,
    getAbortSignal: null,
    getAsyncHelpers: null,
  };
  try {
    const data = select(run.rootValue, { run, index: -1, up: null, path: undefined });
    if (!(data instanceof Promise)) return end(run, answer(run, data));
    return data
      .then(
        (settled) => answer(run, settled),
        (error: unknown) => answerWithoutData(run, error),
      )
      .then((result) => end(run, result));
  } catch (error) {
    return end(run, answerWithoutData(run, error));
  }
}

function answer(run: Run, data: unknown): ExecutionResult {
  run.isAnswered = true;
  run.abort?.abort();
  const result = run.errors.length > 0 ? { errors: run.errors, data } : { data };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the root is an object, and errors may be of any class, as in graphql
  return result as ExecutionResult;
}

/** Answers an operation whose root is null. */
function answerWithoutData(run: Run, error: unknown): ExecutionResult {
  const originalError = error instanceof Error ? error : new Error(String(error));
  const isReady = error instanceof GraphQLError;
  addError(run, isReady ? error : new GraphQLError(originalError.message, { originalError }), []);
  return answer(run, null);
}

function end(run: Run, result: ExecutionResult): ExecutionResult {
  run.isEnded = true;
  return result;
}

function coerce(
  { schema, variableValues, options, hideSuggestions }: ExecutionArgs,
  { variableDefinitions = [] }: OperationDefinitionNode,
) {
  return getVariableValues(schema, variableDefinitions, variableValues ?? {}, {
    maxErrors: options?.maxCoercionErrors ?? COERCION_ERRORS_MAX,
    hideSuggestions: hideSuggestions ?? false,
  });
}

/** Returns whether only graphql's executor supports these arguments. */
function isForGraphql(args: ExecutionArgs | ValidatedSubscriptionArgs): boolean {
  const { fieldResolver, typeResolver, hooks, hideSuggestions } = args;
  const signal = 'abortSignal' in args ? args.abortSignal : 'externalAbortSignal' in args && args.externalAbortSignal;
  return (
    (fieldResolver ?? defaultFieldResolver) !== defaultFieldResolver ||
    (typeResolver ?? defaultTypeResolver) !== defaultTypeResolver ||
    Boolean(hooks ?? signal ?? hideSuggestions)
  );
}

/** Applies `errorsMax` to a result of graphql's executor. */
function limit(result: MaybePromise<ExecutionResult>, options: ExecuteOptions): MaybePromise<ExecutionResult> {
  if (result instanceof Promise) return result.then((settled) => limit(settled, options));
  const { errors = [] } = result;
  const [first] = errors.slice(options.errorsMax);
  if (options.errorsMax === undefined || first === undefined) return result;
  return {
    ...result,
    errors: [...errors.slice(0, options.errorsMax), tooManyErrors(first.nodes ?? [], first.path ?? [])],
  };
}

/** A compiled operation. Returns its variant for these variables: `@skip` and `@include` decide which fields it has. */
export type CompiledOperation = (variableValues: VariableValues) => Select;

type Parts = Pick<Plan, 'schema' | 'operation' | 'fragments'>;
type OnFields = (count: number) => void;

/** Variants kept for each operation, one for each set of conditions. */
const VARIANTS_MAX = 8;
/** Compiled fields kept for each schema, over all operations. A field takes about 800 bytes. */
const FIELDS_MAX = 20_000;
/** Characters of a document that count as one field. A character takes about 50 bytes. */
const CHARS_PER_FIELD = 16;

/**
 * Compiles an operation. Its selections are compiled when they are first used. `onFields` receives the number of fields that
 * were compiled, or a negative number of those that were evicted.
 *
 * Returns null if only graphql can execute the operation: for an operation type that the schema lacks, incremental delivery,
 * directives other than `@skip` and `@include`, and fragments with variables.
 */
export function compileOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  onFields: OnFields = ignore,
): CompiledOperation | null {
  if (schema.getDirective('defer') || schema.getDirective('stream')) return null;
  const names = findConditions(document, operation);
  if (names === null || !schema.getRootType(operation.operation)) return null;
  const variantOf = createVariants({ schema, operation, fragments: fragmentsOf(document) }, onFields);
  return (variableValues) => variantOf(readConditions(names, variableValues));
}

function createVariants(parts: Parts, onFields: OnFields): (conditions: Conditions) => Select {
  const variants = new Map<string, { readonly select: Select; fields: number }>();

  function add(key: string, conditions: Conditions): Select {
    const variant = {
      select: compileRoot(parts, conditions, (count) => {
        variant.fields += count;
        onFields(count);
      }),
      fields: 0,
    };
    const [oldest] = variants;
    if (oldest !== undefined && variants.size >= VARIANTS_MAX) {
      variants.delete(oldest[0]);
      onFields(-oldest[1].fields);
    }
    variants.set(key, variant);
    return variant.select;
  }

  return (conditions) => {
    // Not cached, because it holds the variables of its run.
    if (conditions.faulty !== null) return compileRoot(parts, conditions, ignore);
    const key = [...conditions.values.values()].map(Number).join('');
    return variants.get(key)?.select ?? add(key, conditions);
  };
}

function compileRoot(parts: Parts, conditions: Conditions, onFields: OnFields): Select {
  const { schema, operation } = parts;
  const type = schema.getRootType(operation.operation);
  if (!type) throw new TypeError(`no root type for ${operation.operation}`);
  const plan: Plan = {
    ...parts,
    conditions,
    onFields,
    selectionOf: (object, position) => compileSelection(plan, object, position),
  };
  const isSerial = operation.operation === OperationTypeNode.MUTATION;
  return isSerial ? compileSerialSelection(plan, type) : compileSelection(plan, type, null);
}

function fragmentsOf({ definitions }: DocumentNode): Plan['fragments'] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Object.create returns any
  const fragments = Object.create(null) as Record<string, FragmentDefinitionNode>;
  for (const definition of definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments[definition.name.value] = definition;
  }
  return fragments;
}

/** Finds a compiled operation, or compiles it. Returns null if it cannot be compiled. */
type FindCompiled = (document: DocumentNode, operation: OperationDefinitionNode) => CompiledOperation | null;

const caches = new WeakMap<GraphQLSchema, FindCompiled>();

/** Finds a compiled operation in the cache of its schema, or compiles it. Returns null if it cannot be compiled. */
export function findCompiled(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): CompiledOperation | null {
  let find = caches.get(schema);
  if (find === undefined) caches.set(schema, (find = createCompiledCache(schema, FIELDS_MAX)));
  return find(document, operation);
}

interface Entry {
  readonly document: DocumentNode;
  readonly compiled: CompiledOperation;
  fields: number;
  isKept: boolean;
}

/**
 * Creates an LRU cache of compiled operations. Its bound is a number of fields instead of operations, because a short document
 * may spread a fragment in many places. The document of an entry counts too.
 */
export function createCompiledCache(schema: GraphQLSchema, fieldsMax: number): FindCompiled {
  // A Map keeps the order of insertion: the first entry is the least recently used.
  const entries = new Map<OperationDefinitionNode, Entry>();
  let sum = 0;

  function remove(operation: OperationDefinitionNode, entry: Entry): void {
    entries.delete(operation);
    sum -= entry.fields;
    entry.isKept = false;
  }

  function compile(document: DocumentNode, operation: OperationDefinitionNode): Entry | null {
    let entry: Entry | null = null;
    const compiled = compileOperation(schema, document, operation, (fields) => {
      if (entry?.isKept !== true) return;
      entry.fields += fields;
      sum += fields;
    });
    // A document without locations does not hold its text.
    const chars = document.loc?.source.body.length ?? 0;
    if (compiled !== null)
      entry = { document, compiled, fields: 1 + Math.ceil(chars / CHARS_PER_FIELD), isKept: false };
    return entry;
  }

  return (document, operation) => {
    const before = entries.get(operation);
    // Documents may share an operation, but not its fragments.
    const entry = before?.document === document ? before : compile(document, operation);
    if (before !== undefined) remove(operation, before);
    if (entry === null) return null;
    entries.set(operation, entry);
    sum += entry.fields;
    entry.isKept = true;
    for (const [oldest, unused] of entries) {
      if (sum <= fieldsMax) break;
      remove(oldest, unused);
    }
    return entry.compiled;
  };
}

function ignore(): void {}
