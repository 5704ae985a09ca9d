import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { type ErrorCode, type Failure, GatewayError, type Issue } from '../errors.ts';
import { type Log, logBug } from '../lib/log.ts';

/** A request that is refused as a whole: nothing of it is executed. */
export interface Refusal<ErrorShape = GraphQLError> {
  readonly type: 'refusal';
  /** The reasons. At least one. */
  readonly errors: readonly ErrorShape[];
}

/** A refusal as clients see it. */
export type PublicRefusal = Refusal<GraphQLFormattedError>;

/** Creates the refusal of a request for the given reasons. */
export function refusalOf<ErrorShape>(errors: readonly ErrorShape[]): Refusal<ErrorShape> {
  return { type: 'refusal', errors };
}

/** Creates the refusal that a failure is shown as. The request id is the one it is found by in the log. */
export function toRefusal(failure: Failure, requestId: string): PublicRefusal {
  return refusalOf([{ message: failure.message, extensions: { ...toExtensions(failure), requestId } }]);
}

/** How a bug is shown. Repeating the call would meet the bug again. */
const INTERNAL = { code: 'INTERNAL', message: 'Internal error', retryable: false } as const satisfies Failure;

/** Returns the failure that a thrown value is shown as. Anything but a `GatewayError` is a bug: it is logged, and hidden. */
export function toFailure(error: unknown, log: Log, requestId: string, tenant?: string): Failure {
  if (error instanceof GatewayError) return error.failure;
  logBug(log, requestId, error, tenant);
  return INTERNAL;
}

/** The longest message. Messages of graphql quote the input, which may be megabytes long. */
const MESSAGE_CHARS_MAX = 500;

/** The most errors of fields in one response. One more error says that others are left out. */
export const FIELD_ERRORS_MAX = 100;

const mapped = new WeakSet<GraphQLError>();

interface PublicErrorsOptions {
  /** Whether "Did you mean ...?" may show names of the schema. */
  readonly suggestions: boolean;
}

/** Turns a thrown value into an error that clients may see. Returns its own results unchanged. */
export type ToPublicError = (error: unknown) => GraphQLError;

/** Creates the function that decides what clients see of an error. An unknown error is `INTERNAL`, without its message. */
export function createPublicErrors({ suggestions }: PublicErrorsOptions): ToPublicError {
  return (error) => {
    if (error instanceof GraphQLError && mapped.has(error)) return error;
    const made = toPublic(error, suggestions);
    mapped.add(made);
    return made;
  };
}

/** Returns the bug that caused a public error, for the log. Returns null if the error is not a bug. */
export function bugBehind({ extensions, originalError }: GraphQLError): Error | null {
  const isBug = extensions['code'] === INTERNAL.code && !(originalError instanceof GatewayError);
  return isBug ? (originalError ?? null) : null;
}

/** Returns the distinct codes of errors, for the log. */
export function codesOf(errors: readonly { readonly extensions?: Readonly<Record<string, unknown>> }[]): string[] {
  return [...new Set(errors.map(({ extensions }) => String(extensions?.['code'])))];
}

/** Returns a copy of an error with the request id, by which the log is searched. */
export function withRequestId(error: GraphQLError, requestId: string): GraphQLError {
  const { message, nodes, source, positions, path, extensions } = error;
  return new GraphQLError(message, {
    nodes: nodes ?? null,
    source: source ?? null,
    positions: positions ?? null,
    path: path ?? null,
    extensions: { ...extensions, requestId },
  });
}

function toPublic(error: unknown, suggestions: boolean): GraphQLError {
  const located = error instanceof GraphQLError ? error : null;
  const { nodes = null, source = null, positions = null, path = null } = located ?? {};
  const place = { nodes, source, positions, path };
  const cause = rootCause(error);

  if (cause instanceof GatewayError) {
    const extensions = { ...toExtensions(cause.failure), ...httpOf(located) };
    return new GraphQLError(cause.message, { ...place, originalError: cause, extensions });
  }
  if (cause instanceof GraphQLError && isRequestsFault(cause, path)) {
    const whole = withoutSuggestions((located ?? cause).message, suggestions);
    const message = clipped(whole);
    const issues = issuesOf(whole);
    const extensions = {
      code: codeOf(cause),
      retryable: false,
      ...(issues.length > 0 && { issues }),
      ...httpOf(located),
    };
    return new GraphQLError(message, { ...place, extensions });
  }
  const bug = cause instanceof Error ? cause : new Error('something was thrown that is no Error', { cause });
  const http = path === null ? { http: { status: 500 } } : {};
  return new GraphQLError(INTERNAL.message, {
    ...place,
    originalError: bug,
    extensions: { ...toExtensions(INTERNAL), ...http },
  });
}

