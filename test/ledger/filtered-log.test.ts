import { runInDurableObject } from 'cloudflare:test';
import { describe, it } from 'vitest';
import type { Slice, TaskFilter } from '../../src/domain/list.ts';
import type { Watch } from '../../src/domain/ports.ts';
import type { TaskChange } from '../../src/domain/records.ts';
import { countRows } from '../support/count-rows.ts';
import { createParts, DAY_MS, type LedgerParts, type PartsOptions, withParts } from '../support/ledger-parts.ts';
import { createVoiceOnce } from '../support/ledger-tasks.ts';
import { ledgerOf, openSandbox } from '../support/ledger.ts';
import { snapshotOf } from '../support/snapshots.ts';

openSandbox('filtered-log');

const kling: PartsOptions['kling'] = { createVoiceTask: async () => snapshotOf('SUBMITTED') };
const limits: PartsOptions['limits'] = { eventsPerTaskMax: 100_000 };
const ALL: TaskFilter = { kind: null, statuses: [] };
const FAILED: TaskFilter = { ...ALL, statuses: ['FAILED'] };
const ofAll = (filter: TaskFilter): Watch => ({ task: null, filter });

/** The most changes that one page examines. */
const EXAMINED_MAX = 500;

/** Notes a task `times` times. Each note is a change that leaves its status as it was. */
function note({ journal }: LedgerParts, id: string, times: number): void {
  for (let i = 0; i < times; i += 1) journal.apply(id, { type: 'NOTED', notes: { label: crypto.randomUUID() } });
}

function fail({ journal }: LedgerParts, id: string): void {
  journal.apply(id, { type: 'SNAPSHOT', snapshot: snapshotOf('FAILED') });
}

const seqs = ({ edges }: Slice<TaskChange>): number[] => edges.map(({ node }) => node.seq);

/** Reads pages until `hasNextPage` is false. Fails if a page does not lead further. */
function walk({ queries }: LedgerParts, watch: Watch, first: number): Slice<TaskChange>[] {
  const pages: Slice<TaskChange>[] = [];
  let after: string | null = null;
  for (let more = true; more;) {
    const page: Slice<TaskChange> = queries.events(watch, { first, after });
    pages.push(page);
    if (page.hasNextPage && (page.endCursor ?? after) === after) throw new Error('a page does not lead further');
    more = page.hasNextPage;
    after = page.endCursor ?? after;
  }
  return pages;
}

