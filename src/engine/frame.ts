import { type ExecutionResult, GraphQLError, type GraphQLResolveInfoHelpers, type VariableValues } from 'graphql';
import { forget } from './values.ts';

/** One execution of an operation. */
export interface Run {
  readonly rootValue: unknown;
  readonly contextValue: unknown;
  readonly variableValues: VariableValues;
  /** In the order in which they were met. */
  readonly errors: Error[];
  /** The paths, as text, of what errors have made null. */
  readonly nulled: Set<string>;
  /** How many errors may still be made before the others are no longer told apart. */
  errorsLeft: number;
  /** Reported once, for all the others. */
  tooMany: GraphQLError | null;
  /** The data is complete: what resolvers were given to hear of an abort has heard. */
  isAnswered: boolean;
  /** Later than `isAnswered` by as much as graphql's own executor is: whatever goes on from here calls no resolver. */
  isEnded: boolean;
  abort: AbortController | null;
  helpers: GraphQLResolveInfoHelpers | null;
}

/** The list item that is worked at, within those of the lists around it. */
export interface Frame {
  readonly run: Run;
  readonly index: number;
  readonly up: Frame | null;
}

export interface RunArgs {
  readonly rootValue?: unknown;
  readonly contextValue?: unknown;
  /** Past so many errors one more is reported for all the others: each costs a search of the document for its place. */
  readonly errorsMax?: number | undefined;
}

export function createRun(
  { rootValue, contextValue, errorsMax = Number.POSITIVE_INFINITY }: RunArgs,
  variableValues: VariableValues,
): Run {
  return {
    rootValue,
    contextValue,
    variableValues,
    errors: [],
    nulled: new Set(),
    errorsLeft: errorsMax,
    tooMany: null,
    isAnswered: false,
    isEnded: false,
    abort: null,
    helpers: null,
  };
}

/** Keeps an error, unless an earlier one has made null what is at its path or above: then nobody can see it is missing. */
export function addError(run: Run, error: Error, path: readonly (string | number)[]): void {
  const { nulled } = run;
  if (error === run.tooMany && run.errors.includes(error)) return;
  let text = '';
  if (nulled.has(text)) return;
  for (const key of path) {
    text += `.${key}`;
    if (nulled.has(text)) return;
  }
  nulled.add(text);
  run.errors.push(error);
}

/** The end of an operation whose root is null. */
export function answerWithoutData(run: Run, error: unknown): ExecutionResult {
  addError(run, ensureGraphQLError(error), []);
  return answer(run, null);
}

export function answer(run: Run, data: unknown): ExecutionResult {
  run.isAnswered = true;
  run.abort?.abort();
  const result = run.errors.length > 0 ? { errors: run.errors, data } : { data };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the root is an object; an error with a path of its own may be any, as in graphql
  return result as ExecutionResult;
}

export function end(run: Run, result: ExecutionResult): ExecutionResult {
  run.isEnded = true;
  return result;
}

/** What a resolver may watch: aborted when the operation is answered. Only made for those who ask. */
export function abortSignalOf(run: Run): AbortSignal {
  run.abort ??= new AbortController();
  if (run.isAnswered) run.abort.abort();
  return run.abort.signal;
}

export function helpersOf(run: Run): GraphQLResolveInfoHelpers {
  run.helpers ??= {
    promiseAll: (values) => {
      const all = Promise.all(values);
      all.then(undefined, () => forget(values));
      return all;
    },
    track: forget,
  };
  return run.helpers;
}

function ensureGraphQLError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error;
  const originalError = error instanceof Error ? error : new Error(String(error));
  return new GraphQLError(originalError.message, { originalError });
}
