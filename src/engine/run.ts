import {
  createSourceEventStream,
  defaultFieldResolver,
  defaultTypeResolver,
  execute as executeByGraphql,
  executeSubscriptionEvent as executeEventByGraphql,
  type ExecutionArgs,
  type ExecutionResult,
  getOperationAST,
  getVariableValues,
  GraphQLError,
  mapSourceToResponseEvent,
  type OperationDefinitionNode,
  type ValidatedSubscriptionArgs,
  validateSubscriptionArgs,
  type VariableValues,
} from 'graphql';
import { findCompiled } from './compile.ts';
import { addError, type Run, type Select, tooManyErrors } from './info.ts';
import { isAsyncIterable } from './values.ts';

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
  };
  try {
    const data = select(run.rootValue, { run, index: -1, up: null });
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
