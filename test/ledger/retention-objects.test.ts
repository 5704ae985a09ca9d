import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { afterEach, beforeEach, it, vi } from 'vitest';
import { DAY_MS } from '../support/ledger-parts.ts';
import { env, ledgerOf, openSandbox, valueOf, voiceInput, type LedgerStub } from '../support/ledger.ts';
import { rowCountsOf } from '../support/row-counts.ts';

const sandbox = openSandbox('retention');

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

type Stub = Parameters<typeof runDurableObjectAlarm>[0];

const account = (): Stub => env.KLING_ACCOUNT.getByName('account');

function countsOf(stub: Stub): Promise<Readonly<Record<string, number>>> {
  return runInDurableObject(stub, (_instance, { storage }) => rowCountsOf(storage.sql));
}

/** Rings the alarms of the objects at their times until `endMs`. The clock jumps to each alarm. */
async function ringUntil(endMs: number, stubs: readonly Stub[]): Promise<void> {
  for (let rings = 0; rings < 200; rings += 1) {
    const alarms = await Promise.all(
      stubs.map((stub) => runInDurableObject(stub, (_instance, { storage }) => storage.getAlarm())),
    );
    const nextMs = Math.min(...alarms.map((atMs) => atMs ?? Infinity));
    if (nextMs > endMs) return;
    vi.setSystemTime(Math.max(Date.now(), nextMs));
    await runDurableObjectAlarm(stubs[alarms.indexOf(nextMs)]!);
  }
  throw new Error('the alarms rang more than 200 times');
}

async function makeVoice(ledger: LedgerStub): Promise<string> {
  const task = valueOf(await ledger.createVoiceTask(voiceInput(null)));
  await sandbox.advance(task.klingTaskId ?? '', 'succeed');
  vi.setSystemTime(Date.now() + 2_000);
  const read = await ledger.task({ id: task.id });
  if (read?.kind !== 'VOICE') throw new Error('no voice task');
  return read.voices[0]?.voiceId ?? '';
}

it('the ledger deletes the row of a deleted voice after 30 days, and its task after 400 days', async ({ expect }) => {
  const ledger = ledgerOf('voice');
  const stubs = [ledger];
  const voiceId = await makeVoice(ledger);
  // After this time, the retention of the task is the only reason for an alarm.
  await ringUntil(Date.now() + 5 * DAY_MS, stubs);
  vi.setSystemTime(Date.now() + 5 * DAY_MS);
  // The sandbox still uses the real clock, and would refuse the gateway's token.
  const kling = vi.spyOn(globalThis, 'fetch').mockImplementation(async () => {
    return Response.json({ code: 0, message: 'SUCCEED', request_id: 'r', data: { task_status: 'succeed' } });
  });
  valueOf(await ledger.deleteVoice({ voiceId, anyOwner: false }));
  kling.mockRestore();
  const startMs = Date.now();
  await ringUntil(startMs + 29 * DAY_MS, stubs);
  expect(await countsOf(ledger)).toMatchObject({ voice: 1, task: 1 });
  await ringUntil(startMs + 31 * DAY_MS, stubs);
  expect(await countsOf(ledger)).toMatchObject({ voice: 0, task: 1 });
  await ringUntil(startMs + 440 * DAY_MS, stubs);
  expect(await countsOf(ledger)).toMatchObject({ task: 0, usage: 0 });
  expect(await runDurableObjectAlarm(ledger)).toBe(false);
});

// This test is the last one because it leaves the account with a pause that ends in the far future.
it('createVoiceTask and cancelTask in a loop leave no rows in the ledger and the account after 30 days', async ({
  expect,
}) => {
  const ledger = ledgerOf('loop');
  const stubs = [ledger, account()];
  await ledger.usage('2026-11');
  const before = await countsOf(ledger);
  await sandbox.configure({ faults: { tooManyRequests: 1 } });
  for (let i = 0; i < 20; i += 1) {
    const task = valueOf(await ledger.createVoiceTask(voiceInput(`loop-${i}`)));
    valueOf(await ledger.cancelTask(task));
  }
  const startMs = Date.now();
  expect(await countsOf(ledger)).toMatchObject({ task: 20, event: 40 });
  await ringUntil(startMs + 29 * DAY_MS, stubs);
  expect(await countsOf(ledger)).toMatchObject({ task: 20, event: 0 });
  await ringUntil(startMs + 31 * DAY_MS, stubs);
  expect(await countsOf(ledger)).toEqual(before);
  expect(await countsOf(account())).toEqual({ claim: 0, owner: 0, share: 0, share_sum: 1 });
  // No alarm is set any more.
  expect(await runDurableObjectAlarm(ledger)).toBe(false);
  await sandbox.configure({ faults: {} });
});
