/** All in milliseconds. The wait before retry `n` (from 1) lies between `floorMs` and `floorMs + min(capMs, baseMs * 2^(n-1))`. */
export interface Backoff {
  readonly baseMs: number;
  readonly capMs: number;
  /** Waited in any case; the jitter comes on top, so that even the shortest waits of many callers differ. */
  readonly floorMs: number;
}

/**
 * Exponential backoff with full jitter above a floor. `random` gives [0, 1); the answer is whole milliseconds.
 * Source: "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
 */
export function backoffMs(retry: number, backoff: Backoff, random: () => number): number {
  const ceilingMs = Math.min(backoff.capMs, backoff.baseMs * 2 ** (retry - 1));
  return backoff.floorMs + Math.floor(random() * ceilingMs);
}
