import { GatewayError } from '../errors.ts';
import { createTokenBucket, type TokenBucket } from '../lib/token-bucket.ts';

/** How often a tenant may do what. A minute's worth may come at once. */
export interface RateLimits {
  readonly mutationsPerMinute: number;
  readonly subscriptionsPerMinute: number;
  readonly callbacksPerMinute: number;
}

/** Counts what a tenant does, in memory: a ledger that was moved begins anew. */
export interface Rates {
  /** Throws `RATE_LIMITED` past the limit, before anything is written or spent. */
  mutation(): void;
  subscription(): void;
  /** 0, or how long Kling is to wait before it sends a callback again. */
  callback(): number;
}

export function createRates(limits: RateLimits, now: () => number): Rates {
  const mutations = bucket(limits.mutationsPerMinute);
  const subscriptions = bucket(limits.subscriptionsPerMinute);
  const callbacks = bucket(limits.callbacksPerMinute);

  function take(from: TokenBucket, what: string, perMinute: number): void {
    const retryAfterMs = from.take(now());
    if (retryAfterMs === 0) return;
    const message = `At most ${perMinute} ${what} a minute. Nothing was done.`;
    throw new GatewayError({ code: 'RATE_LIMITED', message, retryable: true, retryAfterMs });
  }

  return {
    mutation: () => take(mutations, 'mutations', limits.mutationsPerMinute),
    subscription: () => take(subscriptions, 'subscriptions', limits.subscriptionsPerMinute),
    callback: () => callbacks.take(now()),
  };
}

function bucket(perMinute: number): TokenBucket {
  return createTokenBucket({ burst: perMinute, perSecond: perMinute / 60 });
}
