import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { describe, it, vi } from 'vitest';
import { Hub } from '../../src/hub/hub.ts';
import type { TaskLedger } from '../../src/ledger/task-ledger.ts';
import { kill, ledgerOf, lipSyncInput, openSandbox, valueOf } from '../support/ledger.ts';
import { snapshotOf } from '../support/snapshots.ts';
import { startLipSync, startTask, ONE_TASK, ALL_TASKS, useSockets, withBusyHubs } from '../support/socket.ts';

const sandbox = openSandbox('event-order');
const openOne = useSockets();

describe('a subscriber', () => {
  it('of a task gets its present state, then every change once, in order', async ({ expect }) => {
    const task = await startTask(sandbox);
    const sockets = [await openOne(), await openOne(), await openOne(), await openOne(), await openOne()];
    for (const socket of sockets) socket.subscribe('a', ONE_TASK, { id: task.globalId });
    const starts = await Promise.all(sockets.map((socket) => socket.told('a')));
    await task.advance('processing');
    await task.advance('succeed');
    for (const [i, socket] of sockets.entries()) {
      const told = [starts[i]!, await socket.told('a'), await socket.told('a')];
      expect(told.map((event) => event.task.status)).toEqual(['SUBMITTED', 'PROCESSING', 'SUCCEEDED']);
      const [first] = told;
      expect(told.map(({ sequence }) => sequence - first!.sequence)).toEqual([0, 1, 2]);
      expect(told.every(({ resync, task: { id } }) => !resync && id === task.globalId)).toBe(true);
      expect(await socket.next()).toEqual({ id: 'a', type: 'complete' });
    }
  });

  it('that resumes with its cursor gets exactly the changes that it missed', async ({ expect }) => {
    const task = await startTask(sandbox);
    const socket = await openOne();
    socket.subscribe('a', ONE_TASK, { id: task.globalId });
    const { cursor, sequence } = await socket.told('a');
    socket.socket.close(1000);
    await task.advance('processing');
    await task.advance('failed');
    const again = await openOne();
    again.subscribe('a', ONE_TASK, { id: task.globalId, after: cursor });
    const told = [await again.told('a'), await again.told('a')];
    expect(told.map((event) => event.task.status)).toEqual(['PROCESSING', 'FAILED']);
    expect(told.map((event) => event.sequence)).toEqual([sequence + 1, sequence + 2]);
    expect(await again.next()).toEqual({ id: 'a', type: 'complete' });
  });

  it('of all tasks gets only events that match its filter of kind and status', async ({ expect }) => {
    const ledger = ledgerOf('default');
    const ended = { status: ['SUCCEEDED', 'FAILED'] };
    const filters = { all: {}, lips: { kind: 'LIP_SYNC' }, ended, endedLips: { kind: 'LIP_SYNC', ...ended } };
    const mark = await startTask(sandbox);
    const marker = await openOne();
    marker.subscribe('m', ONE_TASK, { id: mark.globalId });
    const { cursor } = await marker.told('m');
    const watchers = await Promise.all(
      Object.values(filters).map(async (filter) => {
        const socket = await openOne();
        socket.subscribe('a', ALL_TASKS, { filter, after: cursor });
        await socket.isQuiet();
        return socket;
      }),
    );
    const lips = valueOf(await ledger.createLipSyncTask(await lipSyncInput(ledger, null)));
    await mark.advance('succeed');
    await expect.poll(() => watchers[2]!.frames.length).toBe(4);
    const statuses = watchers.map(({ frames }) =>
      frames
        .filter(({ id, type }) => id === 'a' && type === 'next')
        .map(({ payload }) => (payload!.data!['taskUpdates'] as { task: { status: string } }).task.status),
    );
    expect(lips.status).toBe('SUBMITTED');
    expect(statuses).toEqual([['SUBMITTED', 'SUCCEEDED'], ['SUBMITTED'], ['SUCCEEDED'], []]);
  });

  it('of all tasks first gets the present state of those that have not ended', async ({ expect }) => {
    const ended = await startTask(sandbox);
    await ended.advance('failed');
    const running = await startTask(sandbox);
    const socket = await openOne();
    socket.subscribe('a', ALL_TASKS);
    const ids: string[] = [];
    while (ids.at(-1) !== running.globalId) ids.push((await socket.told('a')).task.id);
    expect(ids).not.toContain(ended.globalId);
    await running.advance('processing');
    expect((await socket.told('a')).task).toEqual({ id: running.globalId, status: 'PROCESSING' });
  });
});

describe('an event reaches its subscribers', () => {
  it('when the hub is evicted before the event, and again before the next', async ({ expect }) => {
    const task = await startTask(sandbox);
    const socket = await openOne();
    socket.subscribe('a', ONE_TASK, { id: task.globalId });
    await socket.told('a');
    await withBusyHubs((hub) => evictDurableObject(hub));
    await task.advance('processing');
    expect((await socket.told('a')).task.status).toBe('PROCESSING');
    await withBusyHubs((hub) => evictDurableObject(hub));
    await task.advance('succeed');
    expect((await socket.told('a')).task.status).toBe('SUCCEEDED');
    expect(await socket.next()).toEqual({ id: 'a', type: 'complete' });
  });

  it('when the ledger crashes between commit and push', async ({ expect }) => {
    const task = await startTask(sandbox);
    const socket = await openOne();
    socket.subscribe('a', ONE_TASK, { id: task.globalId });
    await socket.told('a');
    const ledger = ledgerOf('default');
    const klingTaskId = (await ledger.task({ id: task.id }))!.klingTaskId!;
    const deliver = vi.spyOn(Hub.prototype, 'deliver').mockImplementation(() => new Promise(() => {}));
    await runInDurableObject(ledger, async (instance: TaskLedger, state) => {
      instance.ingest(task.id, snapshotOf('PROCESSING', { klingTaskId }));
      await state.storage.sync();
      await expect.poll(() => deliver.mock.calls.length).toBeGreaterThan(0);
      state.abort('killed by a test');
    }).catch(() => {});
    expect(deliver).toHaveBeenCalled();
    deliver.mockRestore();
    expect(socket.frames).toHaveLength(2);
    await expect.poll(() => socket.frames.length).toBe(3);
    expect((await socket.told('a')).task.status).toBe('PROCESSING');
    await task.advance('succeed');
    expect((await socket.told('a')).task.status).toBe('SUCCEEDED');
  });

  it('with fields that the ledger resolves, when the ledger was reset after the subscription started', async ({
    expect,
  }) => {
    const task = await startLipSync(sandbox);
    const socket = await openOne();
    const query =
      'subscription ($id: ID!) { taskUpdates(taskId: $id) { task { status ... on LipSyncTask { face { scan { id } } } } } }';
    socket.subscribe('a', query, { id: task.globalId });
    await socket.told('a');
    await kill(ledgerOf('default'));
    await task.advance('processing');
    const { payload } = await socket.next();
    expect(payload).toEqual({
      data: { taskUpdates: { task: { status: 'PROCESSING', face: { scan: { id: expect.any(String) } } } } },
    });
  });
});
