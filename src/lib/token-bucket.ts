/** How much a caller may do: `burst` at once, and `perSecond` from then on. */
export interface TokenBucketOptions {
  readonly burst: number;
  readonly perSecond: number;
}

/** One caller's allowance. It is full at first. */
export interface TokenBucket {
  /** Takes `cost`, one unless given; 0 when there was so much, else the milliseconds until there will be. */
  take(nowMs: number, cost?: number): number;
  /** Takes `cost` whether there is so much or not; the milliseconds until nothing is owed, 0 when nothing is. */
  spend(nowMs: number, cost: number): number;
}

export function createTokenBucket({ burst, perSecond }: TokenBucketOptions): TokenBucket {
  let tokens = burst;
  let countedAtMs: number | null = null;

  function refill(nowMs: number): void {
    const passedMs = Math.max(0, nowMs - (countedAtMs ?? nowMs));
    countedAtMs = nowMs;
    tokens = Math.min(burst, tokens + (passedMs * perSecond) / 1_000);
  }

  function msUntil(count: number): number {
    return tokens >= count ? 0 : Math.ceil(((count - tokens) * 1_000) / perSecond);
  }

  return {
    take(nowMs, cost = 1) {
      refill(nowMs);
      const waitMs = msUntil(cost);
      if (waitMs === 0) tokens -= cost;
      return waitMs;
    },
    spend(nowMs, cost) {
      refill(nowMs);
      tokens -= cost;
      return msUntil(0);
    },
  };
}
