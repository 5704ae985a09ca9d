import type { StartTimer } from './timer.ts';

/** An instant after which nothing is waited for any more. */
export interface Deadline {
  /** Whether the time is up, or the caller has cancelled. */
  readonly isOver: () => boolean;
  /** Whether the caller ended it, rather than the clock. */
  readonly isCancelled: () => boolean;
  /** Aborts when it is over. Made when it is asked for: most waits end before. */
  readonly signal: () => AbortSignal;
  readonly remainingMs: () => number;
  /** The promise's result, or a rejection with the reason of the end if that comes first; the promise itself runs on. */
  readonly race: <T>(promise: Promise<T>) => Promise<T>;
  /** Stops the timer. To be called once everything is settled. */
  readonly stop: () => void;
}

export interface DeadlineOptions {
  readonly timeoutMs: number;
  readonly now: () => number;
  readonly startTimer: StartTimer;
  /** The caller's own way to end it earlier. */
  readonly cancel?: AbortSignal | undefined;
}

/** Starts the clock. */
export function startDeadline({ timeoutMs, now, startTimer, cancel }: DeadlineOptions): Deadline {
  const endsAtMs = now() + timeoutMs;
  const over = Promise.withResolvers<never>();
  // Nobody may be waiting when it ends.
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
