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
