import { describe, it } from 'vitest';
import type { KlingClient } from '../../src/kling/client.ts';
import { DAY_MS, klingError, withParts, type LedgerParts, type PartsOptions } from '../support/ledger-parts.ts';
import { createVoiceOnce } from '../support/ledger-tasks.ts';
import { snapshotOf } from '../support/snapshots.ts';

type Mood = 'RUNNING' | 'UNKNOWN_TASK' | 'DOWN' | 'DONE';

const MINUTE_MS = 60_000;
const NOT_FOUND = () => klingError('REFUSED', 'NOT_FOUND', 1203);

/** Runs a test on a voice task. Kling answers reads by its `mood`. `released` lists the slots given back to the account. */
async function withTask(
  name: string,
  options: PartsOptions,
  work: (given: {
    readonly parts: LedgerParts;
    readonly id: string;
    readonly kling: { mood: Mood; readonly readAtMs: number[] };
    readonly released: string[];
    /** Moves the clock by `ms`, and runs the alarm whenever it is due. */
    readonly pass: (ms: number) => Promise<void>;
  }) => Promise<void>,
): Promise<void> {
  const released: string[] = [];
  const state = { mood: 'RUNNING' as Mood, readAtMs: [] as number[] };
  let clock = { nowMs: 0 };
  const read = async () => {
    state.readAtMs.push(clock.nowMs);
    if (state.mood === 'UNKNOWN_TASK') throw NOT_FOUND();
    if (state.mood === 'DOWN') throw klingError('UNKNOWN');
    return snapshotOf(state.mood === 'DONE' ? 'SUCCEEDED' : 'PROCESSING', { klingTaskId: 'kling-1' });
  };
  const kling: Partial<KlingClient> = {
    createVoiceTask: async () => snapshotOf('SUBMITTED'),
    readVoiceTask: read,
    readTasks: async () => (state.mood === 'UNKNOWN_TASK' ? [] : [{ ...(await read()), outputs: [] }]),
  };
  const slots = { release: async (id: string) => void released.push(id) };
  await withParts(name, { ...options, kling, slots }, async (parts) => {
    clock = parts.clock;
    const { id } = await createVoiceOnce(parts);
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
    });
  });
}

describe.for([
  ['one by one', { readsTogether: false }],
  ['together', { readsTogether: true }],
] as const)('a running task that Kling has lost, read %s', ([how, options]) => {
  it('releases its slot after five answers over ten minutes, and is still polled', async ({ expect }) => {
    await withTask(`slot ${how}`, options, async ({ parts, id, kling, released, pass }) => {
      kling.mood = 'UNKNOWN_TASK';
      await pass(10 * MINUTE_MS);
      expect(kling.readAtMs.length).toBeGreaterThanOrEqual(5);
      expect([parts.tasks.find({ id })?.trouble.isLost, released]).toEqual([false, []]);
      await pass(10_000);
      expect([parts.tasks.find({ id })?.trouble.isLost, released]).toEqual([true, [id]]);
      expect(parts.tasks.find({ id })).toMatchObject({ phase: 'SENT', record: { status: 'SUBMITTED' } });
      const reads = kling.readAtMs.length;
      await pass(2 * 60 * MINUTE_MS);
      expect(kling.readAtMs.length - reads).toBeGreaterThanOrEqual(4);
      expect(kling.readAtMs.length - reads).toBeLessThanOrEqual(6);
      expect(released).toEqual([id]);
    });
  });

  it('succeeds when Kling shows it again as ended', async ({ expect }) => {
    await withTask(`restored ${how}`, options, async ({ parts, id, kling, pass }) => {
      kling.mood = 'UNKNOWN_TASK';
      await pass(23 * 60 * MINUTE_MS);
      expect(parts.tasks.find({ id })?.trouble.isLost).toBe(true);
      kling.mood = 'DONE';
      await pass(40 * MINUTE_MS);
      expect(parts.tasks.find({ id })).toMatchObject({ phase: 'DONE', record: { status: 'SUCCEEDED' } });
    });
  });

  it('ends as TASK_LOST_AT_KLING at its deadline, and not before', async ({ expect }) => {
    await withTask(`closed ${how}`, options, async ({ parts, id, kling, released, pass }) => {
      const { deadlineAtMs } = parts.tasks.find({ id })!;
      kling.mood = 'UNKNOWN_TASK';
      await pass(deadlineAtMs - parts.clock.nowMs - 1);
      expect(parts.tasks.find({ id })?.phase).toBe('SENT');
      await pass(40 * MINUTE_MS);
      expect(parts.tasks.find({ id })?.record.failure?.code).toBe('TASK_LOST_AT_KLING');
      expect([parts.ended, released]).toEqual([[id], [id]]);
    });
  });
});

describe('a task is not lost', () => {
  it('during an outage, however long', async ({ expect }) => {
    await withTask('outage', {}, async ({ parts, id, kling, released, pass }) => {
      kling.mood = 'DOWN';
      await pass(60 * MINUTE_MS);
      expect([parts.tasks.find({ id })?.trouble.isLost, released]).toEqual([false, []]);
    });
  });

  it('when Kling shows it again before the fifth answer', async ({ expect }) => {
    await withTask('shown again', {}, async ({ parts, id, kling, released, pass }) => {
      kling.mood = 'UNKNOWN_TASK';
      await pass(9 * MINUTE_MS);
      kling.mood = 'RUNNING';
      await pass(9 * MINUTE_MS);
      expect(parts.tasks.find({ id })).toMatchObject({ trouble: { missing: 0, missingSinceMs: null, isLost: false } });
      kling.mood = 'UNKNOWN_TASK';
      await pass(9 * MINUTE_MS);
      expect([parts.tasks.find({ id })?.trouble.isLost, released]).toEqual([false, []]);
    });
  });

  it('when a caller reads it 100 times in 100 seconds', async ({ expect }) => {
    await withTask('many readers', {}, async ({ parts, id, kling, released }) => {
      kling.mood = 'UNKNOWN_TASK';
      for (let i = 0; i < 100; i += 1) {
        parts.clock.nowMs += 1_000;
        await parts.sync.fresh(parts.tasks.find({ id })!);
      }
      expect([parts.tasks.find({ id })?.trouble.isLost, released]).toEqual([false, []]);
      expect(kling.readAtMs.length).toBe(100);
    });
  });

  it('when Kling has deleted it long after its end', async ({ expect }) => {
    await withTask('deleted', {}, async ({ parts, id, kling, pass }) => {
      kling.mood = 'DONE';
      await pass(MINUTE_MS);
      kling.mood = 'UNKNOWN_TASK';
      parts.clock.nowMs += 26 * DAY_MS;
      expect((await parts.sync.fresh(parts.tasks.find({ id })!)).status).toBe('SUCCEEDED');
      expect(parts.tasks.find({ id })?.trouble.missing).toBe(0);
    });
  });
});
