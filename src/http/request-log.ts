import { GatewayError } from '../errors.ts';
import type { KlingExchangeEvent } from '../kling/attempt.ts';
import { logBug, type Log } from '../lib/log.ts';
import { withHeaders } from './answer-headers.ts';
import { failureResponse } from './failure-response.ts';

/** What the handling of a request adds to its line in the log. */
export interface RequestNotes {
  /** Set once it is known who calls, or whose task a callback is about. */
  tenant?: string;
  taskId?: string;
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

export interface RequestLogDeps {
  readonly log: Log;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly randomId: () => string;
}

/**
 * Answers a request and writes one line about it. `route` is the pattern that matched, such as `/callbacks/:id`: paths,
 * query strings, headers and variables may hold secrets and are never logged. An error that `handle` throws becomes an
 * answer, and is logged with its stack if it is a bug. Every answer carries its `x-request-id`, the caller's if it is sane.
 */
export async function withRequestLog(
  request: Request,
  route: string,
  { log, now, randomId }: RequestLogDeps,
  handle: (trace: RequestTrace) => Response | Promise<Response>,
): Promise<Response> {
  const startedAtMs = now();
  const trace: RequestTrace = {
    requestId: requestIdOf(request) ?? randomId(),
    notes: {},
  };
  const answer = await answerOrFailure(request, trace, log, handle);
  const response = withHeaders(answer, (headers) => headers.set('x-request-id', trace.requestId));
  log({
    level: response.status >= 500 ? 'error' : 'info',
    message: 'request',
    requestId: trace.requestId,
    method: request.method,
    route,
    status: response.status,
    durationMs: now() - startedAtMs,
    ...trace.notes,
  });
  return response;
}

/**
 * Adds a request to Kling to the line of the request that it was made for: a line of its own would cost as much as that.
 * What went wrong has one at once, as those of objects have: it is what is looked for, and may be the last of its request.
 */
export function noteExchange({ notes, requestId }: RequestTrace, exchange: KlingExchangeEvent, log: Log): void {
  const { tenant } = notes;
  if (exchange.outcome !== 'OK')
    return log({ level: 'info', message: 'kling exchange', requestId, tenant, ...exchange });
  notes.kling ??= [];
  notes.kling.push(exchange);
}

async function answerOrFailure(
  request: Request,
  trace: RequestTrace,
  log: Log,
  handle: (trace: RequestTrace) => Response | Promise<Response>,
): Promise<Response> {
  const { requestId, notes } = trace;
  try {
    return await handle(trace);
  } catch (error) {
    const isKnown = error instanceof GatewayError;
    if (!isKnown) logBug(log, requestId, error, notes.tenant);
    const failure = isKnown
      ? error.failure
      : ({ code: 'INTERNAL', message: 'Internal error', retryable: false } as const);
    notes.errorCodes = [failure.code];
    return failureResponse(failure, { requestId, accept: request.headers.get('accept') });
  }
}

function requestIdOf(request: Request): string | null {
  const given = request.headers.get('x-request-id');
  return given !== null && /^[A-Za-z0-9_-]{8,64}$/.test(given) ? given : null;
}
