import { runInDurableObject } from 'cloudflare:test';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import type { TaskRecord } from '../../src/domain/records.ts';
import { TASK_KINDS, TASK_STATUSES } from '../../src/domain/task.ts';
import { ALL_TASKS, matchesFilter, TASK_ORDERS, type TaskFilter, type TaskOrder } from '../../src/domain/list.ts';
import { countRows } from '../support/count-rows.ts';
import { lipSyncTask, voiceTask } from '../support/fake-ledger.ts';
import { createParts, type LedgerParts, withParts } from '../support/ledger-parts.ts';
import { createVoiceOnce } from '../support/ledger-tasks.ts';
import { ledgerOf, openSandbox } from '../support/ledger.ts';
import { snapshotOf } from '../support/snapshots.ts';

openSandbox('task-list');

const START_MS = 1_790_000_000_000;

/** Stores tasks of every kind, status and label, with 0 to 2 ms between two. */
function fill({ tasks, events }: LedgerParts, count: number): TaskRecord[] {
  return Array.from({ length: count }, (_, i) => {
    const label = [undefined, 'a', 'b', null][i % 4];
    const changes = {
      status: TASK_STATUSES[(i * 5) % TASK_STATUSES.length]!,
      createdAtMs: START_MS + i - (i % 3),
      ...(label === undefined ? {} : { label }),
    };
    const record = i % 2 === 0 || i % 7 === 0 ? voiceTask(`t${i}`, changes) : lipSyncTask(`t${i}`, changes);
    const schedule = { phase: 'WAITING', wakeAtMs: null, tries: 0, sends: 0, deadlineAtMs: 0 } as const;
    tasks.insert({ record, inputDigest: '', ...schedule }, '', 0);
    events.append(record, record.createdAtMs, 1);
    return record;
  });
}

const COUNT = 60;

const someMs = fc.integer({ min: START_MS - 5, max: START_MS + COUNT + 5 });
const someFilter: fc.Arbitrary<TaskFilter> = fc
  .record({
    kind: fc.option(fc.constantFrom(...TASK_KINDS)),
    statuses: fc.array(fc.constantFrom(...TASK_STATUSES), { maxLength: 8 }),
    from: fc.option(someMs),
    before: fc.option(someMs),
    label: fc.option(fc.constantFrom('a', 'b', 'none')),
  })
  .map(({ kind, statuses, from, before, label }) => ({
    kind,
    statuses,
    ...(from === null ? {} : { createdFromMs: from }),
    ...(before === null ? {} : { createdBeforeMs: before }),
    ...(label === null ? {} : { label }),
  }));

function idsOf(records: readonly TaskRecord[]): string[] {
  return records.map(({ id }) => id);
}

/** Reads a list to its end. */
function walk({ queries }: LedgerParts, filter: TaskFilter, order: TaskOrder, first: number): string[] {
  const ids: string[] = [];
  let after: string | null = null;
  for (let pages = 0; pages <= COUNT; pages += 1) {
    const { edges, hasNextPage } = queries.tasks(filter, { first, after }, order);
    ids.push(...edges.map(({ node }) => node.id));
    after = edges.at(-1)?.cursor ?? null;
    if (!hasNextPage) return ids;
  }
  throw new Error('the list does not end');
}

describe('a list of tasks', () => {
  it('has exactly the matching tasks in its order, in pages of any size', async ({ expect }) => {
    await withParts('every filter', {}, async (parts) => {
      const all = fill(parts, COUNT);
      fc.assert(
        fc.property(
          someFilter,
          fc.constantFrom(...TASK_ORDERS),
          fc.integer({ min: 1, max: 25 }),
          (filter, order, first) => {
            const matching = idsOf(all.filter((task) => matchesFilter(filter, task)));
            expect(walk(parts, filter, order, first)).toEqual(
              order === 'OLDEST_FIRST' ? matching : matching.toReversed(),
            );
          },
        ),
        { numRuns: 300 },
      );
    });
  });

  it('continues from the place of a cursor of another filter and order, also if its task is deleted', async ({
    expect,
  }) => {
    await withParts('cursors', {}, async (parts) => {
      const all = fill(parts, COUNT);
      const place = 30;
      const page = parts.queries.tasks({ ...ALL_TASKS, kind: all[place]!.kind }, { first: 100, after: null });
      const { cursor } = page.edges.find(({ node }) => node.id === all[place]!.id)!;
      parts.tasks.remove(all[place]!.id);
      const after = (filter: TaskFilter, order: TaskOrder) =>
        parts.queries.tasks(filter, { first: 100, after: cursor }, order).edges.map(({ node }) => node.id);
      const labelled = { ...ALL_TASKS, label: 'a' };
      const older = all.slice(0, place).toReversed();
      const newer = all.slice(place + 1);
      expect(after(ALL_TASKS, 'NEWEST_FIRST')).toEqual(idsOf(older));
      expect(after(ALL_TASKS, 'OLDEST_FIRST')).toEqual(idsOf(newer));
      expect(after(labelled, 'NEWEST_FIRST')).toEqual(idsOf(older.filter(({ label }) => label === 'a')));
      expect(after(labelled, 'OLDEST_FIRST')).toEqual(idsOf(newer.filter(({ label }) => label === 'a')));
    });
  });

  it('finds a task by its label as it is now', async ({ expect }) => {
    await withParts('labels', { kling: { createVoiceTask: async () => snapshotOf('SUBMITTED') } }, async (parts) => {
      const { id } = await createVoiceOnce(parts);
      const labelled = (label: string) => walk(parts, { ...ALL_TASKS, label }, 'NEWEST_FIRST', 5);
      const note = (label: string | null) => parts.journal.apply(id, { type: 'NOTED', notes: { label } });
      note('old');
      note('new');
      parts.journal.apply(id, { type: 'SNAPSHOT', snapshot: snapshotOf('PROCESSING') });
      expect([labelled('old'), labelled('new')]).toEqual([[], [id]]);
      note(null);
      expect(labelled('new')).toEqual([]);
    });
  });

  it('stays in the order of creation when the clock is set back', async ({ expect }) => {
    await withParts('clock', { kling: { createVoiceTask: async () => snapshotOf('SUBMITTED') } }, async (parts) => {
      const first = await createVoiceOnce(parts);
      parts.clock.nowMs -= 60_000;
      const second = await createVoiceOnce(parts);
      parts.clock.nowMs += 60_001;
      const third = await createVoiceOnce(parts);
      expect(second.createdAtMs).toBe(first.createdAtMs);
      const since = (createdFromMs: number) => walk(parts, { ...ALL_TASKS, createdFromMs }, 'OLDEST_FIRST', 5);
      expect(since(second.createdAtMs)).toEqual([first.id, second.id, third.id]);
      expect(since(third.createdAtMs)).toEqual([third.id]);
    });
  });

  it('does not delay a task that is created after the clock was set back', async ({ expect }) => {
    const kling = { createVoiceTask: async () => snapshotOf('SUBMITTED') };
    let isEvicted = false;
    // A ledger that is evicted while it asks for a slot never gets the answer.
    const acquire = () => (isEvicted ? new Promise<never>(() => {}) : Promise.resolve({ granted: true as const }));
    await withParts('clock and alarm', { kling, slots: { acquire } }, async (parts) => {
      await createVoiceOnce(parts);
      parts.clock.nowMs -= 60_000;
      isEvicted = true;
      void createVoiceOnce(parts, 'late');
      const findRow = () => parts.tasks.find({ externalId: 'late' });
      await expect.poll(findRow).not.toBeNull();
      expect(findRow()).toMatchObject({ phase: 'WAITING', wakeAtMs: parts.clock.nowMs });
    });
  });
});

