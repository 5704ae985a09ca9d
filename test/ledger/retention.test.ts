import { runInDurableObject } from 'cloudflare:test';
import { describe, it } from 'vitest';
import { gatewayFailure } from '../../src/domain/failure.ts';
import { DELETED_ROWS_MAX } from '../../src/lib/durable-object.ts';
import { createParts, DAY_MS, type LedgerParts, type PartsOptions, RETENTION } from '../support/ledger-parts.ts';
import { createVoiceOnce } from '../support/ledger-tasks.ts';
import { ledgerOf } from '../support/ledger.ts';
import { rowCountsOf } from '../support/row-counts.ts';
import { snapshotOf } from '../support/snapshots.ts';

const KLING: NonNullable<PartsOptions['kling']> = {
  createVoiceTask: async () => snapshotOf('SUBMITTED'),
  identifyFaces: async () => ({ sessionId: 's', faces: [], unitsDeducted: '0.05', klingRequestId: null }),
  synthesizeSpeech: async () => ({
    audioId: crypto.randomUUID(),
    url: 'https://example.com/a.mp3',
    durationMs: null,
    klingTaskId: null,
    unitsDeducted: '0.05',
    createdAtMs: null,
    klingRequestId: null,
  }),
};

const VOICE = { voiceId: 'v', name: 'Ann', trialUrl: null, owner: 'ACCOUNT', ownerId: null } as const;

interface Armed extends LedgerParts {
  /** The time that the ledger's writes have set the alarm to, or null if it is not set. */
  readonly alarm: { atMs: number | null };
  readonly counts: () => Readonly<Record<string, number>>;
  /** Moves the clock to the alarm, and runs it once. */
  readonly ring: () => Promise<void>;
  /** Runs the alarm until it is set to `endMs` or later, or is not set. Throws after 500 runs. */
  readonly ringUntil: (endMs: number) => Promise<void>;
}

/** Runs a test on a ledger whose writes set its alarm, as in the object. */
function withAlarm(name: string, options: PartsOptions, work: (ledger: Armed) => Promise<void>): Promise<void> {
  return runInDurableObject(ledgerOf(`retention ${name}`), async (_instance, { storage }) => {
    const alarm: Armed['alarm'] = { atMs: null };
    const arm = (): void => {
      alarm.atMs = parts.alarmHandler.nextAtMs();
    };
    const ring = async (): Promise<void> => {
      parts.clock.nowMs = Math.max(parts.clock.nowMs, alarm.atMs ?? 0);
      await parts.alarmHandler.run();
      await parts.settle();
      arm();
    };
    const parts: LedgerParts = createParts(storage, { kling: KLING, arm, ...options });
    await work({
      ...parts,
      alarm,
      counts: () => rowCountsOf(storage.sql),
      ring,
      async ringUntil(endMs) {
        for (let rings = 0; alarm.atMs !== null && alarm.atMs < endMs; rings += 1) {
          if (rings > 500) throw new Error('the alarm rang more than 500 times');
          await ring();
        }
      },
    });
  });
}

async function cancelOne(parts: LedgerParts, externalId: string | null = null): Promise<string> {
  const { id } = await createVoiceOnce(parts, externalId);
  parts.journal.apply(id, null, { phase: 'WAITING', sends: 0 });
  parts.journal.apply(id, { type: 'CANCELLED' });
  return id;
}

async function finishOne(parts: LedgerParts): Promise<void> {
  const { id } = await createVoiceOnce(parts);
  parts.journal.apply(id, { type: 'CLOSED', failure: gatewayFailure('NO_RESULT') });
}

function deleteVoice({ deps }: LedgerParts): void {
  deps.assets.keepVoice(VOICE);
  deps.assets.forgetVoice(VOICE.voiceId, deps.now());
  deps.arm();
}

const scan = ({ paidCalls }: LedgerParts) =>
  paidCalls.identifyFaces({ video: { url: 'https://example.com/v.mp4' } }, crypto.randomUUID());
const speak = ({ paidCalls }: LedgerParts) =>
  paidCalls.synthesizeSpeech(
    { speech: { text: 'Hello', klingVoiceId: 'v', language: 'en', speed: 1 } },
    crypto.randomUUID(),
  );

