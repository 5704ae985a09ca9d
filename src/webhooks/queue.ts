import { Webhook as Signer } from 'standardwebhooks';
import {
  FAILING_MS_MAX,
  parseRetryAfter,
  SECRET_OVERLAP_MS,
  type StoredDelivery,
  urlRefusal,
  type WebhookAttempt,
  type WebhookSettings,
  type WebhookUrlRule,
  webhookWaitMs,
} from '../domain/webhook.ts';
import { startDeadline, type StartTimer } from '../lib/time.ts';
import type { Log } from '../lib/log.ts';
import type { DeliveryRow, DeliveryStep, DeliveryStore, NewDelivery } from './delivery-store.ts';

/** The most attempts of one endpoint at once. An object has 6 connections, and its calls of the ledger need one. */
const SENDS_AT_ONCE = 5;

/** The attempts of one run. An invocation has a limited number of requests; the next run follows at once. */
const RUN_SENDS_MAX = 400;

/** The time after which a message is sent again whose attempt did not end, as in a crash. */
const ATTEMPT_GUARD_MS = 30_000;

/** The most messages that wait, and the most characters of their bodies. */
export const PENDING_MAX = 10_000;
export const PENDING_CHARS_MAX = 32 * 1024 * 1024;

/** The most messages that have ended and are kept, and the most characters of their bodies. */
export const ENDED_MAX = 10_000;
export const ENDED_CHARS_MAX = 64 * 1024 * 1024;

/** The status by which a receiver says that it wants no more messages. */
const GONE = 410;

/** The most secrets that sign at once: the present one, and those before it that have not expired. */
export const SECRETS_MAX = 3;

interface Secret {
  readonly text: string;
  /** Null for the present one. */
  readonly untilMs: number | null;
}

/** Everything about an endpoint that is not a message. Stored as one value. */
export interface EndpointState {
  readonly settings: WebhookSettings;
  /** Why the object has paused itself. Null if it has not. */
  readonly pausedReason: string | null;
  /** Whether the ledger does not know yet that the object has paused itself. */
  readonly owesReport: boolean;
  /** The newest first. */
  readonly secrets: readonly Secret[];
  /** The first of the failed attempts since the last success. */
  readonly failingSinceMs: number | null;
  /** The newest change that was stored. */
  readonly acceptedSeq: number;
  /** Whether the next change that is stored has to say that changes before it are lost. */
  readonly owesResync?: boolean;
}

export interface Queue {
  /** Whether this many messages of a length fit. */
  hasRoom(chars: number, count: number): boolean;
  add(delivery: NewDelivery): number;
  /** Makes a message due now, with a new schedule of retries. */
  again(row: DeliveryRow): void;
  /** Makes every message due that waits, and is not being sent. */
  hasten(): void;
  /** Sends everything that is due, in the background. Sends nothing while the settings are wrong. */
  run(): void;
  nextAtMs(): number | null;
  shown(row: DeliveryRow): StoredDelivery;
}

export interface QueueDeps {
  readonly endpointId: string;
  readonly deliveries: DeliveryStore;
  /** Null once the endpoint is deleted. */
  readonly state: () => EndpointState | null;
  readonly setState: (state: EndpointState) => void;
  readonly send: Send;
  /** Null while the settings are wrong. */
  readonly urls: WebhookUrlRule | null;
  /** Called after a change of what is due. */
  readonly arm: () => void;
  /** Called when the object has paused itself. */
  readonly paused: () => void;
  readonly transaction: <T>(work: () => T) => T;
  readonly background: (work: () => Promise<unknown>) => void;
  readonly now: () => number;
  readonly random: () => number;
  readonly log: Log;
}

/** Returns whether an endpoint sends nothing by itself. */
export function isPaused({ settings, pausedReason }: EndpointState): boolean {
  return settings.isPaused || pausedReason !== null;
}

/** Returns the secrets that sign now. */
export function signingSecrets({ secrets }: EndpointState, nowMs: number): readonly string[] {
  return secrets.filter(({ untilMs }) => untilMs === null || untilMs > nowMs).map(({ text }) => text);
}

/** Adds a secret. Those before it sign for a day more. */
export function withSecret(state: EndpointState, text: string, nowMs: number): EndpointState {
  const before = state.secrets
    .filter(({ untilMs }) => untilMs === null || untilMs > nowMs)
    .map((secret) => ({ ...secret, untilMs: secret.untilMs ?? nowMs + SECRET_OVERLAP_MS }));
  return { ...state, secrets: [{ text, untilMs: null }, ...before] };
}

