import { runInDurableObject } from 'cloudflare:test';
import { describe, it, vi } from 'vitest';
import type { CatchUp, PresentPlace, Watch } from '../../src/domain/ports.ts';
import { type CatchUpDeps, createSharedCatchUp } from '../../src/hub/catch-up.ts';
import { TaskLedger } from '../../src/ledger/task-ledger.ts';
import { taskChange } from '../support/fan-out.ts';
import { ledgerOf, openSandbox } from '../support/ledger.ts';
import { startTask, ALL_TASKS, useSockets } from '../support/socket.ts';
import { TENANT } from '../support/token.ts';

const sandbox = openSandbox('shared-catch-up');
const openSocket = useSockets();

const LIST: Watch = { task: null, filter: { kind: null, statuses: [] } };
const ONE: Watch = { ...LIST, task: { id: 'task-1', kind: 'VOICE' } };
const REST: PresentPlace = { taskSeqs: [2], headSeq: 5, resync: false };

function pageAt(headSeq: number): CatchUp {
  const events = [taskChange(headSeq)];
  return { headSeq, headCursor: `${headSeq}`, hasMore: false, rest: null, resync: false, isOver: false, events };
}

function shared(appliedSeq: () => number) {
  const read = vi.fn<CatchUpDeps['catchUp']>(async () => ({ ok: true, value: pageAt(5) }));
  return { read, catchUp: createSharedCatchUp(read, appliedSeq) };
}

describe('subscribers that start together', () => {
  it('share one read, and its page until a later event comes', async ({ expect }) => {
    let applied = 5;
    const { read, catchUp } = shared(() => applied);
    const pages = await Promise.all(Array.from({ length: 10 }, () => catchUp('a', LIST, null, null, null)));
    expect(new Set(pages.map((page) => page.ok && page.value.headSeq))).toEqual(new Set([5]));
    await catchUp('a', LIST, null, null, null);
    expect(read).toHaveBeenCalledTimes(1);
    applied = 6;
    await catchUp('a', LIST, null, null, null);
    expect(read).toHaveBeenCalledTimes(2);
  });

  it('share later pages of the present state, which show one moment', async ({ expect }) => {
    const { read, catchUp } = shared(() => 9);
    await catchUp('a', LIST, null, null, REST);
    await catchUp('a', LIST, null, null, REST);
    expect(read).toHaveBeenCalledTimes(1);
  });

  it.for<readonly [what: string, ...Parameters<CatchUpDeps['catchUp']>]>([
    ['of another tenant', 'b', LIST, null, null, null],
    ['with another cursor', 'a', LIST, 'cursor', null, null],
    ['with a later start', 'a', LIST, null, 3, null],
    ['of another filter', 'a', { ...LIST, filter: { kind: 'VOICE', statuses: [] } }, null, null, null],
    ['of another page', 'a', LIST, null, null, REST],
  ])('share no read with one %s', async ([_what, ...other], { expect }) => {
    const { read, catchUp } = shared(() => 5);
    await catchUp('a', LIST, null, null, null);
    await catchUp(...other);
    expect(read).toHaveBeenCalledTimes(2);
  });

  it('of one task share only a read under way, because a task may be withdrawn without an event', async ({
    expect,
  }) => {
    const { read, catchUp } = shared(() => 5);
    await Promise.all([catchUp('a', ONE, null, null, null), catchUp('a', ONE, null, null, null)]);
    expect(read).toHaveBeenCalledTimes(1);
    await catchUp('a', ONE, null, null, null);
    expect(read).toHaveBeenCalledTimes(2);
  });

  it('are refused together, and the refusal is not cached', async ({ expect }) => {
    const { read, catchUp } = shared(() => 5);
    read.mockResolvedValueOnce({ ok: false, failure: { code: 'RATE_LIMITED', message: '', retryable: true } });
    const both = await Promise.all([catchUp('a', LIST, null, null, null), catchUp('a', LIST, null, null, null)]);
    expect(both.map(({ ok }) => ok)).toEqual([false, false]);
    expect((await catchUp('a', LIST, null, null, null)).ok).toBe(true);
    read.mockRejectedValueOnce(new Error('reset'));
    await expect(catchUp('a', LIST, 'x', null, null)).rejects.toThrow('reset');
    expect((await catchUp('a', LIST, 'x', null, null)).ok).toBe(true);
  });
});

it('twenty subscribers of 250 open tasks get each once, with at most three reads of the ledger for each hub', async ({
  expect,
}) => {
  const task = await startTask(sandbox);
  await runInDurableObject(ledgerOf(TENANT), (_ledger, { storage }) => {
    for (let i = 0; i < 249; i += 1) {
      storage.sql.exec(
        `INSERT INTO task (id, kind, status, external_id, input_digest, phase, wake_at, tries, sends, deadline_at, record)
         SELECT 'copy-' || ?1, kind, 'PROCESSING', NULL, input_digest, phase, NULL, tries, sends, deadline_at,
           json_set(record, '$.id', 'copy-' || ?1, '$.status', 'PROCESSING') FROM task WHERE id = ?2`,
        i,
        task.id,
      );
    }
  });
  const read = vi.spyOn(TaskLedger.prototype, 'catchUp');
  const sockets = [await openSocket(), await openSocket()];
  for (const socket of sockets) {
    for (let i = 0; i < 10; i += 1) socket.subscribe(`${i}`, ALL_TASKS);
  }
  for (const { frames } of sockets) {
    await expect.poll(() => frames.filter(({ type }) => type === 'next').length).toBe(2_500);
    const ids = frames.flatMap(({ id, payload }) => {
      const told = payload?.data?.['taskUpdates'] as { readonly task: { readonly id: string } } | undefined;
      return id === '3' && told !== undefined ? [told.task.id] : [];
    });
    expect(ids[0]).toBe(task.globalId);
    expect(new Set(ids).size).toBe(250);
  }
  // The two sockets may be on two hubs, and each hub reads for itself.
  expect(read.mock.calls.length).toBeLessThanOrEqual(6);
});
