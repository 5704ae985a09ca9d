import { backoffMs } from '../lib/backoff.ts';
import type { Backoff } from '../lib/backoff.ts';
import { startDeadline } from '../lib/deadline.ts';
import type { Deadline } from '../lib/deadline.ts';
import type { StartTimer } from '../lib/timer.ts';
import { createAttempt } from './transport.ts';
import type { AttemptOptions, LogExchange } from './transport.ts';
import type { Call } from './call.ts';
import { ERROR_TABLE } from './errors.ts';
import type { KlingError } from './kling-error.ts';

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
