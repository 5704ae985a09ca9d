import { describe, it } from 'vitest';
import type { PresentPlace, Watch } from '../../src/domain/ports.ts';
import { DAY_MS, type LedgerParts, withParts } from '../support/ledger-parts.ts';
import { createVoiceOnce } from '../support/ledger-tasks.ts';
import { openSandbox } from '../support/ledger.ts';
import { snapshotOf } from '../support/snapshots.ts';

openSandbox('present-state');

const all: Watch = { task: null, filter: { kind: null, statuses: [] } };
const statusesSeen = ({ queries }: LedgerParts, watch: Watch): string[] =>
  queries.catchUp(watch, null, null, null).events.map(({ task }) => task.status);

describe('the present state that a subscriber gets first', () => {
  it('leaves out a task that Kling may still refuse, because a refusal leaves no event', async ({ expect }) => {
    const { promise: answer, resolve: letKlingAnswer } = Promise.withResolvers<void>();
    const kling = { createVoiceTask: () => answer.then(() => snapshotOf('SUBMITTED')) };
    await withParts('untold', { kling }, async (parts) => {
      const creating = createVoiceOnce(parts);
      await expect.poll(() => parts.tasks.list(all.filter, null, 1)[0]?.phase).toBe('SENDING');
      expect(statusesSeen(parts, all)).toEqual([]);
      letKlingAnswer();
      await creating;
      expect(statusesSeen(parts, all)).toEqual(['SUBMITTED']);
    });
  });

  it('contains a waiting task as long as it waits, also after its events are deleted', async ({ expect }) => {
    const slots = { acquire: async () => ({ granted: false }) };
    await withParts('waits', { slots, limits: { taskAgeMaxMs: 3 * DAY_MS } }, async (parts) => {
      await createVoiceOnce(parts);
      expect(statusesSeen(parts, all)).toEqual(['QUEUED']);
      parts.clock.nowMs += 2 * DAY_MS;
      await parts.alarmHandler.run();
      expect(parts.events.oldestAtMs()).toBeNull();
      expect(statusesSeen(parts, all)).toEqual(['QUEUED']);
    });
  });

  it('contains no ended task, whatever statuses are watched', async ({ expect }) => {
    await withParts('ended', { kling: { createVoiceTask: async () => snapshotOf('FAILED') } }, async (parts) => {
      await createVoiceOnce(parts);
      for (const statuses of [[], ['FAILED'], ['FAILED', 'SUCCEEDED', 'PROCESSING']] as const) {
        expect(statusesSeen(parts, { task: null, filter: { kind: null, statuses } })).toEqual([]);
      }
    });
  });
});

/** Creates `count` tasks, which Kling accepts. */
async function makeTasks(parts: LedgerParts, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < count; i += 1) ids.push((await createVoiceOnce(parts)).id);
  return ids;
}

describe('the present state of more tasks than a page holds', () => {
  const kling = { createVoiceTask: async () => snapshotOf('SUBMITTED', { klingTaskId: crypto.randomUUID() }) };

  it('is a snapshot of one moment, whatever changes between two pages', async ({ expect }) => {
    await withParts('pages', { kling }, async (parts) => {
      const { queries, journal, events } = parts;
      const ids = await makeTasks(parts, 250);
      const [first = '', second = ''] = [ids[10], ids[150]];
      journal.apply(second, { type: 'SNAPSHOT', snapshot: snapshotOf('PROCESSING') });
      const head = events.head();

      const pages = [queries.catchUp(all, null, null, null)];
      for (let rest = pages[0]?.rest ?? null; rest !== null; rest = pages.at(-1)?.rest ?? null) {
        // Ends a task that was shown and one that was not, changes another, and creates a new one.
        for (const id of [first, second]) journal.apply(id, { type: 'SNAPSHOT', snapshot: snapshotOf('SUCCEEDED') });
        journal.apply(ids[249] ?? '', { type: 'SNAPSHOT', snapshot: snapshotOf('PROCESSING') });
        await createVoiceOnce(parts);
        pages.push(queries.catchUp(all, null, null, rest));
      }
      expect(pages.map((page) => page.events.length)).toEqual([100, 100, 50]);
      expect(new Set(pages.map(({ headSeq }) => headSeq))).toEqual(new Set([head]));

      const shown = pages.flatMap((page) => page.events);
      expect(shown.map(({ task }) => task.id)).toEqual(ids);
      const expected = ids.map((id) => (id === second ? 'PROCESSING' : 'SUBMITTED'));
      expect(shown.map(({ task }) => task.status)).toEqual(expected);
      // Only the last event has the head's sequence number. Later changes are all in the events after it.
      expect(shown.map(({ seq }) => seq)).toEqual(ids.map((_, i) => (i === 249 ? head : 0)));
      const after = queries.catchUp(all, null, head, null).events.map(({ task: { id, status } }) => [id, status]);
      expect(after).toContainEqual([first, 'SUCCEEDED']);
      expect(after).toContainEqual([second, 'SUCCEEDED']);
      expect(after).toContainEqual([ids[249], 'PROCESSING']);
      expect(after).toHaveLength(3 + 2);
    });
  });

  it('contains the newest 1,000 tasks, oldest first, and marks every page of a resync', async ({ expect }) => {
    await withParts('newest', { kling }, async (parts) => {
      const { queries } = parts;
      const ids = await makeTasks(parts, 1_003);
      const seen: string[] = [];
      let rest: PresentPlace | null = { taskSeqs: [], headSeq: 0, resync: true };
      for (let page = queries.catchUp(all, null, null, null); ; page = queries.catchUp(all, null, null, rest)) {
        seen.push(...page.events.map(({ task }) => task.id));
        if (page.rest === null) break;
        rest = page.rest;
      }
      expect(seen).toEqual(ids.slice(3));
      const marked = queries.catchUp(all, null, null, { taskSeqs: [1, 2], headSeq: parts.events.head(), resync: true });
      expect(marked.events.map(({ resync }) => resync)).toEqual([true, true]);
    });
  });
});
