import { runInDurableObject } from 'cloudflare:test';
import { vi } from 'vitest';
import { KlingAccount } from '../../src/account/kling-account.ts';
import { env } from './ledger.ts';

/** Start of the tests' clock: far ahead of the real time, so that no real alarm rings. */
export const START_MS = 2_000_000_000_000;

/** Fake ledgers that the account calls. They record the calls, and answer as the test sets. */
interface Ledgers {
  /** Tasks whose grant was delivered. */
  readonly granted: string[];
  /** Tenants whose ledger was told that Kling has recovered. */
  readonly recovered: string[];
  /** Tenants whose ledger was asked about its slots. */
  readonly audits: string[];
  /** Tasks that these audits asked about. */
  readonly audited: string[];
  /** Tasks that have ended: their ledger wants no slot for them. */
  readonly ended: Set<string>;
  /** Tenants whose ledger cannot be reached. */
  readonly unreachable: Set<string>;
}

export interface TestAccount {
  readonly account: KlingAccount;
  readonly ledgers: Ledgers;
  /** Waits for background calls, and returns the tasks granted since the last call. */
  readonly grants: () => Promise<string[]>;
  readonly wait: (ms: number) => Promise<void>;
}

/** Runs a test on an account object with `slots` slots. `wait` moves the clock and runs the alarm. `Date` must be faked. */
export function withAccount(name: string, slots: number, work: (account: TestAccount) => Promise<void>): Promise<void> {
  const ledgers: Ledgers = {
    granted: [],
    recovered: [],
    audits: [],
    audited: [],
    ended: new Set(),
    unreachable: new Set(),
  };
  const ledger = (tenant: string) => {
    const reach = () =>
      ledgers.unreachable.has(tenant) ? Promise.reject(new Error('unreachable')) : Promise.resolve();
    return {
      async slotGranted(taskId: string) {
        await reach();
        ledgers.granted.push(taskId);
        return !ledgers.ended.has(taskId);
      },
      async klingRecovered() {
        await reach();
        ledgers.recovered.push(tenant);
      },
      async claimsAlive(taskIds: readonly string[]) {
        ledgers.audits.push(tenant);
        ledgers.audited.push(...taskIds);
        await reach();
        return taskIds.filter((taskId) => !ledgers.ended.has(taskId));
      },
    };
  };
  return runInDurableObject(env.KLING_ACCOUNT.getByName(name), async (_instance, state) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- has only what an account uses
    const account = new KlingAccount(state, {
      ...env,
      KLING_BASE_URL: env.SANDBOX_URL,
      KLING_CONCURRENCY: String(slots),
      TASK_LEDGER: { getByName: ledger },
    } as unknown as Env);
    await work({
      account,
      ledgers,
      async grants() {
        for (let i = 0; i < 3; i += 1) await scheduler.wait(0);
        return ledgers.granted.splice(0);
      },
      async wait(ms) {
        vi.setSystemTime(Date.now() + ms);
        await account.alarm();
      },
    });
  });
}
