import type { MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import type { KlingExchangeEvent } from '../kling/transport.ts';
import type { Log } from '../lib/log.ts';

/** More tasks than this are not named in the line of a request. */
const TASK_IDS_MAX = 20;

/** What the handling of a request adds to its line in the log. */
export interface RequestNotes {
  /** Set once it is known who calls, or whose task a callback is about. */
  tenant?: string;
  /** The first task that it made, read by its id or changed. */
  taskId?: string;
  /** All of them, where there are several. */
  taskIds?: string[];
  /** As the document names it: clients choose it, so it is cut. */
  operationName?: string;
  operationType?: string;
  /** The codes of the errors in the answer, each once. */
  errorCodes?: readonly string[];
  /** What was read of Kling for it, and went well. */
  kling?: KlingExchangeEvent[];
}

/** A request being handled. */
export interface RequestTrace {
  readonly requestId: string;
  readonly notes: RequestNotes;
}

/** What handlers and middleware find in Hono's context. */
export interface AppEnv {
  Bindings: Env;
  Variables: { trace: RequestTrace };
}

export interface RequestLogDeps {
  readonly logOf: (env: Env) => Log;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly randomId: () => string;
}

/**
 * Writes one line about each request and gives its answer an `x-request-id`: the caller's if it is well formed. The line
 * has the route that matched, such as `/callbacks/:token`. Paths, query strings, headers and variables may hold secrets and
 * are never logged.
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
 * Adds an exchange with Kling to the line of the request that it was made for. An exchange that fails gets a line of its
 * own at once: it is searched for, and the client may disconnect before the request's line is written.
 */
export function noteExchange({ notes, requestId }: RequestTrace, exchange: KlingExchangeEvent, log: Log): void {
  const { tenant } = notes;
  if (exchange.outcome !== 'OK')
    return log({ level: 'info', message: 'kling exchange', requestId, tenant, ...exchange });
  notes.kling ??= [];
  notes.kling.push(exchange);
}

/** Adds a task to the line of the request. */
export function noteTask({ notes }: RequestTrace, taskId: string): void {
  notes.taskId ??= taskId;
  const taskIds = notes.taskIds ?? [notes.taskId];
  if (taskIds.includes(taskId) || taskIds.length >= TASK_IDS_MAX) return;
  notes.taskIds = [...taskIds, taskId];
}

function requestIdOf(request: Request): string | null {
  const given = request.headers.get('x-request-id');
  return given !== null && /^[A-Za-z0-9_-]{8,64}$/.test(given) ? given : null;
}
