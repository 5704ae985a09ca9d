import type { MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import { ERROR_CODES, type Failure } from '../errors.ts';
import { toFailure, toRefusal, toRetryAfter } from '../graphql/errors.ts';
import type { Log } from '../lib/log.ts';
import type { KlingExchangeEvent } from '../kling/transport.ts';

/** The parts of a response. */
export interface Answer {
  readonly status: number;
  /** A text is sent as plain text with a line end, and an object as JSON. A stream needs a content type. */
  readonly body: string | object | ReadableStream | null;
  /** Replaces the content type of the body. */
  readonly contentType?: string;
  /** The routes send `private, no-store` if it is missing. */
  readonly cacheControl?: string;
  /** Sent in whole seconds, rounded up. */
  readonly retryAfterMs?: number | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** The socket of a 101. */
  readonly webSocket?: WebSocket;
}

/** Makes every response of the Worker, except for those that Yoga makes. */
export function respond(answer: Answer): Response {
  const { status, body, cacheControl, retryAfterMs, headers, webSocket = null } = answer;
  const contentType = answer.contentType ?? contentTypeOf(body);
  return new Response(toBody(body), {
    status,
    webSocket,
    headers: {
      ...headers,
      ...(contentType !== null && { 'content-type': contentType }),
      ...(cacheControl !== undefined && { 'cache-control': cacheControl }),
      ...(retryAfterMs !== undefined && { 'retry-after': toRetryAfter(retryAfterMs) }),
    },
  });
}

function contentTypeOf(body: Answer['body']): string | null {
  if (body === null || body instanceof ReadableStream) return null;
  return typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json';
}

function toBody(body: Answer['body']): string | ReadableStream | null {
  if (body === null || body instanceof ReadableStream) return body;
  return typeof body === 'string' ? `${body}\n` : JSON.stringify(body);
}

/** Clients read errors next to a 401 or 429 only under this media type. Under `application/json` they report the status. */
const GRAPHQL_RESPONSE = 'application/graphql-response+json';

interface FailureOptions {
  readonly requestId: string;
  /** Replaces the status of the failure's code. */
  readonly status?: number;
  /** The client's `accept` header. */
  readonly accept?: string | null;
}

/** Makes the response of a GraphQL request that is refused before Yoga answers it. */
export function respondFailure(failure: Failure, { requestId, status, accept }: FailureOptions): Response {
  const { code, retryAfterMs } = failure;
  const { errors } = toRefusal(failure, requestId);
  return respond({
    status: status ?? ERROR_CODES[code].status,
    body: { errors },
    ...(accept?.includes(GRAPHQL_RESPONSE) && { contentType: `${GRAPHQL_RESPONSE}; charset=utf-8` }),
    retryAfterMs,
    // RFC 6750, section 3.
    headers: code === 'UNAUTHENTICATED' ? { 'www-authenticate': 'Bearer' } : {},
  });
}

/** Makes the response of a request whose handler threw. */
export function respondThrown(
  error: unknown,
  request: Request,
  { requestId, notes }: RequestTrace,
  log: Log,
): Response {
  const failure = toFailure(error, log, requestId, notes.tenant);
  notes.errorCodes = [failure.code];
  return respondFailure(failure, { requestId, accept: request.headers.get('accept') });
}

/** The fields that handlers add to the log line of a request. */
export interface RequestNotes {
  /** The tenant of the caller or of a callback's task. Missing until it is known. */
  tenant?: string;
  /** The first task that the request created, changed or read by its id. */
  taskId?: string;
  /** All of these tasks, if there are several. */
  taskIds?: string[];
  /** The name in the document, cut to a bounded length because clients choose it. */
  operationName?: string;
  operationType?: string;
  /** The distinct codes of the errors in the response, and of the failures that its mutations returned. */
  errorCodes?: readonly string[];
  /** The successful exchanges with Kling for this request. */
  kling?: KlingExchangeEvent[];
}

/** A request being handled. */
export interface RequestTrace {
  readonly requestId: string;
  readonly notes: RequestNotes;
}

/** The types of Hono's context. */
export interface AppEnv {
  Bindings: Env;
  Variables: { trace: RequestTrace };
}

/** The dependencies of `requestLog`. */
export interface RequestLogDeps {
  readonly logOf: (env: Env) => Log;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly randomId: () => string;
}

/**
 * Writes one log line for each request and sets the `x-request-id` of its response, the caller's own if it is well formed.
 * The line has the matched route, such as `/callbacks/:token`. Paths, query strings, headers and variables may hold
 * secrets, and are never logged.
 */
export function requestLog({ logOf, now, randomId }: RequestLogDeps): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const startedAtMs = now();
    const requestId = requestIdOf(c.req.raw) ?? randomId();
    const notes: RequestNotes = {};
    c.set('trace', { requestId, notes });
    await next();
    c.res.headers.set('x-request-id', requestId);
    const { status } = c.res;
    logOf(c.env)({
      level: status >= 500 ? 'error' : 'info',
      message: 'request',
      requestId,
      method: c.req.method,
      route: routePath(c, -1),
      status,
      durationMs: now() - startedAtMs,
      ...notes,
    });
  };
}

/**
 * Adds an exchange with Kling to the log line of its request. A failed exchange gets a line of its own at once, because
 * the client may disconnect before the request's line is written.
 */
export function noteExchange({ notes, requestId }: RequestTrace, exchange: KlingExchangeEvent, log: Log): void {
  const { tenant } = notes;
  if (exchange.outcome !== 'OK')
    return log({ level: 'info', message: 'kling exchange', requestId, tenant, ...exchange });
  notes.kling ??= [];
  notes.kling.push(exchange);
}

/** The most tasks that the log line of a request names. */
const TASK_IDS_MAX = 20;

/** Adds a task to the log line of its request. */
export function noteTask({ notes }: RequestTrace, taskId: string): void {
  notes.taskId ??= taskId;
  const taskIds = notes.taskIds ?? [notes.taskId];
  if (taskIds.includes(taskId) || taskIds.length >= TASK_IDS_MAX) return;
  notes.taskIds = [...taskIds, taskId];
}

/** Adds the code of an error or a failure to the log line of its request. */
export function noteError({ notes }: RequestTrace, code: string): void {
  notes.errorCodes = [...new Set([...(notes.errorCodes ?? []), code])];
}

function requestIdOf(request: Request): string | null {
  const given = request.headers.get('x-request-id');
  return given !== null && /^[A-Za-z0-9_-]{8,64}$/.test(given) ? given : null;
}
