import type { StartTimer } from './timer.ts';

/** An instant after which nothing is waited for any more. */
export interface Deadline {
  /** Aborts when the time is up or the caller cancels, whichever comes first; `cancelled` tells them apart. */
  readonly signal: AbortSignal;
  /** Whether the caller ended it, rather than the clock. */
  readonly cancelled: () => boolean;
  readonly remainingMs: () => number;
  /** The promise's result, or a rejection with the signal's reason if that comes first; the promise itself runs on. */
  readonly race: <T>(promise: Promise<T>) => Promise<T>;
  /** Lets the timer go. To be called once everything is settled. */
  readonly stop: () => void;
}

export interface DeadlineOptions {
  readonly timeoutMs: number;
  readonly now: () => number;
  readonly startTimer: StartTimer;
  /** The caller's own way to end it earlier. */
  readonly cancel?: AbortSignal | undefined;
}

/** Starts the clock. Every request has some: what nothing ends in time costs a timer and a promise, and no signal unless asked for. */
export function startDeadline({ timeoutMs, now, startTimer, cancel }: DeadlineOptions): Deadline {
  const endsAtMs = now() + timeoutMs;
  const ended = Promise.withResolvers<never>();
  ended.promise.catch(ignore);
  let end: { readonly reason: unknown } | null = null;
  let controller: AbortController | null = null;

  function endNow(reason: unknown): void {
    if (end !== null) return;
    end = { reason };
    controller?.abort(reason);
    ended.reject(reason);
  }
  function cancelNow(): void {
    endNow(cancel?.reason);
  }
  if (cancel?.aborted) cancelNow();
  else cancel?.addEventListener('abort', cancelNow, { once: true });

  const stopTimer = startTimer(timeoutMs, () => endNow(new Error(`no answer within ${timeoutMs} ms`)));

  return {
    get signal() {
      if (controller === null) {
        controller = new AbortController();
        if (end !== null) controller.abort(end.reason);
      }
      return controller.signal;
    },
    cancelled: () => cancel?.aborted === true && end?.reason === cancel.reason,
    remainingMs: () => endsAtMs - now(),
    race: (promise) => Promise.race([ended.promise, promise]),
    stop() {
      cancel?.removeEventListener('abort', cancelNow);
      stopTimer();
    },
  };
}

function ignore(): void {}
