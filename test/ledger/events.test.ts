import type { TaskChange } from '../../src/domain/records.ts';
import { describe, it } from 'vitest';
import type { Slice, Window } from '../../src/domain/list.ts';
import type { Watch } from '../../src/domain/ports.ts';
import type { Result } from '../../src/errors.ts';
import { createVoiceOnce } from '../support/ledger-tasks.ts';
import { snapshotOf } from '../support/snapshots.ts';
import { DAY_MS, withParts, type LedgerParts, type PartsOptions } from '../support/ledger-parts.ts';
import { failureOf, ledgerOf, openSandbox, valueOf, voiceInput } from '../support/ledger.ts';

openSandbox('events');

const kling: PartsOptions['kling'] = {
  createVoiceTask: async (_request, { externalTaskId }) =>
    snapshotOf('SUBMITTED', { klingTaskId: `kling-${externalTaskId}` }),
};

const ALL: Watch = { task: null, filter: { kind: null, statuses: [] } };

function read({ queries }: LedgerParts, taskId: string | null, window: Partial<Window> = {}): Slice<TaskChange> {
  const task = taskId === null ? null : ({ id: taskId, kind: 'VOICE' } as const);
  return queries.events({ ...ALL, task }, { first: 1000, after: null, ...window });
}
const seqs = ({ edges }: Slice<TaskChange>) => edges.map(({ node }) => node.seq);

async function cursorOf(page: Promise<Result<Slice<unknown>>>): Promise<string> {
  return valueOf(await page).edges[0]!.cursor;
}

/** Switches a task between two statuses of equal rank, 1 ms apart, so that each switch is a change. */
function change(parts: LedgerParts, id: string, times: number): void {
  for (let i = 0; i < times; i += 1) {
    parts.clock.nowMs += 1;
    const status = parts.tasks.find({ id })?.record.status === 'PROCESSING' ? 'UNRECOGNIZED' : 'PROCESSING';
    parts.ingest(id, snapshotOf(status, { klingTaskId: `kling-${id}`, updatedAtMs: parts.clock.nowMs }));
  }
}