describe('retention', () => {
  it.for<[table: string, keptMs: number, keep: (parts: LedgerParts) => unknown]>([
    ['event', DAY_MS, finishOne],
    ['task', RETENTION.cancelledTaskMs, cancelOne],
    ['task', RETENTION.taskMs, finishOne],
    ['voice', RETENTION.deletedVoiceMs, deleteVoice],
    ['face_scan', RETENTION.faceScanMs, scan],
    ['speech', RETENTION.speechMs, speak],
    ['paid_call', RETENTION.externalIdMs, scan],
  ])('keeps rows of %s for %i ms, and deletes them by an alarm', async ([table, keptMs, keep], { expect }) => {
    await withAlarm(`${table} ${keptMs}`, {}, async (ledger) => {
      const { clock, counts, alarm, ring } = ledger;
      await keep(ledger);
      await ledger.settle();
      const kept = counts()[table]!;
      expect(kept).toBeGreaterThan(0);
      const endMs = clock.nowMs + keptMs;
      await ledger.ringUntil(endMs);
      expect([alarm.atMs, counts()[table]]).toEqual([endMs, kept]);
      clock.nowMs = endMs - 1;
      await ring();
      expect(counts()[table]).toBe(0);
    });
  });

  it('keeps the usage of a month as long as a task after the end of the month', async ({ expect }) => {
    await withAlarm('usage', {}, async (ledger) => {
      await scan(ledger);
      const { clock, deps, ring, alarm } = ledger;
      const monthEndMs = Date.parse('2026-10-01T00:00:00Z');
      expect([new Date(clock.nowMs).toISOString().slice(0, 7), deps.assets.milliunitsUsed('2026-09')]).toEqual([
        '2026-09',
        50,
      ]);
      await ledger.ringUntil(monthEndMs + RETENTION.taskMs);
      expect([alarm.atMs, deps.assets.milliunitsUsed('2026-09')]).toEqual([monthEndMs + RETENTION.taskMs, 50]);
      await ring();
      expect([alarm.atMs, deps.assets.milliunitsUsed('2026-09')]).toEqual([null, 0]);
    });
  });

  it('keeps a voice that is not deleted, and a task that has not ended', async ({ expect }) => {
    await withAlarm(
      'live',
      { limits: { taskAgeMaxMs: 10_000 * DAY_MS } },
      async ({ alarmHandler, clock, counts, ...parts }) => {
        parts.deps.assets.keepVoice(VOICE);
        await createVoiceOnce({ alarmHandler, clock, counts, ...parts } as LedgerParts);
        clock.nowMs += 5_000 * DAY_MS;
        await alarmHandler.run();
        expect(counts()).toMatchObject({ voice: 1, task: 1, request_part: 0 });
      },
    );
  });

  it('deletes all rows of tasks, scans, speeches and voices in the end, and then sets no alarm', async ({ expect }) => {
    await withAlarm('nothing', {}, async (ledger) => {
      const { counts, alarm } = ledger;
      const before = counts();
      for (let i = 0; i < 30; i += 1) {
        ledger.clock.nowMs += 3_600_000;
        await cancelOne(ledger);
        await finishOne(ledger);
        await scan(ledger);
        await speak(ledger);
        deleteVoice(ledger);
      }
      await ledger.settle();
      expect(counts()).not.toEqual(before);
      await ledger.ringUntil(Infinity);
      expect([alarm.atMs, counts()]).toEqual([null, before]);
    });
  });

  it(`deletes at most ${DELETED_ROWS_MAX} rows of a kind in a run, and runs again at once until all are deleted`, async ({
    expect,
  }) => {
    await withAlarm('batches', {}, async (ledger) => {
      const { counts, alarm, ring, clock } = ledger;
      const [rows, runs] = [2 * DELETED_ROWS_MAX + 1, 3];
      for (let i = 0; i < rows; i += 1) await cancelOne(ledger);
      await ledger.settle();
      const left: number[] = [];
      clock.nowMs += RETENTION.cancelledTaskMs;
      for (let i = 0; i < runs; i += 1) {
        expect(alarm.atMs).toBeLessThanOrEqual(clock.nowMs);
        await ring();
        left.push(counts()['task']!);
      }
      expect(left).toEqual([rows - DELETED_ROWS_MAX, 1, 0]);
    });
  });
});

describe('a task that retention deletes', () => {
  it('owns its external id until then, and after that the id creates a new task', async ({ expect }) => {
    await withAlarm('external id', {}, async (ledger) => {
      const { clock, alarmHandler } = ledger;
      const id = await cancelOne(ledger, 'order-1');
      clock.nowMs += RETENTION.cancelledTaskMs - 1;
      await alarmHandler.run();
      expect((await createVoiceOnce(ledger, 'order-1')).id).toBe(id);
      clock.nowMs += 1;
      await alarmHandler.run();
      expect((await createVoiceOnce(ledger, 'order-1')).id).not.toBe(id);
    });
  });

  it('makes no page of a list skip a task, and its sequence number is never reused', async ({ expect }) => {
    await withAlarm('cursors', {}, async (ledger) => {
      const { clock, alarmHandler, queries, tasks } = ledger;
      const ids = [await cancelOne(ledger), (await createVoiceOnce(ledger)).id, await cancelOne(ledger)];
      const [oldest = '', kept = ''] = ids;
      const filter = { kind: null, statuses: [] };
      const first = queries.tasks(filter, { first: 1, after: null });
      const [{ cursor, node } = { cursor: '', node: { id: '' } }] = first.edges;
      expect(node.id).toBe(ids.at(-1));
      const newestSeq = tasks.find({ id: node.id })!.seq;
      clock.nowMs += RETENTION.cancelledTaskMs;
      await alarmHandler.run();
      expect([tasks.find({ id: oldest }), tasks.find({ id: node.id })]).toEqual([null, null]);
      // The cursor is that of a deleted task.
      expect(queries.tasks(filter, { first: 5, after: cursor }).edges.map((edge) => edge.node.id)).toEqual([kept]);
      const { id } = await createVoiceOnce(ledger);
      expect(tasks.find({ id })!.seq).toBeGreaterThan(newestSeq);
    });
  });
});
