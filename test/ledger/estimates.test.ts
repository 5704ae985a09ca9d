import { describe, expect, it } from 'vitest';
import type { LipSyncTask, TaskRecord } from '../../src/domain/records.ts';
import { countRows } from '../support/count-rows.ts';
import { type LedgerParts, withParts } from '../support/ledger-parts.ts';
import { createVoiceOnce } from '../support/ledger-tasks.ts';
import { changesOf, type LedgerStub, ledgerOf, openSandbox, valueOf } from '../support/ledger.ts';
import { snapshotOf } from '../support/snapshots.ts';

const sandbox = openSandbox('estimates');

const NONE = { kind: null, statuses: [] };
const WINDOW = { first: 100, after: null };
const KLING = { createVoiceTask: async () => snapshotOf('SUBMITTED') };

/** Makes a task that takes this time. */
async function run(parts: LedgerParts, durationMs: number): Promise<void> {
  const { id } = await createVoiceOnce(parts);
  parts.clock.nowMs += durationMs;
  const snapshot = snapshotOf('SUCCEEDED', { updatedAtMs: parts.clock.nowMs });
  parts.journal.apply(id, { type: 'SNAPSHOT', snapshot });
}

/** Returns when each open task of a list is expected to end, in milliseconds from now, the newest first. */
function expectedIn({ queries, clock }: LedgerParts): readonly (number | null)[] {
  const open = { ...NONE, statuses: ['SUBMITTED', 'PROCESSING'] as const };
  return queries
    .tasks(open, WINDOW)
    .edges.map(({ node: { estimatedEndAtMs = null } }) => estimatedEndAtMs && estimatedEndAtMs - clock.nowMs);
}

describe('the expected end of tasks', () => {
  it('is judged by the newest 20 that have succeeded, once there are 3', async () => {
    await withParts('estimates newest', { kling: KLING }, async (parts) => {
      const { id } = await createVoiceOnce(parts);
      await run(parts, 1_000);
      await run(parts, 1_000);
      expect(expectedIn(parts)).toEqual([null]);
      parts.journal.apply(id, { type: 'CLOSED', failure: { code: 'NOT_SENT', message: 'late' } });
      await createVoiceOnce(parts);
      expect(expectedIn(parts)).toEqual([null]);
      await run(parts, 1_000);
      await createVoiceOnce(parts);
      expect(expectedIn(parts)[0]).toBe(1_000);
      for (let i = 0; i < 20; i += 1) await run(parts, 9_000);
      await createVoiceOnce(parts);
      expect(expectedIn(parts)[0]).toBe(9_000);
    });
  });

  it('costs one bounded read for all tasks, and none until another task succeeds', async () => {
    await withParts('estimates reads', { kling: KLING }, async (parts, { sql }) => {
      for (let i = 0; i < 30; i += 1) await run(parts, 5_000);
      for (let i = 0; i < 30; i += 1) await createVoiceOnce(parts);
      const tasks = parts.tasks.list(NONE, null, 100).map(({ record }) => record);
      const rows = countRows(sql);
      const readsOf = (work: () => unknown): number => {
        const before = rows().read;
        work();
        return rows().read - before;
      };
      const { estimates } = parts;
      const ofAll = (): TaskRecord[] => tasks.map((task) => estimates.of(task));
      expect(ofAll().filter(({ estimatedEndAtMs }) => estimatedEndAtMs !== undefined)).toHaveLength(30);
      expect(readsOf(ofAll)).toBe(0);
      estimates.ended({ kind: 'VOICE', status: 'FAILED' });
      estimates.ended({ kind: 'LIP_SYNC', status: 'SUCCEEDED' });
      expect(readsOf(ofAll)).toBe(0);
      estimates.ended({ kind: 'VOICE', status: 'SUCCEEDED' });
      expect(readsOf(ofAll)).toBe(20);
      const final = tasks.filter(({ status }) => status === 'SUCCEEDED');
      estimates.ended({ kind: 'VOICE', status: 'SUCCEEDED' });
      expect(readsOf(() => final.map((task) => estimates.of(task)))).toBe(0);
    });
  });

  it('is that of its instant in an old change, that of now in the present state, and is never stored', async () => {
    await withParts('estimates changes', { kling: KLING }, async (parts, { sql }) => {
      const { queries, clock, events, tasks } = parts;
      for (let i = 0; i < 3; i += 1) await run(parts, 10_000 * (i + 1));
      const afterSeq = events.head();
      const { id } = await createVoiceOnce(parts);
      const atMs = clock.nowMs;
      clock.nowMs += 25_000;
      const watch = { task: { id, kind: 'VOICE' as const }, filter: NONE };
      const { edges } = queries.events(watch, WINDOW);
      expect(edges.map(({ node }) => node.task.estimatedEndAtMs)).toEqual([atMs + 20_000]);
      const missed = queries.catchUp(watch, null, afterSeq, null).events;
      expect(missed.map(({ task }) => task.estimatedEndAtMs)).toEqual([atMs + 20_000]);
      const present = queries.catchUp(watch, null, null, null).events;
      expect(present.map(({ task }) => task.estimatedEndAtMs)).toEqual([atMs + 30_000]);
      expect(tasks.find({ id })!.record.estimatedEndAtMs).toBeUndefined();
      const stored = sql.exec(`SELECT 1 FROM task, event WHERE instr(task.record || event.record, 'estimatedEnd') > 0`);
      expect(stored.toArray()).toEqual([]);
    });
  });
});

