import { createBoundedCache } from '../lib/cache.ts';
import { fromResult, type Result } from './result.ts';

export interface ReadLeasesOptions {
  /** The setting: how many reads of Kling a tenant may make in a minute. */
  readonly perMinute: number;
  /** Asks the tenant's ledger for some reads. It grants as many as it can, at least one, or refuses. */
  readonly lease: (tenant: string, wanted: number) => Promise<Result<number>>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Takes one read of Kling for a tenant. Throws `RATE_LIMITED` when none is left. */
export type TakeRead = (tenant: string) => Promise<void>;

const LEASE_MS = 10_000;
const LEASED_AT_ONCE_MAX = 10;
const TENANTS = { charsPerEntryMax: 1_024, charsMax: 65_536 };

/**
 * A Worker's share of the reads that tenants may make at Kling. The ledger counts them; a Worker takes several at once, so
 * that most reads cost no call. What it does not use within 10 s is lost to the tenant. Build one per isolate.
 */
export function createReadLeases({ perMinute, lease, now }: ReadLeasesOptions): TakeRead {
  // With a small setting one at a time, so that the last read is not kept by an isolate that nobody asks.
  const wanted = Math.max(1, Math.min(LEASED_AT_ONCE_MAX, Math.floor(perMinute / 60)));
  const leases = createBoundedCache<{ left: number; untilMs: number }>(TENANTS);

  return async (tenant) => {
    const held = leases.get(tenant);
    if (held !== undefined && held.left > 0 && now() < held.untilMs) {
      held.left -= 1;
      return;
    }
    const granted = fromResult(await lease(tenant, wanted));
    // Others of this tenant may have leased meanwhile.
    const before = leases.get(tenant);
    const left = before !== undefined && now() < before.untilMs ? before.left : 0;
    leases.set(tenant, { left: left + granted - 1, untilMs: now() + LEASE_MS });
  };
}
