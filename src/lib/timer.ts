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
