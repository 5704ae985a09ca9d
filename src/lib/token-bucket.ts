/** The allowance of a caller: `burst` at once, refilled by `perSecond`. */
export interface TokenBucketOptions {
  readonly burst: number;
  readonly perSecond: number;
}

/** The token bucket of one caller, full at first. */
export interface TokenBucket {
  /** Takes `cost` tokens, 1 by default. Returns 0, or takes none and returns the milliseconds until there are enough. */
  take(nowMs: number, cost?: number): number;
  /** Takes `cost` tokens, into debt if need be. Returns the milliseconds until the debt is paid; 0 without a debt. */
  spend(nowMs: number, cost: number): number;
}

/** Creates a full bucket. */
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
