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

/** `sleep` must reject, or never settle, when its signal aborts. `cancel` is the caller's own way to end it earlier. */
export interface DeadlineOptions {
  readonly timeoutMs: number;
  readonly now: () => number;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  readonly cancel?: AbortSignal | undefined;
}

/** Starts the clock. The timer is `sleep`, so a test decides when the time is up. */
export function startDeadline({ timeoutMs, now, sleep, cancel }: DeadlineOptions): Deadline {
  const endsAtMs = now() + timeoutMs;
  const expiry = new AbortController();
  const stopped = new AbortController();
  const ended = new Promise<never>((_resolve, reject) => {
    expiry.signal.addEventListener('abort', () => reject(expiry.signal.reason), { once: true });
  });
  ended.catch(ignore);

  function cancelNow(): void {
    expiry.abort(cancel?.reason);
  }
  if (cancel?.aborted) cancelNow();
  else cancel?.addEventListener('abort', cancelNow, { once: true });

  sleep(timeoutMs, stopped.signal).then(() => expiry.abort(new Error(`no answer within ${timeoutMs} ms`)), ignore);

  return {
    signal: expiry.signal,
    cancelled: () => cancel?.aborted === true && expiry.signal.reason === cancel.reason,
    remainingMs: () => endsAtMs - now(),
    race: (promise) => Promise.race([ended, promise]),
    stop() {
      cancel?.removeEventListener('abort', cancelNow);
      stopped.abort(new Error('stopped'));
    },
  };
}

function ignore(): void {}
