import { fromMilliunits, toMilliunits } from '../domain/cost.ts';
import { monthOf } from '../domain/month.ts';
import { GatewayError } from '../errors.ts';
import type { LedgerDeps } from './deps.ts';

/** Throws `QUOTA_EXHAUSTED` when so many units more, with all that has not ended yet, would exceed the tenant's month. */
export type Afford = (units: string) => void;

/** The tenant's monthly budget, asked before anything that is charged is sent. */
export function createAfford({ tasks, holdings, limits, now }: LedgerDeps): Afford {
  return (units) => {
    const max = limits.milliunitsPerMonthMax;
    if (max === null) return;
    const planned = holdings.milliunitsUsed(monthOf(now())) + tasks.milliunitsPending() + (toMilliunits(units) ?? 0);
    if (planned <= max) return;
    throw new GatewayError({
      code: 'QUOTA_EXHAUSTED',
      message: `This would exceed the ${fromMilliunits(max)} units that may be used in a month. Nothing was sent.`,
      retryable: false,
    });
  };
}
