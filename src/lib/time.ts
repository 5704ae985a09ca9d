/** An instant at which waiting ends. */
export interface Deadline {
  /** Returns true once the time is up or the caller has cancelled. */
  readonly isOver: () => boolean;
  /** Returns true if the caller has cancelled before the time was up. */
  readonly isCancelled: () => boolean;
  /** Returns a signal that aborts at the end. */
  readonly signal: () => AbortSignal;
  readonly remainingMs: () => number;
  /** Waits for a promise. Rejects with the reason of the end if that comes first; the promise itself runs on. */
  readonly race: <T>(promise: Promise<T>) => Promise<T>;
  /** Stops the timer. Call it once everything has settled. */
  readonly stop: () => void;
}

export interface DeadlineOptions {
  readonly timeoutMs: number;
  readonly now: () => number;
  readonly startTimer: StartTimer;
  /** Ends the deadline early when it aborts. */
  readonly cancel?: AbortSignal | undefined;
}

/** Starts a deadline. Its timer runs until `stop`. */
export function startDeadline({ timeoutMs, now, startTimer, cancel }: DeadlineOptions): Deadline {
  const endsAtMs = now() + timeoutMs;
  const over = Promise.withResolvers<never>();
  // Without a handler, an end that no caller awaits would be an unhandled rejection.
  over.promise.catch(() => {});
  let end: { readonly reason: unknown } | null = null;
  let controller: AbortController | null = null;

  function endNow(reason: unknown): void {
    if (end !== null) return;
    end = { reason };
    controller?.abort(reason);
    over.reject(reason);
  }
  function cancelNow(): void {
    endNow(cancel?.reason);
  }
  if (cancel?.aborted) cancelNow();
  else cancel?.addEventListener('abort', cancelNow, { once: true });

  const stopTimer = startTimer(timeoutMs, () => endNow(new Error(`no answer within ${timeoutMs} ms`)));

  return {
    isOver: () => end !== null,
    isCancelled: () => cancel?.aborted === true && end?.reason === cancel.reason,
    signal() {
      if (controller === null) {
        controller = new AbortController();
        if (end !== null) controller.abort(end.reason);
      }
      return controller.signal;
    },
    remainingMs: () => endsAtMs - now(),
    race: (promise) => Promise.race([promise, over.promise]),
    stop() {
      cancel?.removeEventListener('abort', cancelNow);
      stopTimer();
    },
  };
}

/** Calls `onTime` after `ms` milliseconds. Returns a function that stops the timer. */
export type StartTimer = (ms: number, onTime: () => void) => () => void;

/** Starts a timer of the platform. */
export const startTimer: StartTimer = (ms, onTime) => {
  const timer = setTimeout(onTime, ms);
  return () => clearTimeout(timer);
};

/** Resolves once all promises have settled, or after `ms` milliseconds. */
export async function settledWithin(
  promises: readonly Promise<unknown>[],
  ms: number,
  start: StartTimer,
): Promise<void> {
  const { promise: timeIsUp, resolve } = Promise.withResolvers<void>();
  const stopTimer = start(ms, resolve);
  await Promise.race([Promise.allSettled(promises), timeIsUp]);
  stopTimer();
}

/** Resolves after `ms` milliseconds. Rejects with the reason of `signal` once that aborts, and stops the timer. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    function abort(): void {
      clearTimeout(timer);
      reject(signal?.reason);
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', abort, { once: true });
  });
}

/** How the waits between retries grow. All values are in milliseconds. */
export interface Backoff {
  /** The length of the first wait, before jitter. */
  readonly baseMs: number;
  /** The longest wait, before jitter and without `floorMs`. */
  readonly capMs: number;
  /** The growth from one wait to the next; 2 by default. */
  readonly factor?: number;
  /** Added to every wait, without jitter; 0 by default. */
  readonly floorMs?: number;
  /**
   * `FULL` (the default) waits any part of the length, for many callers that failed together. `EVEN` waits 80 % to 120 %
   * of it, for schedules. `NONE` waits all of it, for a single caller.
   */
  readonly jitter?: 'FULL' | 'EVEN' | 'NONE';
}

/**
 * Returns the wait before a retry, counted from 1, in whole milliseconds: exponential backoff with jitter. The caller
 * decides when to stop retrying. `random` returns [0, 1).
 * Source: "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
 */
export function backoffMs(retry: number, backoff: Backoff, random: () => number): number {
  const { baseMs, capMs, factor = 2, floorMs = 0, jitter = 'FULL' } = backoff;
  const spanMs = Math.min(capMs, baseMs * factor ** (retry - 1));
  if (jitter === 'NONE') return floorMs + spanMs;
  return floorMs + (jitter === 'EVEN' ? jittered(spanMs, random) : Math.floor(random() * spanMs));
}