describe('the log with a filter', () => {
  it('shows the changes after which the task matches, in pages without a gap or a repeat', async ({ expect }) => {
    await withParts('matches', { kling }, async (parts) => {
      const ids: string[] = [];
      for (let i = 0; i < 4; i += 1) ids.push((await createVoiceOnce(parts)).id);
      for (const id of ids) note(parts, id, 2);
      for (const id of ids.slice(0, 3)) fail(parts, id);
      note(parts, ids[0]!, 1);
      for (const [filter, expected] of [
        [ALL, Array.from({ length: 16 }, (_, i) => i + 1)],
        [FAILED, [13, 14, 15, 16]],
        [{ ...ALL, statuses: ['FAILED', 'SUCCEEDED'] }, [13, 14, 15, 16]],
        [{ ...FAILED, kind: 'VOICE' }, [13, 14, 15, 16]],
        [{ ...ALL, kind: 'LIP_SYNC' }, []],
      ] as const) {
        for (const first of [1, 2, 3, 4, 100])
          expect(walk(parts, ofAll(filter), first).flatMap(seqs)).toEqual(expected);
      }
      const task = { id: ids[0]!, kind: 'VOICE' } as const;
      expect(walk(parts, { task, filter: FAILED }, 1).flatMap(seqs)).toEqual([13, 16]);
    });
  });

  it('matches the label that the task has right after each change, and the time of its creation', async ({
    expect,
  }) => {
    await withParts('label and time', { kling }, async (parts) => {
      const { journal, clock } = parts;
      const early = await createVoiceOnce(parts);
      clock.nowMs += 1_000;
      const late = await createVoiceOnce(parts);
      for (const label of ['a', 'b', 'a']) journal.apply(early.id, { type: 'NOTED', notes: { label } });
      for (const [filter, expected] of [
        [{ ...ALL, label: 'a' }, [3, 5]],
        [{ ...ALL, label: 'b' }, [4]],
        [{ ...ALL, createdFromMs: late.createdAtMs }, [2]],
        [{ ...ALL, createdBeforeMs: late.createdAtMs }, [1, 3, 4, 5]],
        [{ ...ALL, createdFromMs: late.createdAtMs, label: 'a' }, []],
      ] as const) {
        for (const first of [1, 100]) expect(walk(parts, ofAll(filter), first).flatMap(seqs)).toEqual(expected);
      }
    });
  });

  it.for([
    ['one change less than a page examines', EXAMINED_MAX - 1, [[EXAMINED_MAX]]],
    ['as many changes as a page examines', EXAMINED_MAX, [[], [EXAMINED_MAX + 1]]],
    ['twice as many and one more', 2 * EXAMINED_MAX + 1, [[], [], [2 * EXAMINED_MAX + 2]]],
  ] as const)('finds a match after %s', async ([, others, expected], { expect }) => {
    await withParts(`after ${others}`, { kling, limits }, async (parts) => {
      const { id } = await createVoiceOnce(parts);
      note(parts, id, others - 1);
      fail(parts, id);
      for (const watch of [ofAll(FAILED), { task: { id, kind: 'VOICE' }, filter: FAILED } as const]) {
        expect(walk(parts, watch, 10).map(seqs)).toEqual(expected);
      }
    });
  });

  it('says that nothing follows exactly if the last change was examined', async ({ expect }) => {
    await withParts('the end', { kling, limits }, async (parts) => {
      const { queries, events } = parts;
      const { id } = await createVoiceOnce(parts);
      note(parts, id, EXAMINED_MAX - 1);
      const window = { first: 10, after: null };
      const end = { edges: [], hasNextPage: false, endCursor: events.cursorOf(EXAMINED_MAX) };
      expect(queries.events(ofAll(FAILED), window)).toEqual(end);
      note(parts, id, 1);
      expect(queries.events(ofAll(FAILED), window)).toEqual({ ...end, hasNextPage: true });
      // Nothing is left to examine, so the reader keeps its cursor.
      const after = events.cursorOf(EXAMINED_MAX + 1);
      expect(queries.events(ofAll(FAILED), { first: 10, after })).toEqual({ ...end, endCursor: null });
    });
  });

  it('goes on after a full page right after its last edge, or after later changes that do not match', async ({
    expect,
  }) => {
    await withParts('full', { kling, limits }, async (parts) => {
      const { queries, events } = parts;
      const [a, b] = [await createVoiceOnce(parts), await createVoiceOnce(parts)];
      fail(parts, a.id);
      const page = () => queries.events(ofAll(FAILED), { first: 1, after: null });
      expect([seqs(page()), page().hasNextPage, page().endCursor]).toEqual([[3], false, events.cursorOf(3)]);
      note(parts, b.id, 2);
      expect([seqs(page()), page().hasNextPage, page().endCursor]).toEqual([[3], false, events.cursorOf(5)]);
      fail(parts, b.id);
      expect([seqs(page()), page().hasNextPage, page().endCursor]).toEqual([[3], true, events.cursorOf(5)]);
    });
  });

  it('reads at most 501 changes for a page, however many there are', async ({ expect }) => {
    await runInDurableObject(ledgerOf('cost'), async (_instance, { storage }) => {
      const parts = createParts(storage, { kling, limits });
      const { id } = await createVoiceOnce(parts);
      note(parts, id, 2_000);
      const read = (watch: Watch): number => {
        const rows = countRows(storage.sql);
        parts.queries.events(watch, { first: 100, after: null });
        return rows().read;
      };
      // Each change is joined with its task, and a few rows are read for every page.
      expect(read(ofAll(FAILED))).toBeLessThan(2 * (EXAMINED_MAX + 1) + 10);
      expect(read({ task: { id, kind: 'VOICE' }, filter: FAILED })).toBeLessThan(3 * (EXAMINED_MAX + 1) + 10);
      expect(read(ofAll(ALL))).toBeLessThan(2 * 101 + 10);
    });
  });

  it('shows nothing of a task by an id of the other kind, whatever the filter', async ({ expect }) => {
    await withParts('forged', { kling }, async (parts) => {
      const { id } = await createVoiceOnce(parts);
      for (const filter of [ALL, FAILED, { ...ALL, kind: 'VOICE' } as const]) {
        const forged = parts.queries.events({ task: { id, kind: 'LIP_SYNC' }, filter }, { first: 1, after: null });
        expect(forged).toEqual({ edges: [], hasNextPage: false });
      }
    });
  });
});

/** Deletes the first change, and leaves 500 that do not match and two that do. */
async function forget(parts: LedgerParts): Promise<{ readonly early: string; readonly id: string }> {
  const { id } = await createVoiceOnce(parts);
  const early = parts.events.cursorOf(1);
  note(parts, id, 1);
  parts.clock.nowMs += DAY_MS + 1;
  note(parts, id, EXAMINED_MAX);
  parts.events.deleteUntil(parts.clock.nowMs - DAY_MS, 500);
  fail(parts, id);
  note(parts, id, 1);
  return { early, id };
}

