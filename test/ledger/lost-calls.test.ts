import { runInDurableObject } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import type { KlingAccount } from '../../src/account/kling-account.ts';
import type { TaskLedger } from '../../src/ledger/task-ledger.ts';
import {
  env,
  kill,
  ledgerOf,
  openSandbox,
  storedTask,
  valueOf,
  voiceInput,
  type LedgerStub,
} from '../support/ledger.ts';

/** The account has one slot. The first task holds it, and all others wait. */
const sandbox = openSandbox('lost-words', { KLING_CONCURRENCY: '1' });

const account = () => env.KLING_ACCOUNT.getByName('account');

async function makeVoice(ledger: LedgerStub, externalId: string): Promise<string> {
  return valueOf(await ledger.createVoiceTask(voiceInput(externalId))).id;
}

/** Creates two tasks of a tenant: one at Kling, and one that waits for its slot. */
async function makeTwo(tenant: string) {
  const ledger = ledgerOf(tenant);
  const first = await makeVoice(ledger, 'first');
  const second = await makeVoice(ledger, 'second');
  expect(await phasesOf(ledger, [first, second])).toEqual(['SENT', 'WAITING']);
  return { ledger, first, second };
}

async function phasesOf(ledger: LedgerStub, ids: readonly string[]) {
  return Promise.all(ids.map(async (id) => (await storedTask(ledger, id))?.phase));
}

/** Makes the ledger's request for its slots due, and runs its alarm as the platform would. */
async function askNow(ledger: LedgerStub): Promise<void> {
  await runInDurableObject(ledger, async (instance: TaskLedger, { storage }) => {
    storage.kv.put('ask', { atMs: 1, tries: 0 });
    await instance.alarm();
  });
}

/** Makes the account's audit due, and runs its alarm as the platform would. */
async function auditNow(): Promise<void> {
  await runInDurableObject(account(), async (instance: KlingAccount, { storage }) => {
    storage.sql.exec('UPDATE share SET audit_at = 1');
    await instance.alarm();
  });
}

/** Ends the tasks, so that the next test finds the slot free. */
async function finish(ledger: LedgerStub, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    await sandbox.advance(id, 'succeed');
    await expect.poll(async () => (await ledger.task({ id }))?.status, { interval: 300 }).toBe('SUCCEEDED');
  }
}

/** Records a grant at the account, and drops the call that reports it to the ledger. */
async function loseGrant(tenant: string, first: string, second: string): Promise<void> {
  await runInDurableObject(account(), (_instance, { storage }) => {
    storage.sql.exec(`DELETE FROM claim WHERE task_id = ?`, first);
    storage.sql.exec(`UPDATE claim SET state = 'HELD' WHERE task_id = ?`, second);
    storage.sql.exec('UPDATE share SET held = 1, waiting = 0 WHERE tenant = ?', tenant);
  });
  await killAccount();
}

async function killAccount(): Promise<void> {
  await runInDurableObject(account(), (_instance, state) => state.abort('killed by a test')).catch(() => {});
}

describe('a task that waits', () => {
  it('has no alarm of its own before its deadline: the ledger asks the account once for all its tasks', async () => {
    const { ledger, first, second } = await makeTwo('sleeps');
    const third = await makeVoice(ledger, 'third');
    const day = 24 * 3_600_000;
    for (const id of [second, third]) {
      expect((await storedTask(ledger, id))!.wake_at! - Date.now()).toBeGreaterThan(day - 60_000);
    }
    const ask = await runInDurableObject(ledger, (_instance, { storage }) => storage.kv.get<{ atMs: number }>('ask'));
    expect(Math.abs(ask!.atMs - Date.now() - 30_000)).toBeLessThan(10_000);
    for (const id of [first, second, third]) {
      await expect.poll(() => phasesOf(ledger, [id])).toEqual(['SENT']);
      await finish(ledger, [id]);
    }
  });

  it('and whose grant was lost is sent after its ledger next asks the account', async () => {
    const { ledger, first, second } = await makeTwo('lost grant, ask');
    await loseGrant('lost grant, ask', first, second);
    await askNow(ledger);
    await expect.poll(() => phasesOf(ledger, [second])).toEqual(['SENT']);
    await finish(ledger, [first, second]);
  });

  it('and whose grant was lost is sent after the next audit of the account', async () => {
    const { ledger, first, second } = await makeTwo('lost grant, audit');
    await loseGrant('lost grant, audit', first, second);
    await auditNow();
    await expect.poll(() => phasesOf(ledger, [second])).toEqual(['SENT']);
    await finish(ledger, [first, second]);
  });

  it('and whose grant was lost because its ledger died is sent within seconds of the restart', async () => {
    const { ledger, first, second } = await makeTwo('restarted');
    await loseGrant('restarted', first, second);
    await kill(ledger);
    const revived = ledgerOf('restarted');
    // Any call starts the object. The test rings no alarm.
    await revived.queuePositionsOf([second]);
    await expect.poll(() => phasesOf(revived, [second])).toEqual(['SENT']);
    await finish(revived, [first, second]);
  });

  it('joins the queue of an account that lost its data, which also learns of the task at Kling', async () => {
    const { ledger, first, second } = await makeTwo('wiped');
    await runInDurableObject(account(), (_instance, { storage }) => {
      storage.sql.exec('DELETE FROM claim; DELETE FROM share');
    });
    await killAccount();
    expect(await account().status()).toMatchObject({ slotsHeld: 0, waiting: 0 });
    await askNow(ledger);
    await expect.poll(() => account().status()).toMatchObject({ slotsHeld: 1, waiting: 1 });
    expect(await phasesOf(ledger, [first, second])).toEqual(['SENT', 'WAITING']);
    await finish(ledger, [first]);
    await expect.poll(() => phasesOf(ledger, [second])).toEqual(['SENT']);
    await finish(ledger, [second]);
  });
});

describe('a slot whose release was lost', () => {
  it.for([
    ['audit of the account', auditNow],
    ['request of its ledger', askNow],
  ] as const)('goes to the next task in the queue after the next %s', async ([name, heal]) => {
    const { ledger, first, second } = await makeTwo(`lost release, ${name}`);
    await runInDurableObject(ledger, (_instance, { storage }) => {
      storage.sql.exec(`UPDATE task SET phase = 'DONE', status = 'FAILED', wake_at = NULL WHERE id = ?`, first);
    });
    await heal(ledger);
    await expect.poll(() => phasesOf(ledger, [second])).toEqual(['SENT']);
    await finish(ledger, [second]);
  });
});
