/** How the waits between retries grow. All values are in milliseconds. */
export interface Backoff {
  /** The length of the first wait, before jitter. */
  readonly baseMs: number;
  /** The longest wait, before jitter and without `floorMs`. */
  readonly capMs: number;
  /** The growth from one wait to the next; 2 by default. */
  readonly factor?: number;
  /** Added to every wait, without jitter; 0 by default. */
  readonly floorMs?: number;
  /**
   * `FULL` (the default) waits any part of the length, for many callers that failed together. `EVEN` waits 80 % to 120 %
   * of it, for schedules. `NONE` waits all of it, for a single caller.
   */
  readonly jitter?: 'FULL' | 'EVEN' | 'NONE';
}

/**
 * Returns the wait before a retry, counted from 1, in whole milliseconds: exponential backoff with jitter. The caller
 * decides when to stop retrying. `random` returns [0, 1).
 * Source: "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
 */
export function backoffMs(retry: number, backoff: Backoff, random: () => number): number {
  const { baseMs, capMs, factor = 2, floorMs = 0, jitter = 'FULL' } = backoff;
  const spanMs = Math.min(capMs, baseMs * factor ** (retry - 1));
  if (jitter === 'NONE') return floorMs + spanMs;
  return floorMs + (jitter === 'EVEN' ? jittered(spanMs, random) : Math.floor(random() * spanMs));
}

/** Returns 80 % to 120 % of a wait, so that waits which began together do not end together. */
export function jittered(waitMs: number, random: () => number): number {
  return Math.round(waitMs * (0.8 + 0.4 * random()));
}
