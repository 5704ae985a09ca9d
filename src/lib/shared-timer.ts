import type { StartTimer } from './timer.ts';

interface Entry {
  readonly atMs: number;
  readonly onTime: () => void;
}

/**
 * Many timers that share one of the platform's, which is dear. For one request, and never for an object: to stop one is to
 * forget it, the platform's goes off for nothing or ends with its request, and would keep an object awake. `now`:
 * milliseconds since the epoch.
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
    // A clock that was set back meanwhile makes nothing late.
    const nowMs = Math.max(now(), armedAtMs);
    armedAtMs = Number.POSITIVE_INFINITY;
    const due: Entry[] = [];
    for (const entry of entries) {
      if (entry.atMs <= nowMs) due.push(entry);
      else armFor(entry.atMs, nowMs);
    }
    // One of them may stop another.
    for (const entry of due) if (entries.delete(entry)) entry.onTime();
  }

  return (ms, onTime) => {
    const nowMs = now();
    const entry = { atMs: nowMs + ms, onTime };
    entries.add(entry);
    armFor(entry.atMs, nowMs);
    return () => void entries.delete(entry);
  };
}
