import type { StartTimer } from './timer.ts';

interface Entry {
  readonly atMs: number;
  readonly onTime: () => void;
}

/**
 * Many timers that share one of the platform's, which costs as much as all else that a wait takes. To stop one is to forget
 * it: the platform's goes off once for nothing, or ends with the request that it was made for. `now`: milliseconds since the
 * epoch.
 */
export function createSharedTimer(startTimer: StartTimer, now: () => number): StartTimer {
  const entries = new Set<Entry>();
  let stopTimer: (() => void) | null = null;
  let armedAtMs = Number.POSITIVE_INFINITY;

  function armFor(atMs: number, nowMs: number): void {
    if (atMs >= armedAtMs) return;
    stopTimer?.();
    armedAtMs = atMs;
    stopTimer = startTimer(atMs - nowMs, ring);
  }

  function ring(): void {
    const nowMs = now();
    armedAtMs = Number.POSITIVE_INFINITY;
    for (const entry of entries) {
      if (entry.atMs > nowMs) {
        armFor(entry.atMs, nowMs);
      } else {
        entries.delete(entry);
        entry.onTime();
      }
    }
  }

  return (ms, onTime) => {
    const nowMs = now();
    const entry = { atMs: nowMs + ms, onTime };
    entries.add(entry);
    armFor(entry.atMs, nowMs);
    return () => void entries.delete(entry);
  };
}
