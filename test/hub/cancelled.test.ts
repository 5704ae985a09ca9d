import { it } from 'vitest';
import { ledgerOf, openSandbox, valueOf } from '../support/ledger.ts';
import { startTask, ONE_TASK, useSockets } from '../support/socket.ts';

const sandbox = openSandbox('cancelled');
const openOne = useSockets();

it('a subscriber of a task that is cancelled gets the end and nothing more, also one that comes later', async ({
  expect,
}) => {
  await sandbox.configure({ faults: { tooManyRequests: 1 } });
  const task = await startTask(sandbox);
  const socket = await openOne();
  socket.subscribe('a', ONE_TASK, { id: task.globalId });
  expect((await socket.told('a')).task.status).toBe('QUEUED');
  valueOf(await ledgerOf('default').cancelTask({ id: task.id, kind: 'VOICE' }));
  const later = await openOne();
  later.subscribe('a', ONE_TASK, { id: task.globalId });
  for (const each of [socket, later]) {
    expect((await each.told('a')).task).toEqual({ id: task.globalId, status: 'CANCELLED' });
    expect(await each.next()).toEqual({ id: 'a', type: 'complete' });
  }
});