describe('a reader whose cursor is older than the log', () => {
  it('learns of the gap from the first change that it gets, also after empty pages', async ({ expect }) => {
    await withParts('gap', { kling, limits }, async (parts) => {
      const { early } = await forget(parts);
      const empty = parts.queries.events(ofAll(FAILED), { first: 1, after: early });
      expect(empty).toMatchObject({ edges: [], hasNextPage: true });
      const late = parts.queries.events(ofAll(FAILED), { first: 1, after: empty.endCursor! });
      expect(late.edges.map(({ node }) => [node.seq, node.resync])).toEqual([[EXAMINED_MAX + 3, true]]);
      const next = parts.queries.events(ofAll(FAILED), { first: 1, after: late.endCursor! });
      expect(next.edges.map(({ node }) => [node.seq, node.resync])).toEqual([[EXAMINED_MAX + 4, false]]);
    });
  });

  it('and who subscribes after an empty page gets the present state as a resync', async ({ expect }) => {
    await withParts('gap, then live', { kling, limits }, async (parts) => {
      const { early } = await forget(parts);
      const { id } = await createVoiceOnce(parts);
      const { endCursor } = parts.queries.events(ofAll(FAILED), { first: 1, after: early });
      const { events } = parts.queries.catchUp(ofAll(ALL), endCursor!, null, null);
      expect(events.map(({ task, resync }) => [task.id, resync])).toEqual([[id, true]]);
    });
  });

  it('cannot use such a cursor of another tenant', async ({ expect }) => {
    const foreign = await withParts('theirs', { kling, limits }, async (parts) => {
      const { early } = await forget(parts);
      return parts.queries.events(ofAll(FAILED), { first: 1, after: early }).endCursor!;
    });
    await withParts('mine', { kling }, async ({ queries }) => {
      expect(() => queries.events(ofAll(ALL), { first: 1, after: foreign })).toThrow('is not a cursor of this list');
    });
  });
});

describe('the catch-up of missed changes', () => {
  it('examines up to 500 changes for a page, and sends at most 100', async ({ expect }) => {
    await withParts('pages of the missed', { kling, limits }, async (parts) => {
      const { id } = await createVoiceOnce(parts);
      note(parts, id, 1_200);
      fail(parts, id);
      const pagesOf = (filter: TaskFilter): (readonly [sent: number, headSeq: number])[] => {
        const pages: (readonly [number, number])[] = [];
        let [seen, more] = [1, true];
        for (; more;) {
          const { events, headSeq, hasMore } = parts.queries.catchUp(ofAll(filter), null, seen, null);
          pages.push([events.length, headSeq]);
          [seen, more] = [headSeq, hasMore];
        }
        return pages;
      };
      expect(pagesOf(FAILED)).toEqual([
        [0, 501],
        [0, 1_001],
        [1, 1_202],
      ]);
      expect(pagesOf(ALL).slice(-2)).toEqual([
        [100, 1_201],
        [1, 1_202],
      ]);
    });
  });
});

describe('the catch-up of one task with a filter', () => {
  it('shows the present state only if it matches, and ends with the task', async ({ expect }) => {
    await withParts('one task', { kling }, async (parts) => {
      const { queries, events } = parts;
      const { id } = await createVoiceOnce(parts);
      const watch = { task: { id, kind: 'VOICE' }, filter: FAILED } as const;
      const caught = (after: string | null) => {
        const page = queries.catchUp(watch, after, null, null);
        return [page.events.map(({ seq }) => seq), page.isOver];
      };
      const start = events.cursorOf(1);
      expect([caught(null), caught(start)]).toEqual([
        [[], false],
        [[], false],
      ]);
      const other = { ...watch, filter: { ...ALL, statuses: ['SUCCEEDED'] } } as const;
      fail(parts, id);
      expect([caught(null), caught(start)]).toEqual([
        [[2], true],
        [[2], true],
      ]);
      expect(queries.catchUp(other, null, null, null)).toMatchObject({ events: [], isOver: true });
      expect(queries.catchUp(other, start, null, null)).toMatchObject({ events: [], isOver: true });
    });
  });

  it('is NOT_FOUND for an id of the other kind and for an unknown one', async ({ expect }) => {
    await withParts('not found', { kling }, async (parts) => {
      const { id } = await createVoiceOnce(parts);
      for (const task of [
        { id, kind: 'LIP_SYNC' },
        { id: 'unknown', kind: 'VOICE' },
      ] as const) {
        expect(() => parts.queries.catchUp({ task, filter: ALL }, null, null, null)).toThrow('There is no such task.');
      }
    });
  });
});
