import type { RateLimits } from '../config/index.ts';
import { GatewayError } from '../errors.ts';
import { createTokenBucket, type TokenBucket } from '../lib/token-bucket.ts';

/** Counts what a tenant does, in memory: a ledger that was moved begins anew. */
export interface Rates {
  /** Throws `RATE_LIMITED` past the limit, before anything is written or spent. */
  mutation(): void;
  /** A request with a large body, before it is read. */
  largeBody(): void;
  subscription(): void;
  /** 0, or how long Kling is to wait before it sends a callback again. */
  callback(): number;
  /** Takes up to `wanted` reads of Kling for a Worker to make, and says how many. Throws `RATE_LIMITED` when none is left. */
  leaseUpstreamReads(wanted: number): number;
  /** Takes a read of Kling that the ledger makes for a query; false when none is left. */
  upstreamRead(): boolean;
}

export function createRates(limits: RateLimits, now: () => number): Rates {
  const mutations = bucket(limits.mutationsPerMinute);
  const largeBodies = bucket(limits.largeBodiesPerMinute);
  const subscriptions = bucket(limits.subscriptionsPerMinute);
  const callbacks = bucket(limits.callbacksPerMinute);
  const upstreamReads = bucket(limits.upstreamReadsPerMinute);

  function take(from: TokenBucket, what: string, perMinute: number): void {
    const retryAfterMs = from.take(now());
    if (retryAfterMs === 0) return;
    const message = `At most ${perMinute} ${what} a minute. Nothing was done.`;
    throw new GatewayError({ code: 'RATE_LIMITED', message, retryable: true, retryAfterMs });
  }

  return {
    mutation: () => take(mutations, 'mutations', limits.mutationsPerMinute),
    largeBody: () => take(largeBodies, 'requests with audio in base64', limits.largeBodiesPerMinute),
    subscription: () => take(subscriptions, 'subscriptions', limits.subscriptionsPerMinute),
    callback: () => callbacks.take(now()),
    leaseUpstreamReads(wanted) {
      take(upstreamReads, 'reads of Kling', limits.upstreamReadsPerMinute);
      let taken = 1;
      while (taken < wanted && upstreamReads.take(now()) === 0) taken += 1;
      return taken;
    },
    upstreamRead: () => upstreamReads.take(now()) === 0,
  };
}

function bucket(perMinute: number): TokenBucket {
  return createTokenBucket({ burst: perMinute, perSecond: perMinute / 60 });
}
