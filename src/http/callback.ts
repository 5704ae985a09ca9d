import { Webhook, WebhookVerificationError } from 'standardwebhooks';
import type { CallbackSubject, CallbackTokens } from '../auth/callback-token.ts';
import type { TaskSnapshot } from '../domain/task.ts';
import { parseCallback, parseCallbackBody } from '../kling/tasks.ts';
import type { Log } from '../lib/log.ts';
import { BodyTooLarge, readText } from '../lib/read-text.ts';
import type { RequestTrace } from './log.ts';

/** A callback's body is a task record of a few hundred bytes; this leaves room for many result URLs. */
export const CALLBACK_BYTES_MAX = 65_536;

/** How long the body may take to arrive. */
const BODY_TIMEOUT_MS = 10_000;

/** How long Kling is asked to wait when a callback could not be stored, in seconds. */
const RETRY_AFTER_S = 5;

export interface CallbackDeps {
  readonly tokens: CallbackTokens;
  /** Standard Webhooks secrets, all of which are accepted (two during a rotation); none: signatures are not asked for. */
  readonly webhookSecrets: readonly string[];
  /** Durable when it returns 0; else too many have come, and it may come again after so many milliseconds. */
  readonly ingest: (subject: CallbackSubject, hint: TaskSnapshot | null) => Promise<number>;
  readonly log: Log;
}

/**
 * Takes one callback from Kling. 204: stored, or known already. 403: not our URL, or not signed by Kling. 405, 413, 400:
 * not a POST, too large, not a JSON object. 429: the tenant gets too many. 503 with `Retry-After`: could not be stored. Its token is never logged.
 */
export async function handleCallback(
  request: Request,
  token: string,
  { requestId, notes }: RequestTrace,
  deps: CallbackDeps,
): Promise<Response> {
  if (request.method !== 'POST') return answer(405, 'Only POST is allowed.', { allow: 'POST' });
  if (Number(request.headers.get('content-length') ?? 0) > CALLBACK_BYTES_MAX) return tooLarge();
  const subject = await deps.tokens.verify(token);
  if (subject === null) return answer(403, 'This is not a callback URL of this gateway.');
  Object.assign(notes, subject);
  const body = await readText(request.body, CALLBACK_BYTES_MAX, AbortSignal.timeout(BODY_TIMEOUT_MS)).catch(
    (error: unknown) => error,
  );
  if (body instanceof BodyTooLarge) return tooLarge();
  if (typeof body !== 'string') return answer(408, 'The body did not arrive in time.');
  if (!isSigned(request, body, deps.webhookSecrets)) return answer(403, 'The signature is missing or not valid.');
  const json = parseCallbackBody(body);
  if (json === null || typeof json !== 'object' || Array.isArray(json))
    return answer(400, 'The body is not a JSON object.');
  try {
    const retryAfterMs = await deps.ingest(subject, parseCallback(json));
    if (retryAfterMs > 0) return tooMany(retryAfterMs);
  } catch (error) {
    deps.log({ level: 'error', message: 'callback not stored', requestId, ...subject, cause: String(error) });
    return answer(503, 'The callback could not be stored; send it again.', { 'retry-after': String(RETRY_AFTER_S) });
  }
  return new Response(null, { status: 204 });
}

/** Skew of up to 5 minutes is accepted (the Standard Webhooks library's own bound). */
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

function tooMany(retryAfterMs: number): Response {
  const seconds = Math.ceil(retryAfterMs / 1_000);
  return answer(429, 'Too many callbacks; send it again later.', { 'retry-after': String(seconds) });
}

function tooLarge(): Response {
  return answer(413, `A callback has at most ${CALLBACK_BYTES_MAX} bytes.`);
}

function answer(status: number, text: string, headers: Record<string, string> = {}): Response {
  return new Response(`${text}\n`, { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...headers } });
}
