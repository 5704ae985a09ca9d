import { it } from 'vitest';
import { env, ledgerOf, openSandbox, ring, statusesOf, storedTask, valueOf, voiceInput } from '../support/ledger.ts';

const sandbox = openSandbox('parallel');

it('a create that Kling refuses with 1303 stays QUEUED, and is sent once a slot is free', async ({ expect }) => {
  const ledger = ledgerOf('1303');
  await sandbox.configure({ concurrency: 0 });
  const { id, status } = valueOf(await ledger.createVoiceTask(voiceInput('x')));
  expect(status).toBe('QUEUED');
  expect(await storedTask(ledger, id)).toMatchObject({ phase: 'WAITING', parts: 1 });
  expect(await ledger.queuePositionsOf([id])).toEqual([0]);
  await sandbox.configure({ concurrency: 100 });
  // The account itself reports the end of the pause. This test rings no alarm.
  await expect.poll(() => storedTask(ledger, id)).toMatchObject({ phase: 'SENT', parts: 0 });
  expect(await sandbox.tasksOf(id)).toBe(1);
  expect((await statusesOf(ledger, id)).slice(0, 2)).toEqual(['QUEUED', 'SUBMITTED']);
});

it('the account keeps a limit that it has learned: the next task waits until the running one ends', async ({
  expect,
}) => {
  const ledger = ledgerOf('learned');
  const account = env.KLING_ACCOUNT.getByName('account');
  expect(await account.status()).toMatchObject({ slotsHeld: 1, slotsMax: 1, waiting: 0 });
  const { id, status } = valueOf(await ledger.createVoiceTask(voiceInput('y')));
  expect([status, await sandbox.tasksOf(id)]).toEqual(['QUEUED', 0]);
  const first = ledgerOf('1303');
  await sandbox.advance((await first.task({ externalId: 'x' }))!.id, 'succeed');
  await ring(first);
  await expect.poll(() => storedTask(ledger, id)).toMatchObject({ phase: 'SENT' });
  expect((await sandbox.record()).inFlightMax).toBe(1);
});
