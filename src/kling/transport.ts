import { SignJWT } from 'jose';
import type { PageRequest } from '../domain/ports.ts';
import type { Failure } from '../errors.ts';
import { type Backoff, backoffMs, type Deadline, startDeadline, type StartTimer } from '../lib/time.ts';
import { BodyTooLarge, readText } from '../lib/json.ts';
import { createSingleFlight } from '../lib/cache.ts';
import { type Envelope, parseEnvelope, readKeepingDigits, UnreadableAnswer, type WireRecord } from './envelope.ts';
import {
  clockSkewMs,
  ERROR_TABLE,
  type ExchangeResult,
  KlingError,
  MAY_HAVE_ACTED,
  toEdgeError,
  toKlingError,
  type CredentialKind,
} from './errors.ts';

/** One request to Kling as data, and the decoder of its answer. A `GET` may be sent again. A `POST` acts. */
export interface Call<T> {
  readonly method: 'GET' | 'POST';
  /** The path after the host, without the query. Its ids are encoded. */
  readonly path: string;
  readonly query?: string;
  /** Sent as JSON. */
  readonly body?: WireRecord;
  /** Maps the envelope before `ok` is read: it may turn a refusal into an answer, and the reverse. */
  readonly interpret?: (envelope: Envelope) => Envelope;
  /** Maps an answer that is `ok`. Throws `UnreadableAnswer` if a required field is missing, or `KlingError`. */
  readonly decode: (envelope: Envelope) => T;
}

/**
 * Encodes an id as one segment of a path. Throws `NOT_FOUND` for an id that cannot be one: empty, `.` and `..` would name
 * another path, and broken Unicode has no encoding.
 */
export function pathSegment(id: string): string {
  if (id === '' || id === '.' || id === '..' || !id.isWellFormed()) {
    throw new KlingError('REFUSED', {
      code: 'NOT_FOUND',
      message: 'Kling has nothing under this id.',
      retryable: false,
    });
  }
  return encodeURIComponent(id);
}

/** Returns the query string of a paged list. */
export function pageQuery({ page, pageSize }: PageRequest): string {
  return `pageNum=${page}&pageSize=${pageSize}`;
}

/** One HTTP request to Kling, for the log. Never holds a token, a key, a query string or a body. */
export interface KlingExchangeEvent extends ExchangeResult {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly klingRequestId: string | null;
  readonly durationMs: number;
  /** Counted from 1 within an exchange. */
  readonly attempt: number;
  /** How far the gateway's clock is ahead of Kling's. Set if Kling refused a token for its times and the clocks differ. */
  readonly clockSkewMs?: number;
}

/** Logs a request to Kling. Must return at once: it is called while an answer is being read. */
export type LogExchange = (event: KlingExchangeEvent) => void;

/** The dependencies of an exchange. */
export interface ExchangeOptions extends AttemptOptions {
  /** Returns [0, 1), for the jitter. */
  readonly random: () => number;
  /** Waits between two attempts. Rejects when its signal aborts. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Starts the timer of the deadline. */
  readonly startTimer: StartTimer;
  /** The time for a whole exchange: every attempt, every wait, and reading every body. */
  readonly timeoutMs: number;
  /** The most attempts per read, at least 1. */
  readonly readAttemptsMax: number;
}

/** Sends a call, with retries, and returns its answer. `log` gets each attempt. Throws only `KlingError`. */
export type Exchange = <T>(call: Call<T>, log: LogExchange, signal?: AbortSignal) => Promise<T>;

/** "Exponential, first wait >= 1 s" (Kling docs, "Rate Limits", 2026-09). */
const WHEN_RATE_LIMITED: Backoff = { baseMs: 1000, capMs: 16_000, floorMs: 1000 };
/** After a fault or a lost answer. Short, because a client is waiting for the read. */
const WHEN_FAULTY: Backoff = { baseMs: 250, capMs: 4000, floorMs: 0 };

