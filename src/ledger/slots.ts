import type { KlingAccount } from '../account/kling-account.ts';
import type { Slots } from './deps.ts';

export interface SlotsOptions {
  /** Asked for at every use: a stub is of no use any more once its object was moved. */
  readonly account: () => DurableObjectStub<KlingAccount>;
  readonly tenant: string;
  readonly now: () => number;
  readonly background: (work: () => Promise<unknown>) => void;
}

/** One ledger's view of the account's object. Good news of a read is only told when there was bad news: it would double every call. */
export function createSlots({ account, tenant, now, background }: SlotsOptions): Slots {
  let toldOfFailure = false;
  let unhealthyUntilMs = 0;

  return {
    acquire: (taskId) => account().acquire(tenant, taskId),
    release: (taskId) => account().release(taskId),
    refuse: (taskId, klingCode) => account().refuse(tenant, taskId, klingCode),
    accepted(taskId) {
      toldOfFailure = false;
      background(() => account().accepted(taskId));
    },
    report(failed) {
      if (!failed && !toldOfFailure) return;
      toldOfFailure = failed;
      background(async () => {
        unhealthyUntilMs = await account().report(failed);
      });
    },
    isHealthy: () => now() >= unhealthyUntilMs,
  };
}
