import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { describe, it } from 'vitest';
import { createUnread } from '../../src/hub/back-pressure.ts';
import { sleep } from '../../src/lib/time.ts';
import { FakeSocket } from '../support/fan-out.ts';
import { ledgerOf, openSandbox } from '../support/ledger.ts';
import { askStream, openStream } from '../support/stream.ts';
import { startTask, ONE_TASK, ALL_TASKS, useSockets, withBusyHubs } from '../support/socket.ts';

const sandbox = openSandbox('resume');
const openOne = useSockets();

/** Repeats the last change of a task `times` times. Above 1,000, the ledger would delete the oldest. */
async function repeatLastChange(taskId: string, times: number): Promise<void> {
  await runInDurableObject(ledgerOf('default'), (_ledger, { storage }) => {
    storage.sql.exec(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
       INSERT INTO event (task_id, at, record)
       SELECT task_id, at, record FROM n, (SELECT * FROM event WHERE task_id = ? ORDER BY seq DESC LIMIT 1)`,
      times,
      taskId,
    );
  });
}

describe('a client that reconnects', () => {
  it.for([
    ['one task', ONE_TASK],
    ['all tasks', ALL_TASKS],
  ] as const)(
    'after 900 changes of %s gets each of them once, in order, and then new ones',
    async ([, query], { expect }) => {
      const task = await startTask(sandbox);
      const first = await openOne();
      first.subscribe('a', ONE_TASK, { id: task.globalId });
      const { cursor, sequence } = await first.told('a');
      await repeatLastChange(task.id, 900);
      const again = await openOne();
      again.subscribe('a', query, { after: cursor, ...(query === ONE_TASK && { id: task.globalId }) });
      for (let i = 1; i <= 900; i += 1) expect((await again.told('a')).sequence).toBe(sequence + i);
      await task.advance('processing');
      expect(await again.told('a')).toMatchObject({
        sequence: sequence + 901,
        resync: false,
        task: { status: 'PROCESSING' },
      });
    },
  );

  it('over a stream gets every change, also above the size that a hub sends unread', async ({ expect }) => {
    const task = await startTask(sandbox);
    const first = await openOne();
    first.subscribe('a', ONE_TASK, { id: task.globalId });
    const { cursor, sequence } = await first.told('a');
    await repeatLastChange(task.id, 2_500);
    const stream = await openStream('POST', 'text/event-stream', task, { 'last-event-id': cursor });
    const text = await stream.until(new RegExp(`"sequence":${sequence + 2_500},`));
    const sequences = [...text.matchAll(/"sequence":(\d+),/g)].map(([, told]) => Number(told));
    expect(text.length).toBeGreaterThan(524_288);
    expect(sequences).toEqual(Array.from({ length: 2_500 }, (_, i) => sequence + 1 + i));
    await stream.leave();
  });

  it('because its hub missed deleted changes gets a resync of the present state', async ({ expect }) => {
    const task = await startTask(sandbox);
    const socket = await openOne();
    socket.subscribe('a', ONE_TASK, { id: task.globalId });
    const { cursor, sequence } = await socket.told('a');
    await repeatLastChange(task.id, 5);
    await runInDurableObject(ledgerOf('default'), (_ledger, { storage: { sql } }) => {
      sql.exec('DELETE FROM event WHERE task_id = ? AND seq <= ?', task.id, sequence + 4);
      sql.exec('UPDATE event_forgotten SET seq = ?', sequence + 4);
    });
    await task.advance('processing');
    expect(await socket.closed()).toEqual({ code: 1012, reason: 'Reconnect with your cursor' });
    expect(socket.frames.filter(({ type }) => type === 'next')).toHaveLength(1);
    const again = await openOne();
    again.subscribe('a', ONE_TASK, { id: task.globalId, after: cursor });
    const told = await again.told('a');
    expect(told).toMatchObject({ sequence: sequence + 6, resync: true, task: { status: 'PROCESSING' } });
    await task.advance('succeed');
    expect(await again.told('a')).toMatchObject({ sequence: sequence + 7, resync: false });
  });
});

async function forgetAll(): Promise<void> {
  await runInDurableObject(ledgerOf('default'), (_ledger, { storage: { sql } }) => {
    sql.exec('DELETE FROM event');
    sql.exec(`UPDATE event_forgotten SET seq = (SELECT seq FROM sqlite_sequence WHERE name = 'event')`);
  });
}

describe('a client that reconnects with a cursor older than the log, while no task matches its filter', () => {
  const WATCH = `subscription ($filter: TaskFilterInput, $after: String) {
    taskUpdates(filter: $filter, after: $after) { cursor sequence resync task { id status } } }`;

  it('gets the resync with its next event, also after the hub was evicted', async ({ expect }) => {
    const first = await startTask(sandbox);
    const watching = await openOne();
    watching.subscribe('a', ONE_TASK, { id: first.globalId });
    const { cursor } = await watching.told('a');
    const second = await startTask(sandbox);
    await forgetAll();
    const variables = { filter: { status: ['SUCCEEDED'] }, after: cursor };
    const again = await openOne();
    again.subscribe('a', WATCH, variables);
    await again.isQuiet();
    const stream = await askStream('POST', 'text/event-stream', { query: WATCH, variables });
    for (const [task, resync] of [
      [first, true],
      [second, false],
    ] as const) {
      await withBusyHubs((hub) => evictDurableObject(hub));
      await task.advance('succeed');
      const told = { resync, task: { id: task.globalId, status: 'SUCCEEDED' } };
      expect(await again.told('a')).toMatchObject(told);
      expect(await stream.until(/data: .*\n\n$/)).toContain(`"resync":${resync},"task":{"id":"${task.globalId}"`);
    }
    await stream.leave();
  });
});

describe('a reader that catches up', () => {
  it('gets all the time it needs while it reads, however slowly', async ({ expect }) => {
    const socket = new FakeSocket();
    let nowMs = 0;
    const unread = createUnread(() => {
      unread.answered(socket.asSocket());
      return (nowMs += 9_000);
    }, sleep);
    for (let i = 0; i < 12; i += 1) unread.sent(socket.asSocket(), 131_072);
    expect(socket.sent).toEqual(Array.from({ length: 12 }, () => '{"type":"ping"}'));
    expect(await unread.drained(socket.asSocket())).toBe(true);
    expect(unread.chars(socket.asSocket())).toBe(262_144);
  });

  it('is given up when it reads nothing for 10 seconds', async ({ expect }) => {
    const socket = new FakeSocket();
    let nowMs = 0;
    const unread = createUnread(() => (nowMs += 900), sleep);
    unread.sent(socket.asSocket(), 300_000);
    expect(await unread.drained(socket.asSocket())).toBe(false);
    expect(nowMs).toBeGreaterThan(10_000);
  });

  it('gains no credit from pongs without a ping', ({ expect }) => {
    const socket = new FakeSocket().asSocket();
    const unread = createUnread(() => 0, sleep);
    for (let i = 0; i < 5; i += 1) unread.answered(socket);
    unread.sent(socket, 200_000);
    for (let i = 0; i < 5; i += 1) unread.answered(socket);
    unread.sent(socket, 100_000);
    expect(unread.chars(socket)).toBe(100_000);
  });
});