/**
 * Retries reads while Kling's business code says that the cause may pass. Sends any other call once. The exception is a
 * token that Kling refuses for its times: Kling did nothing, so any call is sent once more with a new token.
 */
export function createExchange(options: ExchangeOptions): Exchange {
  const { now, random, sleep, startTimer, timeoutMs, readAttemptsMax, credentials } = options;
  const attempt = createAttempt(options);

  async function slept(waitMs: number, deadline: Deadline): Promise<boolean> {
    return deadline.race(sleep(waitMs, deadline.signal())).then(
      () => true,
      () => false,
    );
  }

  return async function exchange(call, log, signal) {
    const deadline = startDeadline({ timeoutMs, now, startTimer, cancel: signal });
    let renewed = false;
    let retries = 0;
    try {
      for (let number = 1; ; number += 1) {
        const sent = await attempt(call, number, deadline, log);
        if ('value' in sent) return sent.value;

        const { error, token } = sent;
        if (deadline.isOver()) throw error;
        if (!renewed && token !== null && wantsFreshToken(error) && credentials.drop(token)) {
          renewed = true;
          continue;
        }
        if (call.method !== 'GET' || !error.failure.retryable || retries + 1 >= readAttemptsMax) throw error;
        retries += 1;
        const backoff = error.failure.code === 'RATE_LIMITED' ? WHEN_RATE_LIMITED : WHEN_FAULTY;
        const waitMs = backoffMs(retries, backoff, random);
        if (waitMs >= deadline.remainingMs()) throw error;
        if (!(await slept(waitMs, deadline))) throw error;
      }
    } finally {
      deadline.stop();
    }
  };
}

function wantsFreshToken({ failure: { klingCode } }: KlingError): boolean {
  return klingCode !== undefined && ERROR_TABLE.get(klingCode)?.retry === 'FRESH_TOKEN';
}