/** Creates the queue of an endpoint. The store holds what is due, so that an eviction loses no message. */
export function createQueue(deps: QueueDeps): Queue {
  const { endpointId, deliveries, send, urls, arm, paused, transaction, background, now, random, log } = deps;
  let sending = 0;
  /** The messages whose attempt has not ended. */
  const inFlight = new Set<number>();

  /** The same change has another id at the `webhookUrl` of its task, because one receiver may get both. */
  function toMessage({ n, seq, url }: DeliveryRow, state: EndpointState): Message {
    const id = `msg_${endpointId.replaceAll('-', '')}_${seq ?? `test_${n}`}${url === null ? '' : '_task'}`;
    return { id, url: url ?? state.settings.url, body: deliveries.body(n), secrets: signingSecrets(state, now()) };
  }

  /** A message that has ended meanwhile stays so: another attempt may have been under way. A late success counts. */
  function nextStep(row: DeliveryRow, { attempt, retryAfterMs }: SentAttempt): DeliveryStep {
    const { n, seq, url } = row;
    const attempts = [...row.attempts, attempt];
    const ended = { n, attempts, dueAtMs: null, isManual: false } as const;
    if (isSuccess(attempt)) return { ...ended, status: 'SUCCEEDED', fails: 0 };
    if (row.status !== 'PENDING') return { ...row, attempts };
    const fails = row.fails + 1;
    const isGone = url !== null && attempt.responseStatus === GONE;
    const waitMs = seq === null || isGone ? null : webhookWaitMs(fails, random, retryAfterMs);
    return waitMs === null
      ? { ...ended, status: 'FAILED', fails }
      : { ...ended, status: 'PENDING', fails, dueAtMs: now() + waitMs };
  }

  /** Counts an attempt for the endpoint as a whole. Returns why it is paused now; null if it is not. */
  function judge(attempt: WebhookAttempt): string | null {
    const state = deps.state();
    if (state === null) return null;
    if (isSuccess(attempt)) {
      if (state.failingSinceMs !== null) deps.setState({ ...state, failingSinceMs: null });
      return null;
    }
    const failingSinceMs = state.failingSinceMs ?? attempt.atMs;
    const isGone = attempt.responseStatus === GONE;
    const isTooLong = attempt.atMs - failingSinceMs >= FAILING_MS_MAX;
    const reason = isGone ? 'It answered 410 Gone.' : isTooLong ? tooLongReason(failingSinceMs, attempt) : null;
    const pausedReason = reason === null || isPaused(state) ? state.pausedReason : reason;
    const isNews = pausedReason !== state.pausedReason;
    if (isNews || failingSinceMs !== state.failingSinceMs) {
      deps.setState({ ...state, failingSinceMs, pausedReason, owesReport: state.owesReport || isNews });
    }
    return isNews ? pausedReason : null;
  }

  function record(row: DeliveryRow, sent: SentAttempt): void {
    const { attempt } = sent;
    const reason = transaction(() => {
      // The endpoint, or the message, may have been deleted during the attempt.
      const present = deps.state() === null ? null : deliveries.find(row.n);
      if (present === null) return null;
      deliveries.step(nextStep(present, sent));
      const { ended, endedChars } = deliveries.sums();
      if (ended > ENDED_MAX || endedChars > ENDED_CHARS_MAX) deliveries.deleteOldestEnded(ended > ENDED_MAX ? 1 : 20);
      // The webhook of one task says nothing about the endpoint as a whole.
      const pausedFor = row.url === null ? judge(attempt) : null;
      arm();
      return pausedFor;
    });
    const { responseStatus, error } = attempt;
    if (!isSuccess(attempt)) {
      const about = { endpointId, seq: row.seq, taskId: row.task?.id, responseStatus, error };
      log({ level: 'info', message: 'webhook not delivered', ...about });
    }
    if (reason === null) return;
    log({ level: 'warn', message: 'webhook endpoint paused', endpointId, reason });
    paused();
  }

  async function attemptTo(message: Message, state: EndpointState, rule: WebhookUrlRule): Promise<SentAttempt> {
    const error = urlRefusal(message.url, state.settings.url, rule);
    if (error === null) return send(message);
    const attempt = { atMs: now(), durationMs: 0, responseStatus: null, responseBody: null, error };
    return { attempt, retryAfterMs: null };
  }

  /** Returns false if nothing is due. */
  async function sendNext(): Promise<boolean> {
    const state = deps.state();
    if (state === null || urls === null) return false;
    const row = deliveries.take(now(), isPaused(state), now() + ATTEMPT_GUARD_MS);
    if (row === null) return false;
    inFlight.add(row.n);
    try {
      record(row, await attemptTo(toMessage(row, state), state, urls));
    } finally {
      inFlight.delete(row.n);
    }
    return true;
  }

  async function sendSome(): Promise<void> {
    try {
      for (let sent = 0; sent < RUN_SENDS_MAX / SENDS_AT_ONCE; sent += 1) if (!(await sendNext())) return;
    } finally {
      sending -= 1;
      if (deps.state() !== null) arm();
    }
  }

  function nextAtMs(): number | null {
    const state = deps.state();
    const dueAtMs = state === null ? null : deliveries.nextDueAtMs(isPaused(state));
    // While every place is taken, the next message waits for a sender that ends. An alarm that is due would fire in a loop.
    return dueAtMs === null || sending < SENDS_AT_ONCE ? dueAtMs : Math.max(dueAtMs, now() + ATTEMPT_GUARD_MS);
  }

  return {
    nextAtMs,
    hasRoom(chars, count) {
      const { pending, pendingChars } = deliveries.sums();
      return pending + count <= PENDING_MAX && pendingChars + chars * count <= PENDING_CHARS_MAX;
    },
    add: (delivery) => deliveries.insert(delivery, now()),
    again({ n, attempts }) {
      deliveries.step({ n, attempts, status: 'PENDING', dueAtMs: now(), isManual: true, fails: 0 });
    },
    hasten: () => deliveries.hasten(now(), [...inFlight]),
    run() {
      if (urls === null) return;
      while (sending < SENDS_AT_ONCE && (nextAtMs() ?? Infinity) <= now()) {
        sending += 1;
        background(sendSome);
      }
    },
    shown({ n, task, url, status, createdAtMs, dueAtMs, isManual, attempts }) {
      const state = deps.state();
      const waits = state !== null && isPaused(state) && !isManual;
      return {
        id: `${endpointId}:${n}`,
        url: url ?? state?.settings.url ?? '',
        task,
        status,
        createdAtMs,
        nextAttemptAtMs: waits ? null : dueAtMs,
        attempts,
      };
    },
  };
}