it('the present state has exactly the open tasks that match, oldest first', async ({ expect }) => {
  await withParts('present', {}, async (parts) => {
    const all = fill(parts, COUNT);
    fc.assert(
      fc.property(someFilter, (filter) => {
        const { events } = parts.queries.catchUp({ task: null, filter }, null, null, null);
        const open = all.filter(({ status }) => !['SUCCEEDED', 'FAILED', 'CANCELLED'].includes(status));
        const matching = open.filter((task) => matchesFilter(filter, task));
        expect(events.map(({ task }) => task.id)).toEqual(idsOf(matching));
      }),
      { numRuns: 300 },
    );
  });
});

describe('a page of a list of 50,000 tasks', () => {
  const MANY = 50_000;
  const FIRST = 100;
  /** A page reads its rows, one more of each kind and status from an index, and the two bounds of the time. */
  const ROWS_MAX = (FIRST + 1) * (TASK_KINDS.length * TASK_STATUSES.length + 1) + 2;

  it(`reads at most ${ROWS_MAX} rows, in every order and with every filter`, async ({ expect }) => {
    await runInDurableObject(ledgerOf('many'), (_instance, { storage }) => {
      const { sql } = storage;
      // The few others are in the middle: two voices, two that have failed, and two with the label.
      sql.exec(
        `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
         INSERT INTO task (id, kind, status, input_digest, phase, deadline_at, created_at, record)
         SELECT 't' || i, iif(i IN (20000, 30000), 'VOICE', 'LIP_SYNC'), iif(i IN (20001, 30001), 'FAILED', 'SUCCEEDED'),
           '', 'DONE', 0, ?2 + i,
           json_object('id', 't' || i, 'createdAtMs', ?2 + i, 'label', CASE WHEN i IN (20002, 30002) THEN 'few' ELSE 'many' END)
         FROM n`,
        MANY,
        START_MS,
      );
      const { queries } = createParts(storage, {});
      const rows = countRows(sql);
      const kinds = [{}, { kind: 'LIP_SYNC' }, { kind: 'VOICE' }] as const;
      const statuses = [
        {},
        { statuses: ['FAILED'] },
        { statuses: ['SUCCEEDED'] },
        { statuses: TASK_STATUSES },
      ] as const;
      const times = [
        {},
        { createdFromMs: START_MS + 25_000 },
        { createdBeforeMs: START_MS + 25_000 },
        { createdFromMs: START_MS + 29_000, createdBeforeMs: START_MS + 31_000 },
        { createdFromMs: START_MS + MANY + 1 },
        { createdBeforeMs: START_MS },
      ];
      const labels = [{}, { label: 'few' }, { label: 'many' }, { label: 'none' }];
      let most = 0;
      for (const kind of kinds)
        for (const status of statuses)
          for (const time of times)
            for (const label of labels)
              for (const order of TASK_ORDERS) {
                const filter: TaskFilter = { ...ALL_TASKS, ...kind, ...status, ...time, ...label };
                const before = rows().read;
                const page = queries.tasks(filter, { first: FIRST, after: null }, order);
                const after = page.edges.at(-1)?.cursor ?? null;
                const between = rows().read;
                queries.tasks(filter, { first: FIRST, after }, order);
                most = Math.max(most, between - before, rows().read - between);
              }
      expect(most).toBeGreaterThan(FIRST);
      expect(most).toBeLessThanOrEqual(ROWS_MAX);
      const few = queries.tasks({ ...ALL_TASKS, kind: 'VOICE' }, { first: FIRST, after: null }, 'OLDEST_FIRST');
      expect(few.edges.map(({ node }) => node.id)).toEqual(['t20000', 't30000']);
    });
  });
});
