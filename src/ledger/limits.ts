import type { LedgerLimits, RateLimits } from '../config/index.ts';
import { FACE_SCAN_UNITS, fromMilliunits, monthOf, SPEECH_UNITS, toMilliunits } from '../domain/cost.ts';
import { GatewayError } from '../errors.ts';
import { createTokenBucket, type TokenBucket } from '../lib/time.ts';

/** Counts the actions of a tenant in memory. An eviction of the ledger resets the counts. */
export interface Rates {
  /** Throws `RATE_LIMITED` over the limit, before anything is written or spent. */
  mutation(): void;
  /** Counts a request with a large body, before it is read. Throws `RATE_LIMITED` over the limit. */
  largeBody(): void;
  /** Counts a file that the gateway fetches from a URL. Throws `RATE_LIMITED` over the limit. */
  fetch(): void;
  subscription(): void;
  /** Returns 0, or the wait in milliseconds before Kling should send the callback again. */
  callback(): number;
  /** Takes up to `wanted` reads of Kling for a Worker, and returns how many. Throws `RATE_LIMITED` if none is left. */
  leaseUpstreamReads(wanted: number): number;
  /** Takes a read of Kling that the ledger makes for a query. Returns false if none is left. */
  upstreamRead(): boolean;
}

/** Creates the counts. Build one per object. */
export function createRates(limits: RateLimits, now: () => number): Rates {
  const mutations = bucket(limits.mutationsPerMinute);
  const largeBodies = bucket(limits.largeBodiesPerMinute);
  const fetches = bucket(limits.fetchesPerMinute);
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
    fetch: () => take(fetches, 'files from URLs', limits.fetchesPerMinute),
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

/** The price of a face scan and of a text-to-speech: they are the same (Kling's price list, 2026-09). */
const PAID_CALL_MILLIUNITS = Math.max(toMilliunits(FACE_SCAN_UNITS) ?? 0, toMilliunits(SPEECH_UNITS) ?? 0);

/**
 * Throws `QUOTA_EXHAUSTED` if this many more units would exceed the tenant's month. A task counts in the current month
 * until its end, then in the month of its creation.
 */
export type BudgetCheck = (units: string) => void;

interface BudgetDeps {
  readonly tasks: { milliunitsPending(): number };
  readonly assets: { milliunitsUsed(month: string): number };
  readonly paidCalls: { unansweredIn(month: string): number };
  /** Built after the check. */
  readonly stages: () => { underWay(month: string): number };
  readonly limits: Pick<LedgerLimits, 'milliunitsPerMonthMax'>;
  readonly now: () => number;
}

/** Creates the check of the tenant's monthly budget. Call it before anything is sent that Kling charges. */
export function createBudgetCheck({ tasks, assets, paidCalls, stages, limits, now }: BudgetDeps): BudgetCheck {
  return (units) => {
    const max = limits.milliunitsPerMonthMax;
    if (max === null) return;
    const month = monthOf(now());
    // A call without an answer may have been charged, so it counts. One for a task counts as a part of the task until its end.
    const unanswered = (paidCalls.unansweredIn(month) - stages().underWay(month)) * PAID_CALL_MILLIUNITS;
    const used = assets.milliunitsUsed(month) + tasks.milliunitsPending() + unanswered;
    if (used + (toMilliunits(units) ?? 0) <= max) return;
    throw new GatewayError({
      code: 'QUOTA_EXHAUSTED',
      message: `This would exceed the ${fromMilliunits(max)} units that may be used in a month. Nothing was sent.`,
      retryable: false,
      quota: {
        limit: 'TENANT_BUDGET',
        unitsNeeded: units,
        unitsLeft: fromMilliunits(Math.max(0, max - used)),
      },
    });
  };
}
