import type { KlingAccount } from '../account/kling-account.ts';
import type { Made } from '../domain/made.ts';
import { type Backoff, backoffMs } from '../lib/backoff.ts';

/** One tenant's view of who owns what Kling has made, across all tenants of the account. */
export interface Owners {
  /**
   * When it returns, these are this tenant's, durably. To be called before the tenant can see their ids. Repeating it
   * changes nothing; throws when the account could not be reached.
   */
  claim(made: readonly Made[]): Promise<void>;
  /** Whether another tenant has claimed it. What nobody has claimed was made outside this gateway, or never was. */
  isForeign(made: Made): Promise<boolean>;
}

/** A claim is tried this often: a paid answer may wait for it. */
const TRIES_MAX = 3;
const RETRY: Backoff = { baseMs: 100, factor: 4, capMs: 400, jitter: 'EVEN' };

export interface OwnersOptions {
  /** Asked for at every use: a stub is of no use any more once its object was moved. */
  readonly account: () => DurableObjectStub<KlingAccount>;
  readonly tenant: string;
  readonly sleep: (ms: number) => Promise<void>;
  /** 0 (inclusive) to 1. */
  readonly random: () => number;
}

export function createOwners({ account, tenant, sleep, random }: OwnersOptions): Owners {
  return {
    async claim(made) {
      if (made.length === 0) return;
      for (let tries = 1; tries < TRIES_MAX; tries += 1) {
        try {
          return await account().claim(tenant, made);
        } catch {
          await sleep(backoffMs(tries, RETRY, random));
        }
      }
      await account().claim(tenant, made);
    },
    isForeign: (made) => account().isForeign(tenant, made),
  };
}