function rootCause(error: unknown): unknown {
  let cause = error;
  while (cause instanceof GraphQLError && cause.originalError !== undefined) cause = cause.originalError;
  return cause;
}

/**
 * Returns true if an error of graphql is about the request, and false if a result could not be coerced to its type. Both
 * may have the path of a field, but only the error of an argument has nodes of the document.
 */
function isRequestsFault(error: GraphQLError, path: GraphQLError['path'] | null): boolean {
  return path === null || path === undefined || (error.nodes?.length ?? 0) > 0;
}

function codeOf({ extensions }: GraphQLError): RequestErrorCode {
  const known = ['QUERY_TOO_COMPLEX', ...PERSISTED_QUERY_CODES] as const;
  return known.find((code) => code === extensions['code']) ?? 'BAD_USER_INPUT';
}

/**
 * Returns the HTTP status for Yoga. A status with `spec` only applies to application/graphql-response+json. Other media types
 * then get 200, except for `QUERY_TOO_COMPLEX`.
 */
function httpOf(error: GraphQLError | null) {
  const http = error?.extensions['http'];
  if (typeof http !== 'object' || http === null) return {};
  return { http: error !== null && codeOf(error) === 'QUERY_TOO_COMPLEX' ? { ...http, spec: false } : http };
}

function withoutSuggestions(message: string, suggestions: boolean): string {
  return suggestions ? message : message.replaceAll(/ Did you mean [^?]*(?:\?|$)/g, '');
}

function clipped(message: string): string {
  return message.length > MESSAGE_CHARS_MAX ? `${message.slice(0, MESSAGE_CHARS_MAX)}...` : message;
}

/** Returns what is wrong with a variable, and where in its value. Graphql has both only in the message. */
function issuesOf(message: string): Issue[] {
  const match = /^Variable "\$(\w+)" has invalid value(?: at ((?:\.\w+|\[\d+\])+))?: ([^]*)$/.exec(message);
  if (match === null) return [];
  const [, variable = '', steps = '', problem = ''] = match;
  const path = [...steps.matchAll(/\.(\w+)|\[(\d+)\]/g)].map(([, key, index]) => key ?? Number(index));
  return [{ path: [variable, ...path], code: 'MALFORMED', message: clipped(problem) }];
}

/** Returns what clients see of a failure, apart from its message. */
function toExtensions(failure: Failure): Record<string, unknown> {
  const { code, retryable, retryAfterMs, klingCode, klingRequestId, issues } = failure;
  return {
    code,
    retryable,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(klingCode !== undefined && { klingCode }),
    ...(klingRequestId !== undefined && { klingRequestId }),
    ...(issues !== undefined && { issues }),
  };
}

/**
 * The codes of automatic persisted queries, which clients compare literally. They are not in `ErrorCode`, because a client
 * then sends the text and shows no error. https://www.apollographql.com/docs/apollo-server/performance/apq
 */
const PERSISTED_QUERY_CODES = ['PERSISTED_QUERY_NOT_FOUND', 'PERSISTED_QUERY_NOT_SUPPORTED'] as const;

/** The codes of errors that refuse a request as a whole. */
export type RequestErrorCode = ErrorCode | (typeof PERSISTED_QUERY_CODES)[number];

/** Creates the error of a request that is refused before it is executed. Yoga responds with `http`, and removes it. */
export function requestError(
  code: RequestErrorCode,
  message: string,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): GraphQLError {
  return new GraphQLError(message, { extensions: { code, http: { status, headers } } });
}

/** Creates the error of a request that a failure refuses as a whole. Sends the time to wait, if known, as `Retry-After`. */
export function requestFailure(failure: Failure, status: number): GraphQLError {
  const { message, retryAfterMs } = failure;
  const headers = retryAfterMs === undefined ? {} : { 'Retry-After': toRetryAfter(retryAfterMs) };
  return new GraphQLError(message, {
    originalError: new GatewayError(failure),
    extensions: { http: { status, headers } },
  });
}

/** Returns the value of a `Retry-After` header: whole seconds, rounded up. */
export function toRetryAfter(retryAfterMs: number): string {
  return String(Math.ceil(retryAfterMs / 1_000));
}