const INPUT = {
  face: { inVideo: { video: { url: 'https://example.com/clip.mp4' } } },
  audio: { speech: { text: 'Good morning, and welcome to the show.', klingVoiceId: 'oversea_male1' } },
};

async function endOf(ledger: LedgerStub, id: string): Promise<void> {
  await expect.poll(async () => (await ledger.task({ id }))?.status, { timeout: 20_000 }).toBe('SUCCEEDED');
}

describe('a lip-sync of a tenant whose lip-syncs have succeeded', () => {
  it('has an expected end in each event and each answer, until it has ended', async () => {
    await sandbox.configure({ submittedMs: 300, processingMs: 300 });
    const ledger = ledgerOf('events with estimates');
    for (let i = 0; i < 3; i += 1) {
      const { id, ...made } = valueOf(await ledger.createLipSyncTask(INPUT));
      expect(made).not.toHaveProperty('estimatedEndAtMs');
      await endOf(ledger, id);
    }
    const other = { ...INPUT, face: { inVideo: { video: { url: 'https://example.com/other.mp4' } } } };
    const first = valueOf(await ledger.createLipSyncTask(other));
    const [second] = valueOf(await ledger.createLipSyncTasks({ inputs: [INPUT] }));
    const many = valueOf(second!);
    const noted = valueOf(await ledger.updateTask({ id: first.id, kind: 'LIP_SYNC', label: 'noted' }));
    const read = await ledger.task({ id: many.id });
    const listed = valueOf(await ledger.tasks(NONE, WINDOW)).edges.map(({ node }) => node);
    const open = [first, many, noted, read!, ...listed].filter(({ status }) => status !== 'SUCCEEDED');
    expect(open.length).toBeGreaterThanOrEqual(6);
    expect(open.filter(({ estimatedEndAtMs = 0 }) => estimatedEndAtMs <= first.createdAtMs)).toEqual([]);
    await endOf(ledger, first.id);
    await endOf(ledger, many.id);
    for (const { id } of [first, many]) {
      const changes = await changesOf(ledger, id);
      const told = changes.map(({ task, atMs }) => {
        const { status, stage, estimatedEndAtMs = null } = task as LipSyncTask;
        return [`${status} ${stage}`, estimatedEndAtMs !== null && estimatedEndAtMs > atMs] as const;
      });
      expect(told.at(-1)).toEqual(['SUCCEEDED SYNCING', false]);
      const stages = ['PREPARING SPEAKING', 'QUEUED SYNCING', ...(id === first.id ? ['PREPARING SCANNING'] : [])];
      for (const stage of stages) {
        expect([stage, ...told.filter(([at]) => at === stage).map(([, isLater]) => isLater)]).toContain(true);
      }
      expect(told.filter(([at, isLater]) => /PREPARING|QUEUED/.test(at) && !isLater)).toEqual([]);
    }
  });
});
