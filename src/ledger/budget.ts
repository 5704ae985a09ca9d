import { FACE_SCAN_UNITS, fromMilliunits, monthOf, SPEECH_UNITS, toMilliunits } from '../domain/cost.ts';
import { GatewayError } from '../errors.ts';
import type { LedgerDeps } from './deps.ts';

/** A face scan and a text-to-speech cost the same (Kling's price list, 2026-09). */
const PAID_CALL_MILLIUNITS = Math.max(toMilliunits(FACE_SCAN_UNITS) ?? 0, toMilliunits(SPEECH_UNITS) ?? 0);

/**
 * Throws `QUOTA_EXHAUSTED` when so many units more would exceed the tenant's month. A task counts in the present month
 * while it is under way, and in the month it was made in once it has ended.
 */
export type Afford = (units: string) => void;

/** The tenant's monthly budget, asked before anything that is charged is sent. */
export function createAfford({ sums, holdings, paidCalls, limits, now }: LedgerDeps): Afford {
  return (units) => {
    const max = limits.milliunitsPerMonthMax;
    if (max === null) return;
    const month = monthOf(now());
    // What was sent and not answered may have been charged: it counts.
    const unanswered = paidCalls.unansweredIn(month) * PAID_CALL_MILLIUNITS;
    const planned = holdings.milliunitsUsed(month) + sums.milliunitsPending() + unanswered + (toMilliunits(units) ?? 0);
    if (planned <= max) return;
    throw new GatewayError({
      code: 'QUOTA_EXHAUSTED',
      message: `This would exceed the ${fromMilliunits(max)} units that may be used in a month. Nothing was sent.`,
      retryable: false,
    });
  };
}
