import type { KlingAccount } from '../account/kling-account.ts';
import type { Made } from '../domain/made.ts';

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

/** How long a claim waits before it is tried again: behind it may be a paid answer. */
const WAITS_MS = [100, 400];

export interface OwnersOptions {
  /** Asked for at every use: a stub is of no use any more once its object was moved. */
  readonly account: () => DurableObjectStub<KlingAccount>;
  readonly tenant: string;
  readonly sleep: (ms: number) => Promise<void>;
}

export function createOwners({ account, tenant, sleep }: OwnersOptions): Owners {
  return {
    async claim(made) {
      if (made.length === 0) return;
      for (const waitMs of WAITS_MS) {
        try {
          return await account().claim(tenant, made);
        } catch {
          await sleep(waitMs);
        }
      }
      await account().claim(tenant, made);
    },
    isForeign: (made) => account().isForeign(tenant, made),
  };
}
