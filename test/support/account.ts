import { runInDurableObject } from 'cloudflare:test';
import { vi } from 'vitest';
import { KlingAccount } from '../../src/account/kling-account.ts';
import { env } from './ledger.ts';

/** Where the tests' clock starts: far ahead of the real one, so that no real alarm rings. The time is up to the test. */
export const START_MS = 2_000_000_000_000;

/** The ledgers as an account sees them: what it tells them, and what they answer. */
interface Ledgers {
  readonly told: string[];
  /** Tenants whose ledger was called to say that Kling is well, and those that were asked about their slots. */
  readonly well: string[];
  readonly audits: string[];
  /** Tasks that are over: a ledger that hears of them says so. */
  readonly over: Set<string>;
  /** Tenants whose ledger cannot be reached. */
  readonly unreachable: Set<string>;
}

export interface TestAccount {
  readonly account: KlingAccount;
  readonly ledgers: Ledgers;
  /** What the account has told since it was asked last, once it has done all it does by itself. */
  readonly tellings: () => Promise<string[]>;
  readonly wait: (ms: number) => Promise<void>;
}

/** Runs a test on an account of its own with so many slots, whose alarm rings when the test says so. `Date` has to be faked. */
export function withAccount(name: string, slots: number, work: (account: TestAccount) => Promise<void>): Promise<void> {
  const ledgers: Ledgers = { told: [], well: [], audits: [], over: new Set(), unreachable: new Set() };
  const ledger = (tenant: string) => {
    const reach = () =>
      ledgers.unreachable.has(tenant) ? Promise.reject(new Error('unreachable')) : Promise.resolve();
    return {
      async slotGranted(taskId: string) {
        await reach();
        ledgers.told.push(taskId);
        return !ledgers.over.has(taskId);
      },
      async klingIsWell() {
        await reach();
        ledgers.well.push(tenant);
      },
      async claimsAlive(taskIds: readonly string[]) {
        ledgers.audits.push(tenant);
        await reach();
        return taskIds.filter((taskId) => !ledgers.over.has(taskId));
      },
    };
  };
  return runInDurableObject(env.KLING_ACCOUNT.getByName(name), async (_instance, state) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only what an account uses of it
    const account = new KlingAccount(state, {
      ...env,
      KLING_BASE_URL: env.SANDBOX_URL,
      KLING_CONCURRENCY: String(slots),
      TASK_LEDGER: { getByName: ledger },
    } as unknown as Env);
    await work({
      account,
      ledgers,
      async tellings() {
        for (let i = 0; i < 3; i += 1) await scheduler.wait(0);
        return ledgers.told.splice(0);
      },
      async wait(ms) {
        vi.setSystemTime(Date.now() + ms);
        await account.alarm();
      },
    });
  });
}