/** Returns 80 % to 120 % of a wait, so that waits which began together do not end together. */
export function jittered(waitMs: number, random: () => number): number {
  return Math.round(waitMs * (0.8 + 0.4 * random()));
}

/** The allowance of a caller: `burst` at once, refilled by `perSecond`. */
export interface TokenBucketOptions {
  readonly burst: number;
  readonly perSecond: number;
}

/** The token bucket of one caller, full at first. */
export interface TokenBucket {
  /** Takes `cost` tokens, 1 by default. Returns 0, or takes none and returns the milliseconds until there are enough. */
  take(nowMs: number, cost?: number): number;
  /** Takes `cost` tokens, into debt if need be. Returns the milliseconds until the debt is paid; 0 without a debt. */
  spend(nowMs: number, cost: number): number;
}

/** Creates a full bucket. */
export function createTokenBucket({ burst, perSecond }: TokenBucketOptions): TokenBucket {
  let tokens = burst;
  let countedAtMs: number | null = null;

  function refill(nowMs: number): void {
    const passedMs = Math.max(0, nowMs - (countedAtMs ?? nowMs));
    countedAtMs = nowMs;
    tokens = Math.min(burst, tokens + (passedMs * perSecond) / 1_000);
  }

  function msUntil(count: number): number {
    return tokens >= count ? 0 : Math.ceil(((count - tokens) * 1_000) / perSecond);
  }

  return {
    take(nowMs, cost = 1) {
      refill(nowMs);
      const waitMs = msUntil(cost);
      if (waitMs === 0) tokens -= cost;
      return waitMs;
    },
    spend(nowMs, cost) {
      refill(nowMs);
      tokens -= cost;
      return msUntil(0);
    },
  };
}

const DAY_MS = 86_400_000;

const ZERO = 48;
const DASH = 45;
const T = 84;
const COLON = 58;
const POINT = 46;
const Z = 90;

/**
 * Creates a function that writes instants as `Date.prototype.toISOString` does, and throws its `RangeError` for an invalid
 * one. Caches the date of the last instant. See "Instants are written by hand" in docs/decisions.md.
 */
export function createIsoTime(): (epochMs: number) => string {
  let lastDay = Number.NaN;
  let century = 0;
  let year = 0;
  let month = 0;
  let date = 0;
  return (epochMs) => {
    const day = Math.floor(epochMs / DAY_MS);
    if (day !== lastDay || !Number.isInteger(epochMs)) {
      const at = new Date(epochMs);
      const fullYear = at.getUTCFullYear();
      // A year that has not four digits, or an invalid instant.
      if (!(fullYear >= 0 && fullYear <= 9999) || !Number.isInteger(epochMs)) return at.toISOString();
      lastDay = day;
      century = Math.floor(fullYear / 100);
      year = fullYear % 100;
      month = at.getUTCMonth() + 1;
      date = at.getUTCDate();
    }
    // oxlint-disable-next-line unicorn/prefer-math-trunc -- it makes the rest arithmetic of integers
    const ms = (epochMs - day * DAY_MS) | 0;
    const seconds = Math.floor(ms / 1000);
    const minutes = Math.floor(seconds / 60);
    const hour = Math.floor(minutes / 60);
    const minute = minutes % 60;
    const second = seconds % 60;
    const milli = ms % 1000;
    // oxfmt-ignore
    return String.fromCharCode(
      tens(century), units(century), tens(year), units(year), DASH,
      tens(month), units(month), DASH, tens(date), units(date), T,
      tens(hour), units(hour), COLON, tens(minute), units(minute), COLON, tens(second), units(second), POINT,
      ZERO + Math.floor(milli / 100), units(Math.floor(milli / 10)), units(milli), Z,
    );
  };
}

const INSTANT = /^(\d{4}-\d\d-(\d\d))T\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

/**
 * Parses an instant of RFC 3339, in milliseconds since the epoch. Digits after the milliseconds are ignored. Returns null for
 * any other text, also for one without an offset from UTC.
 */
export function parseIsoTime(text: string): number | null {
  const [, date = '', day] = INSTANT.exec(text) ?? [];
  const epochMs = Date.parse(text);
  if (day === undefined || Number.isNaN(epochMs)) return null;
  // `Date.parse` takes the 30th of February for a day in March.
  return new Date(date).getUTCDate() === Number(day) ? epochMs : null;
}

function tens(n: number): number {
  return ZERO + Math.floor(n / 10);
}

function units(n: number): number {
  return ZERO + (n % 10);
}
