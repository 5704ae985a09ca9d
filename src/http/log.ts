import type { MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import type { KlingExchangeEvent } from '../kling/transport.ts';
import type { Log } from '../lib/log.ts';

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
