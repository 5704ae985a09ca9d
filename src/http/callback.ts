import { Webhook, WebhookVerificationError } from 'standardwebhooks';
import type { CallbackSubject, CallbackTokens } from '../auth/signed-token.ts';
import type { TaskSnapshot } from '../domain/task.ts';
import { parseCallback, parseCallbackBody } from '../kling/tasks.ts';
import { BodyTooLarge, isRecord, readText } from '../lib/json.ts';
import type { Log } from '../lib/log.ts';
import type { RequestTrace } from './log.ts';
import { respond } from './respond.ts';

/** The largest callback. A body is a task record of a few hundred bytes, and may hold many result URLs. */
export const CALLBACK_BYTES_MAX = 65_536;

/** How long the body may take to arrive. */
const BODY_TIMEOUT_MS = 10_000;

/** How long Kling is asked to wait if a callback could not be stored. */
const RETRY_AFTER_MS = 5_000;

/** The dependencies of `handleCallback`. */
export interface CallbackDeps {
  readonly tokens: CallbackTokens;
  /** Standard Webhooks secrets. Any of them is accepted, so that a secret can be rotated. If empty, signatures are not checked. */
  readonly webhookSecrets: readonly string[];
  /** Stores a callback durably and returns 0. If the tenant gets too many, returns how long to wait, in milliseconds. */
  readonly ingest: (subject: CallbackSubject, hint: TaskSnapshot | null) => Promise<number>;
  readonly log: Log;
}

/**
 * Takes one callback from Kling. Its token is never logged. Responds with
 * - 204 if it is stored, now or before
 * - 403 if the URL is not the gateway's, or Kling did not sign the body
 * - 405, 413, 408 or 400 if it is not a POST, too large, too slow or not a JSON object
 * - 429 if the tenant gets too many, and 503 if it could not be stored, both with `Retry-After`.
 */
export async function handleCallback(
  request: Request,
  token: string,
  { requestId, notes }: RequestTrace,
  deps: CallbackDeps,
): Promise<Response> {
  if (request.method !== 'POST')
    return respond({ status: 405, body: 'Only POST is allowed.', headers: { allow: 'POST' } });
  if (Number(request.headers.get('content-length') ?? 0) > CALLBACK_BYTES_MAX) return tooLarge();
  const subject = await deps.tokens.verify(token);
  if (subject === null) return respond({ status: 403, body: 'This is not a callback URL of this gateway.' });
  Object.assign(notes, subject);
  const body = await readText(request.body, CALLBACK_BYTES_MAX, AbortSignal.timeout(BODY_TIMEOUT_MS)).catch(
    (error: unknown) => error,
  );
  if (body instanceof BodyTooLarge) return tooLarge();
  if (typeof body !== 'string') return respond({ status: 408, body: 'The body did not arrive in time.' });
  if (!isSigned(request, body, deps.webhookSecrets)) {
    return respond({ status: 403, body: 'The signature is missing or not valid.' });
  }
  const json = parseCallbackBody(body);
  if (!isRecord(json)) {
    return respond({ status: 400, body: 'The body is not a JSON object.' });
  }
  try {
    const retryAfterMs = await deps.ingest(subject, parseCallback(json));
    if (retryAfterMs === 0) return respond({ status: 204, body: null });
    return respond({ status: 429, body: 'Too many callbacks; send it again later.', retryAfterMs });
  } catch (error) {
    deps.log({ level: 'error', message: 'callback not stored', requestId, ...subject, cause: String(error) });
    const message = 'The callback could not be stored; send it again.';
    return respond({ status: 503, body: message, retryAfterMs: RETRY_AFTER_MS });
  }
}

/**
 * Returns true if any of the secrets signed the body, or if no secrets are set. Accepts a clock skew of up to 5 minutes,
 * the fixed tolerance of the Standard Webhooks library.
 */
function isSigned(request: Request, body: string, secrets: readonly string[]): boolean {
  if (secrets.length === 0) return true;
  const headers = Object.fromEntries(request.headers);
  return secrets.some((secret) => {
    try {
      new Webhook(secret).verify(body, headers, { jsonParse: false });
      return true;
    } catch (error) {
      if (error instanceof WebhookVerificationError) return false;
      throw error;
    }
  });
}

function tooLarge(): Response {
  return respond({ status: 413, body: `A callback has at most ${CALLBACK_BYTES_MAX} bytes.` });
}
