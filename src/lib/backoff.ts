/** How the waits between the tries of one thing grow. All in milliseconds. */
export interface Backoff {
  /** The span of the first wait. */
  readonly baseMs: number;
  /** The longest span. */
  readonly capMs: number;
  /** What each span is of the one before; 2 unless set. */
  readonly factor?: number;
  /** Waited in any case, before the span; 0 unless set. */
  readonly floorMs?: number;
  /**
   * `FULL`: any part of the span, for many callers that failed together. `EVEN`: between 80 % and 120 % of it, for waits that
   * are a schedule. `NONE`: the span itself, where there is only one caller. `FULL` unless set.
   */
  readonly jitter?: 'FULL' | 'EVEN' | 'NONE';
}

/**
 * The wait before retry `n` (from 1), in whole milliseconds: an exponentially growing span with jitter. Every retry in the
 * project waits by it, and says itself when it ends. `random` gives [0, 1).
 * Source: "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
 */
export function backoffMs(retry: number, backoff: Backoff, random: () => number): number {
  const { baseMs, capMs, factor = 2, floorMs = 0, jitter = 'FULL' } = backoff;
  const spanMs = Math.min(capMs, baseMs * factor ** (retry - 1));
  if (jitter === 'NONE') return floorMs + spanMs;
  return floorMs + (jitter === 'EVEN' ? jittered(spanMs, random) : Math.floor(random() * spanMs));
}

/** Evens out what would otherwise fall together: between 80 % and 120 % of the wait. */
export function jittered(waitMs: number, random: () => number): number {
  return Math.round(waitMs * (0.8 + 0.4 * random()));
}