describe('the log of changes', () => {
  it('is gapless for the tenant, and in order for each task', async ({ expect }) => {
    await withParts('gapless', { kling }, async (parts) => {
      const a = (await createVoiceOnce(parts)).id;
      const b = (await createVoiceOnce(parts)).id;
      for (let i = 0; i < 5; i += 1) for (const id of [a, b]) change(parts, id, 1);
      expect(seqs(read(parts, null))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
      expect(seqs(read(parts, a))).toEqual([1, 3, 5, 7, 9, 11]);
      expect(read(parts, b).edges.every(({ node }) => node.task.id === b && !node.resync)).toBe(true);
    });
  });

  it('is read in pages without a gap or a repeat, from any cursor', async ({ expect }) => {
    await withParts('pages', { kling }, async (parts) => {
      const { id } = await createVoiceOnce(parts);
      change(parts, id, 10);
      for (const first of [1, 3, 4, 11, 12]) {
        const found: number[] = [];
        let after: string | null = null;
        for (let more = true; more;) {
          const page: Slice<TaskChange> = read(parts, id, { first, after });
          found.push(...seqs(page));
          more = page.hasNextPage;
          after = page.edges.at(-1)?.cursor ?? after;
        }
        expect(found).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
        expect(read(parts, id, { after }).edges).toEqual([]);
      }
    });
  });

  it('shows each change with the task as it was right after it', async ({ expect }) => {
    await withParts('as it was', { kling }, async (parts) => {
      const { id } = await createVoiceOnce(parts);
      change(parts, id, 2);
      const { edges } = read(parts, id);
      expect(edges.map(({ node }) => node.task.status)).toEqual(['SUBMITTED', 'PROCESSING', 'UNRECOGNIZED']);
    });
  });
});

describe('a cursor', () => {
  it('older than the kept log gets a resync, and a newer one or none does not', async ({ expect }) => {
    await withParts('resync', { kling }, async (parts) => {
      const { id } = await createVoiceOnce(parts);
      const early = read(parts, null).edges[0]!.cursor;
      change(parts, id, 1);
      const late = read(parts, null).edges[1]!.cursor;
      parts.clock.nowMs += DAY_MS + 1;
      change(parts, id, 1);
      await parts.alarmHandler.run();
      const flags = (after: string | null) =>
        read(parts, id, { after }).edges.map(({ node }) => [node.seq, node.resync]);
      expect(flags(early)).toEqual([[3, true]]);
      expect(flags(late)).toEqual([[3, false]]);
      expect(flags(null)).toEqual([[3, false]]);
    });
  });

  const stub = ledgerOf('cursors');

  it.for(['', ' ', 'garbled', '§', 'x'.repeat(10_000), btoa('event.1'), btoa('event-00000000.1'), '0', 'MQ'])(
    'that is garbled is BAD_USER_INPUT: %#',
    async (after, { expect }) => {
      expect(failureOf(await stub.events(ALL, { first: 1, after }))).toMatchObject({
        code: 'BAD_USER_INPUT',
        issues: [{ path: ['after'] }],
      });
    },
  );

  it('of another tenant or of another list is BAD_USER_INPUT', async ({ expect }) => {
    valueOf(await stub.createVoiceTask(voiceInput('x')));
    const foreign = valueOf(await ledgerOf('other').createVoiceTask(voiceInput('x')));
    expect(foreign.id).toBeTruthy();
    const window = { first: 1, after: null };
    const theirs = await cursorOf(ledgerOf('other').events(ALL, window));
    const event = await cursorOf(stub.events(ALL, window));
    const task = await cursorOf(stub.tasks({ kind: null, statuses: [] }, window));
    const first = 1;
    expect(failureOf(await stub.events(ALL, { first, after: theirs })).code).toBe('BAD_USER_INPUT');
    expect(failureOf(await stub.events(ALL, { first, after: task })).code).toBe('BAD_USER_INPUT');
    expect(failureOf(await stub.tasks({ kind: null, statuses: [] }, { first, after: event })).code).toBe(
      'BAD_USER_INPUT',
    );
    expect(failureOf(await stub.voices({ first, after: event })).code).toBe('BAD_USER_INPUT');
    expect(valueOf(await stub.events(ALL, { first, after: event }))).toMatchObject({
      hasNextPage: expect.any(Boolean),
    });
  });
});

describe('the retention of events', () => {
  it('deletes the oldest events in steps of 500, and never reuses a sequence number', async ({ expect }) => {
    await withParts('retention', { kling, limits: { eventsPerTaskMax: 100_000 } }, async (parts) => {
      const { id } = await createVoiceOnce(parts);
      change(parts, id, 1199);
      parts.clock.nowMs += DAY_MS + 1;
      for (const [left, forgotten] of [
        [700, 500],
        [200, 1000],
        [0, 1200],
        [0, 1200],
      ] as const) {
        expect(left === 0 && forgotten === 1200 ? true : parts.alarmHandler.nextAtMs()! <= parts.clock.nowMs).toBe(
          true,
        );
        parts.events.deleteUntil(parts.clock.nowMs - DAY_MS, 500);
        expect([seqs(read(parts, null, { first: 2000 })).length, parts.events.forgotten()]).toEqual([left, forgotten]);
      }
      change(parts, id, 1);
      expect(seqs(read(parts, null))).toEqual([1201]);
    });
  });

  it('keeps the newest events of a busy task, and deletes none of other tasks', async ({ expect }) => {
    await withParts('trim', { kling, limits: { eventsPerTaskMax: 10 } }, async (parts) => {
      const quiet = (await createVoiceOnce(parts)).id;
      const busy = (await createVoiceOnce(parts)).id;
      change(parts, busy, 30);
      expect(seqs(read(parts, quiet))).toEqual([1]);
      expect(seqs(read(parts, busy))).toEqual([23, 24, 25, 26, 27, 28, 29, 30, 31, 32]);
      expect(parts.events.forgotten()).toBe(22);
    });
  });

  it('sets the alarm for the oldest event, also when nothing else is due', async ({ expect }) => {
    await withParts(
      'wakes',
      { kling: { ...kling, readVoiceTask: async () => snapshotOf('SUCCEEDED', { klingTaskId: 'kling-task-1' }) } },
      async (parts) => {
        const { id } = await createVoiceOnce(parts);
        const createdAtMs = parts.clock.nowMs;
        parts.clock.nowMs += 5000;
        await parts.alarmHandler.run();
        expect(parts.tasks.find({ id })?.phase).toBe('DONE');
        expect(parts.alarmHandler.nextAtMs()).toBe(createdAtMs + DAY_MS);
      },
    );
  });
});
