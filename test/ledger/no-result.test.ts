import { describe, it } from 'vitest';
import type { LipSyncSnapshot } from '../../src/domain/task.ts';
import type { KlingClient } from '../../src/kling/client.ts';
import { withParts, type LedgerParts, type PartsOptions } from '../support/ledger-parts.ts';
import { createLipSyncOnce, createVoiceOnce, lipSyncOf } from '../support/ledger-tasks.ts';
import { snapshotOf } from '../support/snapshots.ts';

const MINUTE_MS = 60_000;

type Said = 'PROCESSING' | 'EMPTY' | 'WITH_RESULT';

function videoOf(said: Said): LipSyncSnapshot {
  const units = { unitsDeducted: said === 'EMPTY' ? '0.5' : null };
  return lipSyncOf(snapshotOf(said === 'PROCESSING' ? 'PROCESSING' : 'SUCCEEDED', units), said === 'WITH_RESULT');
}

function voiceOf(said: Said) {
  const snapshot = snapshotOf(said === 'PROCESSING' ? 'PROCESSING' : 'SUCCEEDED', {
    unitsDeducted: said === 'EMPTY' ? '0.05' : null,
  });
  return said === 'EMPTY' ? { ...snapshot, voices: [] } : snapshot;
}

interface Given {
  readonly parts: LedgerParts;
  readonly id: string;
  readonly kling: { said: Said; readonly readAtMs: number[] };
  readonly released: string[];
  readonly pass: (ms: number) => Promise<void>;
  readonly statuses: () => string[];
}

/** Runs a test on a running task. Kling reports it as `kling.said` says. */
async function withTask(
  name: string,
  kind: 'LIP_SYNC' | 'VOICE',
  options: PartsOptions,
  work: (given: Given) => Promise<void>,
): Promise<void> {
  const state = { said: 'PROCESSING' as Said, readAtMs: [] as number[] };
  const released: string[] = [];
  let clock = { nowMs: 0 };
  const seen = <T>(snapshot: T): T => {
    state.readAtMs.push(clock.nowMs);
    return snapshot;
  };
  const kling: Partial<KlingClient> = {
    createVoiceTask: async () => snapshotOf('SUBMITTED'),
    createLipSyncTask: async () => lipSyncOf(snapshotOf('SUBMITTED'), false),
    readVoiceTask: async () => seen(voiceOf(state.said)),
    readLipSyncTask: async () => seen(videoOf(state.said)),
    readTasks: async () => [
      { ...snapshotOf(state.said === 'PROCESSING' ? 'PROCESSING' : 'SUCCEEDED'), voices: [], outputs: [] },
    ],
  };
  const slots = { release: async (id: string) => void released.push(id) };
  await withParts(`${name} ${kind}`, { ...options, kling, slots }, async (parts) => {
    clock = parts.clock;
    const { id } = kind === 'VOICE' ? await createVoiceOnce(parts) : await createLipSyncOnce(parts);
    await work({
      parts,
      id,
      kling: state,
      released,
      async pass(ms) {
        const endMs = parts.clock.nowMs + ms;
        for (;;) {
          const dueAtMs = parts.deps.wakes.nextAtMs();
          if (dueAtMs === null || dueAtMs > endMs) break;
          parts.clock.nowMs = Math.max(parts.clock.nowMs, dueAtMs);
          await parts.alarmHandler.run();
          await parts.settle();
        }
        parts.clock.nowMs = endMs;
      },
      statuses: () => parts.events.after(id, 0, 100).map(({ task }) => task.status),
    });
  });
}

describe.for(['LIP_SYNC', 'VOICE'] as const)('a %s that succeeds without results', (kind) => {
  it.for([
    ['one by one', { readsTogether: false }],
    ['together', { readsTogether: true }],
  ] as const)('is not final when read %s, and succeeds once its results follow', async ([how, options], { expect }) => {
    await withTask(`follow ${how}`, kind, options, async ({ parts, id, kling, released, pass, statuses }) => {
      kling.said = 'EMPTY';
      await pass(10_000);
      expect(parts.tasks.find({ id })).toMatchObject({
        phase: 'SENT',
        record: { status: 'PROCESSING', klingStatus: 'succeed', expiresAtMs: null },
      });
      expect(released).toEqual([id]);
      kling.said = 'WITH_RESULT';
      await pass(10_000);
      const { record } = parts.tasks.find({ id })!;
      expect(record.status).toBe('SUCCEEDED');
      expect(record.kind === 'VOICE' ? record.voices : record.videos).toHaveLength(1);
      expect(statuses()).toEqual(['SUBMITTED', 'PROCESSING', 'SUCCEEDED']);
    });
  });

  it('is polled with growing waits, and ends after ten minutes as NO_RESULT with its charge', async ({ expect }) => {
    await withTask('never', kind, {}, async ({ parts, id, kling, pass, statuses }) => {
      kling.said = 'EMPTY';
      await pass(5_000);
      const startMs = kling.readAtMs.at(-1)!;
      await pass(10 * MINUTE_MS - 1);
      expect(parts.tasks.find({ id })?.phase).toBe('SENT');
      await pass(2 * MINUTE_MS);
      const row = parts.tasks.find({ id })!;
      expect(row).toMatchObject({ phase: 'DONE', record: { status: 'FAILED', failure: { code: 'NO_RESULT' } } });
      expect(row.record.unitsDeducted).toBe(kind === 'VOICE' ? '0.05' : '0.5');
      const waits = kling.readAtMs.map((atMs) => atMs - startMs).filter((ms) => ms >= 0);
      expect(waits.slice(0, 6)).toEqual([0, 2_000, 6_000, 14_000, 30_000, 62_000]);
      expect(waits.at(-1)).toBeGreaterThanOrEqual(10 * MINUTE_MS);
      expect(waits.length).toBeLessThan(20);
      expect(statuses()).toEqual(['SUBMITTED', 'PROCESSING', 'FAILED']);
      expect(parts.ended).toEqual([id]);
    });
  });

  it('gets another ten minutes when Kling reports in between that it is running', async ({ expect }) => {
    await withTask('in between', kind, {}, async ({ parts, id, kling, pass }) => {
      kling.said = 'EMPTY';
      await pass(6 * MINUTE_MS);
      kling.said = 'PROCESSING';
      await pass(6 * MINUTE_MS);
      kling.said = 'EMPTY';
      await pass(6 * MINUTE_MS);
      expect(parts.tasks.find({ id })?.phase).toBe('SENT');
    });
  });

  it('is read at once after a callback, and again until its results are there', async ({ expect }) => {
    await withTask('called back', kind, {}, async ({ parts, id, kling, pass }) => {
      kling.said = 'EMPTY';
      const { voices: _, ...hint } = snapshotOf('SUCCEEDED');
      parts.ingest(id, hint);
      await parts.settle();
      expect(kling.readAtMs).toHaveLength(1);
      expect(parts.tasks.find({ id })?.record.status).toBe('PROCESSING');
      kling.said = 'WITH_RESULT';
      await pass(3_000);
      expect(parts.tasks.find({ id })?.record.status).toBe('SUCCEEDED');
    });
  });

  it('is polled soon, also when a caller’s read was the first to see it', async ({ expect }) => {
    await withTask('seen by a caller', kind, {}, async ({ parts, id, kling, pass }) => {
      await pass(10 * MINUTE_MS);
      kling.said = 'EMPTY';
      await parts.sync.fresh(parts.tasks.find({ id })!);
      kling.said = 'WITH_RESULT';
      await pass(3_000);
      expect(parts.tasks.find({ id })?.record.status).toBe('SUCCEEDED');
    });
  });
});
