/** Calls `onTime` once, after `ms` milliseconds, unless what it answers with is called before. */
export type StartTimer = (ms: number, onTime: () => void) => () => void;

export const startTimer: StartTimer = (ms, onTime) => {
  const timer = setTimeout(onTime, ms);
  return () => clearTimeout(timer);
};