function isSuccess({ responseStatus }: WebhookAttempt): boolean {
  return responseStatus !== null && responseStatus >= 200 && responseStatus < 300;
}

function tooLongReason(sinceMs: number, { responseStatus, error }: WebhookAttempt): string {
  const last = error ?? `It answered ${responseStatus}.`;
  return `Every attempt since ${new Date(sinceMs).toISOString()} has failed. The last one: ${last}`;
}

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

/** An attempt, and the wait that the receiver asks for; null if it does not. */
export interface SentAttempt {
  readonly attempt: WebhookAttempt;
  readonly retryAfterMs: number | null;
}

/** Makes one attempt to deliver a message. Never throws, and follows no redirect. */
export type Send = (message: Message) => Promise<SentAttempt>;

export function createSend({ fetch, now, startTimer }: SendDeps): Send {
  return async ({ url, id, body, secrets }) => {
    const atMs = now();
    const deadline = startDeadline({ timeoutMs: ATTEMPT_MS_MAX, now, startTimer });
    const ended = (
      end: Pick<WebhookAttempt, 'responseStatus' | 'responseBody' | 'error'>,
      retryAfterMs: number | null,
    ): SentAttempt => ({
      attempt: { atMs, durationMs: Math.max(0, Math.round(now() - atMs)), ...end },
      retryAfterMs,
    });
    try {
      const signal = deadline.signal();
      const headers = headersOf(id, body, secrets, atMs);
      const answer = await deadline.race(fetch(url, { method: 'POST', body, headers, redirect: 'manual', signal }));
      const responseBody = await deadline.race(readStart(answer.body, signal));
      const retryAfterMs = parseRetryAfter(answer.headers.get('retry-after'), now());
      return ended({ responseStatus: answer.status, responseBody, error: null }, retryAfterMs);
    } catch {
      // The cause may quote the URL, whose query is a secret.
      const error = deadline.isOver() ? `No answer within ${ATTEMPT_MS_MAX / 1_000} s.` : 'The connection failed.';
      return ended({ responseStatus: null, responseBody: null, error }, null);
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
