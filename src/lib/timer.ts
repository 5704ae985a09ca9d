/** Calls `onTime` once, after `ms` milliseconds, unless what it answers with is called before. */
export type StartTimer = (ms: number, onTime: () => void) => () => void;

/** The platform's timer. */
export const startTimer: StartTimer = (ms, onTime) => {
  const timer = setTimeout(onTime, ms);
  return () => clearTimeout(timer);
};

/** Resolves when all have settled, or after `ms`. Then the timer is stopped. */
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