/** The dependencies of an attempt. */
export interface AttemptOptions {
  /** An origin, such as `https://api-singapore.klingai.com`. A path in it is kept. */
  readonly baseUrl: string;
  readonly credentials: Credentials;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /**
   * Whether to abort a request at its deadline. A Durable Object would otherwise keep the connection. A Worker's request
   * ends its own connections, and an `AbortSignal` is expensive.
   */
  readonly aborts: boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** The outcome of one attempt. `token` is the token it was sent with; null if nothing was sent. */
type Attempted<T> = { readonly value: T } | { readonly error: KlingError; readonly token: string | null };

type Attempt = <T>(call: Call<T>, number: number, deadline: Deadline, log: LogExchange) => Promise<Attempted<T>>;

/** The largest answer. The longest list has 1,000 records of a few KB, and a Worker has 128 MB. */
const BODY_BYTES_MAX = 16 * 1024 * 1024;

/** Creates the function that sends a call once and reads its answer before a deadline. An attempt never throws. */
function createAttempt({ baseUrl, credentials, fetch, aborts, now }: AttemptOptions): Attempt {
  let root = baseUrl;
  while (root.endsWith('/')) root = root.slice(0, -1);
  const host = URL.canParse(baseUrl) ? new URL(baseUrl).host : baseUrl;

  return async function attempt<T>(
    call: Call<T>,
    number: number,
    deadline: Deadline,
    log: LogExchange,
  ): Promise<Attempted<T>> {
    let token: string;
    try {
      token = await deadline.race(credentials.token());
    } catch (cause) {
      return { error: deadline.isOver() ? notSent(deadline, cause) : noToken(cause), token: null };
    }
    if (deadline.isOver()) return { error: notSent(deadline), token: null };

    const startedAtMs = now();
    let httpStatus: number | null = null;
    let envelope: Envelope | null = null;
    function report(outcome: KlingExchangeEvent['outcome'], skewMs: number | null = null): void {
      const { method, path } = call;
      const klingCode = envelope?.code ?? null;
      const klingRequestId = envelope?.requestId ?? null;
      const durationMs = now() - startedAtMs;
      try {
        const skew = skewMs === null ? {} : { clockSkewMs: skewMs };
        log({ method, path, httpStatus, klingCode, klingRequestId, durationMs, attempt: number, outcome, ...skew });
      } catch {
        // A logger that throws must not lose an answer that was paid for.
      }
    }

    try {
      const init = requestInit(call, token);
      if (aborts) init.signal = deadline.signal();
      const response = await deadline.race(fetch(urlOf(root, call), init));
      httpStatus = response.status;
      const text = await deadline.race(readAnswer(response, deadline));
      const read = readKeepingDigits((parse): { readonly value: T } | { readonly refused: Envelope } => {
        const parsed = parseEnvelope(text, parse);
        envelope = parsed;
        const interpreted = call.interpret?.(parsed) ?? parsed;
        envelope = interpreted;
        return interpreted.ok ? { value: call.decode(interpreted) } : { refused: interpreted };
      });
      if ('value' in read) {
        report('OK');
        return { value: read.value };
      }
      const skewMs = clockSkewMs(read.refused.code, response.headers.get('date'), now());
      report('REFUSED', skewMs);
      const isRead = call.method === 'GET';
      const about = { isRead, credentialKind: credentials.kind, host, clockSkewMs: skewMs };
      return { error: toKlingError({ envelope: read.refused, httpStatus, ...about }), token };
    } catch (cause) {
      const hasStatusAlone = httpStatus !== null && envelope === null && !deadline.isCancelled();
      const edge = { httpStatus: httpStatus ?? 0, credentialKind: credentials.kind, host };
      const refused = hasStatusAlone ? toEdgeError(edge, cause) : null;
      const { outcome, error } =
        refused === null ? toLost(cause, call, envelope, deadline) : { outcome: 'REFUSED' as const, error: refused };
      report(outcome);
      return { error, token };
    }
  };
}

function urlOf(root: string, { path, query }: Call<unknown>): string {
  return query === undefined ? root + path : `${root}${path}?${query}`;
}

function requestInit({ method, body }: Call<unknown>, token: string): RequestInit {
  return {
    method,
    // Kling's documentation requires the Content-Type on reads, too.
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept: 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    redirect: 'manual',
  };
}

async function readAnswer(response: Response, deadline: Deadline): Promise<string> {
  if (response.status >= 300 && response.status < 400) {
    await response.body?.cancel();
    throw new UnreadableAnswer('a redirect, which is never followed');
  }
  return hasBoundedLength(response) ? response.text() : readText(response.body, BODY_BYTES_MAX, deadline.signal());
}

/** Returns true if the declared length is within the limit. HTTP ends such a body there, so it is read without counting. */
function hasBoundedLength({ headers }: Response): boolean {
  const length = headers.get('content-length');
  return length !== null && Number(length) <= BODY_BYTES_MAX && !headers.has('content-encoding');
}

/** Returns the error of a request that was sent and not refused: Kling may have acted on it. */
function toLost(
  cause: unknown,
  { method }: Call<unknown>,
  envelope: Envelope | null,
  deadline: Deadline,
): { readonly outcome: KlingExchangeEvent['outcome']; readonly error: KlingError } {
  if (cause instanceof KlingError) return { outcome: 'FAILED', error: cause };
  const fault = method === 'GET' ? '' : MAY_HAVE_ACTED;
  const klingRequestId = envelope?.requestId ?? null;
  const failure: Omit<Failure, 'message'> = {
    code: 'UPSTREAM_UNAVAILABLE',
    retryable: method === 'GET',
    ...(klingRequestId === null ? {} : { klingRequestId }),
  };
  if (deadline.isOver()) {
    const cancelled = deadline.isCancelled();
    const message =
      (cancelled ? 'The caller went away before Kling answered.' : 'Kling did not answer in time.') + fault;
    const error = new KlingError('UNKNOWN', { ...failure, message }, { cause });
    return { outcome: cancelled ? 'CANCELLED' : 'TIMEOUT', error };
  }
  const isUnreadable = cause instanceof UnreadableAnswer || cause instanceof BodyTooLarge;
  if (isUnreadable || envelope !== null) {
    const message = `Kling's answer cannot be read: ${isUnreadable ? cause.message : 'an unexpected shape'}.${fault}`;
    return { outcome: 'UNREADABLE', error: new KlingError('UNKNOWN', { ...failure, message }, { cause }) };
  }
  const message = `The connection to Kling failed.${fault}`;
  return { outcome: 'NETWORK', error: new KlingError('UNKNOWN', { ...failure, message }, { cause }) };
}

/** Returns the error of a deadline that ended before anything was sent. */
function notSent(deadline: Deadline, cause?: unknown): KlingError {
  const message = deadline.isCancelled()
    ? 'The caller went away before anything was sent.'
    : 'There was no time left to ask Kling.';
  return new KlingError('REFUSED', { code: 'UPSTREAM_UNAVAILABLE', message, retryable: true }, { cause });
}

function noToken(cause: unknown): KlingError {
  const message = 'The gateway could not make a credential for Kling from its keys; nothing was sent.';
  return new KlingError('REFUSED', { code: 'UPSTREAM_MISCONFIGURED', message, retryable: false }, { cause });
}

/** An AccessKey with its SecretKey, or a static API key (since 2026-06-17). Either is valid at one host only. */
export type KlingKeys = { readonly accessKey: string; readonly secretKey: string } | { readonly apiKey: string };

/** The credentials of the gateway at Kling. */
interface Credentials {
  readonly kind: CredentialKind;
  /** Returns the token for the `Authorization` header. Throws if the keys cannot make one, with no secret in the message. */
  readonly token: () => Promise<string>;
  /** Forgets a token that Kling refused, unless it is already replaced. Returns whether the next token will differ. */
  readonly drop: (refused: string) => boolean;
}

/** The lifetime of a token. Source: Kling docs, "API authentication". */
const LIFETIME_S = 1800;
/** How far `nbf` lies in the past, for clocks that differ. Kling documents 5 s. Public clients need up to 300 s. */
const BACKDATED_S = 300;
/** The time before its end from which a token is not used: a request may take that long to arrive. */
const SPARE_MS = 60_000;
/** The characters of a bearer token that an HTTP header can carry. */
const HEADER_SAFE = /^[\x21-\x7e]+$/;

/** Creates the credentials for some keys. `now` returns milliseconds since the epoch. */
export function createCredentials(keys: KlingKeys, now: () => number): Credentials {
  return 'apiKey' in keys ? staticKey(keys.apiKey) : mintedToken(keys.accessKey, keys.secretKey, now);
}

function staticKey(apiKey: string): Credentials {
  return {
    kind: 'API_KEY',
    async token() {
      if (!HEADER_SAFE.test(apiKey)) throw new Error('the API key is empty or has characters that no header carries');
      return apiKey;
    },
    drop: () => false,
  };
}

function mintedToken(accessKey: string, secretKey: string, now: () => number): Credentials {
  let current: { readonly token: string; readonly goodUntilMs: number } | null = null;

  // Signing does no I/O, so requests of a Worker may share its promise.
  const mint = createSingleFlight(async () => {
    const nowMs = now();
    const nowS = Math.floor(nowMs / 1000);
    const token = await signToken(accessKey, secretKey, nowS);
    current = { token, goodUntilMs: nowMs + LIFETIME_S * 1000 - SPARE_MS };
    return token;
  });

  return {
    kind: 'ACCESS_KEY',
    async token() {
      return current !== null && now() < current.goodUntilMs ? current.token : mint();
    },
    drop(refused) {
      if (current?.token === refused) current = null;
      return true;
    },
  };
}

async function signToken(accessKey: string, secretKey: string, nowS: number): Promise<string> {
  if (accessKey === '' || secretKey === '') throw new Error('the AccessKey or the SecretKey is empty');
  return new SignJWT()
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuer(accessKey)
    .setExpirationTime(nowS + LIFETIME_S)
    .setNotBefore(nowS - BACKDATED_S)
    .sign(new TextEncoder().encode(secretKey));
}
