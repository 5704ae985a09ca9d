import { Webhook as Signer } from 'standardwebhooks';
import type { WebhookAttempt } from '../domain/webhook.ts';
import { startDeadline, type StartTimer } from '../lib/deadline.ts';

/** The longest time of an attempt, from the request to the end of the answer. */
export const ATTEMPT_MS_MAX = 10_000;

/** The most bytes of an answer that are read, and the most that are kept. */
export const ANSWER_BYTES_MAX = 65_536;
export const ANSWER_BYTES_KEPT = 1_024;

/** A message, ready to be signed. */
export interface Message {
  readonly url: string;
  /** The same in every attempt. */
  readonly id: string;
  readonly body: string;
  /** Each of them signs. */
  readonly secrets: readonly string[];
}

interface SendDeps {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly now: () => number;
  readonly startTimer: StartTimer;
}

/** Makes one attempt to deliver a message. Never throws, and follows no redirect. */
export type Send = (message: Message) => Promise<WebhookAttempt>;

export function createSend({ fetch, now, startTimer }: SendDeps): Send {
  return async ({ url, id, body, secrets }) => {
    const atMs = now();
    const deadline = startDeadline({ timeoutMs: ATTEMPT_MS_MAX, now, startTimer });
    const ended = (end: Pick<WebhookAttempt, 'responseStatus' | 'responseBody' | 'error'>): WebhookAttempt => ({
      atMs,
      durationMs: Math.max(0, Math.round(now() - atMs)),
      ...end,
    });
    try {
      const signal = deadline.signal();
      const headers = headersOf(id, body, secrets, atMs);
      const answer = await deadline.race(fetch(url, { method: 'POST', body, headers, redirect: 'manual', signal }));
      const responseBody = await deadline.race(readStart(answer.body, signal));
      return ended({ responseStatus: answer.status, responseBody, error: null });
    } catch {
      // The cause may quote the URL, whose query is a secret.
      const error = deadline.isOver() ? `No answer within ${ATTEMPT_MS_MAX / 1_000} s.` : 'The connection failed.';
      return ended({ responseStatus: null, responseBody: null, error });
    } finally {
      deadline.stop();
    }
  };
}

/** Returns the headers of Standard Webhooks. The time is that of the attempt, so that receivers can refuse old ones. */
function headersOf(id: string, body: string, secrets: readonly string[], atMs: number): Record<string, string> {
  const at = new Date(atMs);
  return {
    'content-type': 'application/json',
    'user-agent': 'kling-graphql-gateway',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(atMs / 1_000)),
    'webhook-signature': secrets.map((secret) => new Signer(secret).sign(id, at, body)).join(' '),
  };
}

/** Reads the start of an answer as text. Gives up a longer answer, whose status counts all the same. */
async function readStart(body: ReadableStream<Uint8Array> | null, signal: AbortSignal): Promise<string> {
  if (body === null) return '';
  const reader = body.getReader();
  const giveUp = (): void => void reader.cancel().catch(() => {});
  signal.addEventListener('abort', giveUp, { once: true });
  const kept = new Uint8Array(ANSWER_BYTES_KEPT);
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (bytes < kept.length) kept.set(value.subarray(0, kept.length - bytes), bytes);
    bytes += value.byteLength;
    if (bytes < ANSWER_BYTES_MAX) continue;
    giveUp();
    break;
  }
  signal.removeEventListener('abort', giveUp);
  signal.throwIfAborted();
  // Ends before a character that is cut off. Bytes that are no text become U+FFFD.
  return new TextDecoder().decode(kept.subarray(0, Math.min(bytes, kept.length)), { stream: true });
}
