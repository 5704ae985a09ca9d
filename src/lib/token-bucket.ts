/** How much a caller may do: `burst` at once, and `perSecond` from then on. */
export interface TokenBucketOptions {
  readonly burst: number;
  readonly perSecond: number;
}

/** One caller's allowance. It is full at first. */
export interface TokenBucket {
  /** Takes one; 0 when there was one, else the milliseconds until there will be. */
  take(nowMs: number): number;
}

export function createTokenBucket({ burst, perSecond }: TokenBucketOptions): TokenBucket {
  let tokens = burst;
  let countedAtMs: number | null = null;
  return {
    take(nowMs) {
      const passedMs = Math.max(0, nowMs - (countedAtMs ?? nowMs));
      countedAtMs = nowMs;
      tokens = Math.min(burst, tokens + (passedMs * perSecond) / 1_000);
      if (tokens < 1) return Math.ceil(((1 - tokens) * 1_000) / perSecond);
      tokens -= 1;
      return 0;
    },
  };
}
