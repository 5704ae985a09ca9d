/** A pseudo-random number generator. Both executors get the same numbers from the same seed. */
export interface Chance {
  /** Returns an integer from 0 to `n - 1`. */
  below(n: number): number;
  /** Returns true with a probability of `n` in 1,000. */
  permille(n: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** Returns a seed for a nested generator. */
  seed(): number;
}

export function createChance(seed: number): Chance {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
  return chanceFrom(next);
}

/** Replays the choices of a tape. After its end it always picks the first, so a shorter tape is a simpler document. */
export function createTape(tape: readonly number[]): Chance {
  let at = 0;
  return chanceFrom(() => tape[at++] ?? 0);
}

function chanceFrom(next: () => number): Chance {
  const below = (n: number) => next() % n;
  return {
    below,
    permille: (n) => below(1000) >= 1000 - n,
    pick: (items) => items[below(items.length)]!,
    seed: next,
  };
}

export function hash(seed: number, text: string): number {
  let h = seed ^ 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}
