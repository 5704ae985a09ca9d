import { it } from 'vitest';
import { env, ledgerOf, openSandbox, ring, statusesOf, storedTask, valueOf, voiceInput } from '../support/ledger.ts';

const sandbox = openSandbox('parallel');

it('a create refused by 1303 is kept, told as QUEUED, and sent when there is room', async ({ expect }) => {
  const ledger = ledgerOf('1303');
  await sandbox.configure({ concurrency: 0 });
  const { id, status } = valueOf(await ledger.createVoice(voiceInput('x')));
  expect(status).toBe('QUEUED');
  expect(await storedTask(ledger, id)).toMatchObject({ phase: 'WAITING', parts: 1 });
  expect(await ledger.queuePositionsOf([id])).toEqual([0]);
  await sandbox.configure({ concurrency: 100 });
  // The account tells by itself when the pause is over: nothing rings here.
  await expect.poll(() => storedTask(ledger, id)).toMatchObject({ phase: 'SENT', parts: 0 });
  expect(await sandbox.tasksOf(id)).toBe(1);
  expect((await statusesOf(ledger, id)).slice(0, 2)).toEqual(['QUEUED', 'SUBMITTED']);
});

it('a limit that was learned is kept: the next task waits for the end of the one at Kling', async ({ expect }) => {
  const ledger = ledgerOf('learned');
  const account = env.KLING_ACCOUNT.getByName('account');
  expect(await account.status()).toMatchObject({ slotsHeld: 1, slotsMax: 1, waiting: 0 });
  const { id, status } = valueOf(await ledger.createVoice(voiceInput('y')));
  expect([status, await sandbox.tasksOf(id)]).toEqual(['QUEUED', 0]);
  const first = ledgerOf('1303');
  await sandbox.advance((await first.task({ externalId: 'x' }))!.id, 'succeed');
  await ring(first);
  await expect.poll(() => storedTask(ledger, id)).toMatchObject({ phase: 'SENT' });
  expect((await sandbox.record()).inFlightMax).toBe(1);
});
