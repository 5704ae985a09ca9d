/** Numbers from a seed: the same for both executors. */
export interface Chance {
  /** From 0 to `n - 1`. */
  below(n: number): number;
  /** True in so many of a thousand. */
  permille(n: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** A seed for something within. */
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

/** The choices of a tape, and after its end always the first: a shorter tape is a simpler document. */
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
