import { describe, it } from 'vitest';
import type { KlingClient } from '../../src/kling/client.ts';
import { createVoiceOnce } from '../support/ledger-tasks.ts';
import { klingError, withParts, type LedgerParts, type PartsOptions } from '../support/ledger-parts.ts';
import { snapshotOf } from '../support/snapshots.ts';

const creates: Partial<KlingClient> = {
  createVoiceTask: async (_request, { externalTaskId }) =>
    snapshotOf('SUBMITTED', { klingTaskId: `kling-${externalTaskId}` }),
};

async function makeTasks(parts: LedgerParts, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < count; i += 1) ids.push((await createVoiceOnce(parts)).id);
  return ids;
}

/** Moves the clock to the next alarm, and runs it. */
async function runNext(parts: LedgerParts): Promise<void> {
  parts.clock.nowMs = Math.max(parts.clock.nowMs, parts.alarmHandler.nextAtMs()!);
  await parts.alarmHandler.run();
  await parts.settle();
}

describe('while Kling is down', () => {
  it('the ledger postpones polls', async ({ expect }) => {
    let healthy = true;
    let reads = 0;
    const readVoiceTask = async () =>
      snapshotOf((reads += 1) > 0 ? 'SUCCEEDED' : 'SUBMITTED', { klingTaskId: 'kling-task-1' });
    await withParts(
      'down',
      { kling: { ...creates, readVoiceTask }, slots: { isHealthy: () => healthy } },
      async (parts) => {
        const [id = ''] = await makeTasks(parts, 1);
        healthy = false;
        await runNext(parts);
        expect([reads, parts.tasks.find({ id })?.phase]).toEqual([0, 'SENT']);
        healthy = true;
        await runNext(parts);
        expect([reads, parts.tasks.find({ id })?.phase]).toEqual([1, 'DONE']);
      },
    );
  });

  it('each probe that the account permits reads one task, and the next probe reads another', async ({ expect }) => {
    const read: string[] = [];
    const readVoiceTask = (klingTaskId: string) => {
      read.push(klingTaskId);
      return read.length === 1 ? new Promise<never>(() => {}) : Promise.reject(klingError('UNKNOWN'));
    };
    let nextProbeAtMs = Number.POSITIVE_INFINITY;
    let mayProbe = false;
    let isDown = false;
    const slots: PartsOptions['slots'] = {
      isHealthy: () => !isDown,
      nextProbeAtMs: () => (isDown ? nextProbeAtMs : null),
      mayProbe: async () => mayProbe,
    };
    await withParts('probes', { kling: { ...creates, readVoiceTask }, slots, sleep: async () => {} }, async (parts) => {
      await makeTasks(parts, 3);
      isDown = true;
      parts.clock.nowMs += 10_000;
      await parts.alarmHandler.run();
      expect([read, parts.alarmHandler.nextAtMs()]).toEqual([[], parts.clock.nowMs + 40_000]);
      nextProbeAtMs = parts.clock.nowMs + 1_000;
      expect(parts.alarmHandler.nextAtMs()).toBe(nextProbeAtMs);
      parts.clock.nowMs += 1_000;
      await parts.alarmHandler.run();
      expect(read).toEqual([]);
      mayProbe = true;
      // The first read hangs. The run does not wait for it.
      for (let i = 0; i < 2; i += 1) {
        parts.clock.nowMs += 1;
        await parts.alarmHandler.run();
      }
      expect(read).toEqual(['kling-task-1', 'kling-task-2']);
    });
  });

  it('hastening spreads postponed tasks over the next seconds, and moves no task that waits for a slot or is due soon', async ({
    expect,
  }) => {
    await withParts('hasten', { kling: creates }, async ({ tasks, deps, journal, clock, ...parts }) => {
      const ids = await makeTasks({ tasks, deps, journal, clock, ...parts }, 23);
      const { nowMs } = clock;
      const [soon = '', unanswered = '', parked = '', ...far] = ids;
      const wakeAtMs = nowMs + 300_000;
      journal.apply(soon, null, { wakeAtMs: nowMs + 3_000, tries: 1 });
      journal.apply(unanswered, null, { phase: 'SENDING', wakeAtMs, tries: 1 });
      journal.apply(parked, null, { phase: 'WAITING', wakeAtMs: tasks.find({ id: parked })!.deadlineAtMs });
      for (const id of far) journal.apply(id, null, { wakeAtMs, tries: 5 });
      deps.wakes.hasten(nowMs, 15_000);
      expect(tasks.find({ id: soon })).toMatchObject({ wakeAtMs: nowMs + 3_000, tries: 1 });
      expect(tasks.find({ id: parked })?.wakeAtMs).toBe(tasks.find({ id: parked })?.deadlineAtMs);
      // Its tries are look-ups that found nothing, so they are kept.
      expect(tasks.find({ id: unanswered })?.tries).toBe(1);
      const waits = [unanswered, ...far].map((id) => tasks.find({ id })!.wakeAtMs! - nowMs);
      expect(Math.min(...waits)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...waits)).toBeLessThan(15_000);
      expect(new Set(waits).size).toBeGreaterThan(10);
      expect(far.map((id) => tasks.find({ id })?.tries)).toEqual(far.map(() => 0));
    });
  });

  it('a ledger without tasks at Kling, which never probes, reads again a minute after the probe was due', async ({
    expect,
  }) => {
    let untilMs = 0;
    await withParts('forgets', { account: { report: async () => untilMs } }, async (parts) => {
      const { slots } = parts.deps;
      untilMs = parts.clock.nowMs + 15_000;
      slots.report(true);
      await parts.settle();
      expect([slots.isHealthy(), parts.alarmHandler.nextAtMs()]).toEqual([false, null]);
      // The probe is due within a second of the time that the account reported.
      parts.clock.nowMs = untilMs + 59_999;
      expect(slots.isHealthy()).toBe(false);
      parts.clock.nowMs += 1_001;
      expect(slots.isHealthy()).toBe(true);
    });
  });
});
