import type { ConfigResult } from '../config/index.ts';
import type { ConfigProblem } from '../config/settings.ts';
import type { Log } from '../lib/log.ts';
import { respond, respondFailure } from './respond.ts';

/** Answers `/health`: says that the Worker runs. Needs no setting and calls nothing. */
export function answerHealth(request: Request): Response {
  return respondStatus(request, 200, { status: 'ok' });
}

/**
 * Answers `/ready`: says whether the gateway is configured, and lists the settings with problems, without their values.
 * `upstream` is the state of the Kling account: null if its object did not answer, undefined to leave it out. The gateway
 * is ready while Kling is down, because it still serves what is stored.
 */
export function answerReady(request: Request, config: ConfigResult, upstream?: object | null): Response {
  return config.ok
    ? respondStatus(request, 200, { status: 'ready', problems: [], ...(upstream !== undefined && { upstream }) })
    : respondStatus(request, 503, { status: 'misconfigured', problems: config.problems });
}

/** Answers a GraphQL request or a callback while settings have problems. Names these settings only. */
export function answerMisconfigured(problems: readonly ConfigProblem[], requestId: string): Response {
  const names = [...new Set(problems.map(({ setting }) => setting))].join(', ');
  const message = `The gateway is not configured: ${names}. See /ready.`;
  return respondFailure({ code: 'UPSTREAM_MISCONFIGURED', message, retryable: false }, { requestId });
}

function respondStatus({ method }: Request, status: number, body: object): Response {
  if (method !== 'GET' && method !== 'HEAD') {
    return respond({ status: 405, body: null, headers: { allow: 'GET, HEAD' } });
  }
  return respond({ status, body: method === 'HEAD' ? null : body, contentType: 'application/json' });
}

/** How long a state of the account is shown before it is read again. */
const STATE_FRESH_MS = 1_000;

/**
 * Creates the reader of the account's state. Every caller may ask `/ready`, and one object serves all tenants, so it is
 * read at most once a second. Returns null if the object did not answer.
 */
export function createAccountState(
  read: () => Promise<object>,
  now: () => number,
  log: Log,
): () => Promise<object | null> {
  let state: object | null = null;
  let readAtMs = Number.NEGATIVE_INFINITY;
  return async () => {
    if (now() - readAtMs < STATE_FRESH_MS) return state;
    readAtMs = now();
    state = await read().catch((error: unknown) => {
      log({ level: 'warn', message: 'account does not answer', cause: String(error) });
      return null;
    });
    return state;
  };
}
