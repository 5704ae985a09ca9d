import { describe, it } from 'vitest';
import { createFreshTasks, FRESH_READS_AT_ONCE, FRESH_WAIT_MS } from '../../src/ledger/sync-task.ts';
import { READ_INTERVAL_MS } from '../../src/ledger/schedule.ts';
import { createVoiceOnce } from '../support/ledger-tasks.ts';
import { type LedgerParts, withParts } from '../support/ledger-parts.ts';
import { snapshotOf } from '../support/snapshots.ts';

/** A Kling whose reads wait until the test answers them. `reads` is in the order of the requests. */
class Kling {
  readonly reads: { readonly id: string; readonly answer: () => void }[] = [];
  createVoiceTask = async (_request: unknown, { externalTaskId }: { readonly externalTaskId: string | null }) =>
    snapshotOf('SUBMITTED', { klingTaskId: `kling-${externalTaskId}` });
  readVoiceTask = (id: string) =>
    new Promise<ReturnType<typeof snapshotOf>>((resolve) => {
      this.reads.push({ id, answer: () => resolve(snapshotOf('PROCESSING', { klingTaskId: id })) });
    });
}

interface World {
  readonly parts: LedgerParts;
  readonly kling: Kling;
  readonly ids: readonly string[];
  /** Statuses that a query gets for these tasks. */
  readonly ask: (ids: readonly string[]) => Promise<string[]>;
  /** Moves the clock by `ms`, and fires the timers that are due. */
  readonly pass: (ms: number) => void;
  readonly timers: () => number;
}

/** Waits until all pending promise callbacks have run. */
async function turn(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
}

function withTasks(name: string, count: number, reads: number, work: (world: World) => Promise<void>): Promise<void> {
  const kling = new Kling();
  return withParts(`fresh ${name}`, { kling }, async (parts) => {
    const ids: string[] = [];
    for (let i = 0; i < count; i += 1) ids.push((await createVoiceOnce(parts)).id);
    parts.clock.nowMs += READ_INTERVAL_MS;
    const timers = new Set<{ readonly atMs: number; readonly onTime: () => void }>();
    let left = reads;
    const fresh = createFreshTasks({
      ...parts.deps,
      sync: parts.sync,
      rates: { upstreamRead: () => (left -= 1) >= 0 },
      startTimer(ms, onTime) {
        const timer = { atMs: parts.clock.nowMs + ms, onTime };
        timers.add(timer);
        return () => timers.delete(timer);
      },
    });
    await work({
      parts,
      kling,
      ids,
      ask: async (asked) => (await fresh.of(asked.map((id) => parts.tasks.find({ id })!))).map(({ status }) => status),
      pass(ms) {
        parts.clock.nowMs += ms;
        for (const timer of timers) if (timer.atMs <= parts.clock.nowMs) timer.onTime();
      },
      timers: () => timers.size,
    });
  });
}

describe('a running task', () => {
  it('is returned as stored when Kling takes over 2 s, and the late answer is still applied', async ({ expect }) => {
    await withTasks('slow', 1, 10, async ({ parts, kling, ids, ask, pass }) => {
      let shown: string[] | null = null;
      const asking = ask(ids).then((statuses) => (shown = statuses));
      pass(FRESH_WAIT_MS - 1);
      await turn();
      expect(shown).toBeNull();
      pass(1);
      await asking;
      expect([shown, kling.reads.length]).toEqual([['SUBMITTED'], 1]);
      pass(27_000);
      // It is not read again while that read is under way. Each caller waits at most 2 s.
      const again = ask(ids);
      pass(FRESH_WAIT_MS);
      expect([await again, kling.reads.length]).toEqual([['SUBMITTED'], 1]);
      kling.reads[0]!.answer();
      await parts.settle();
      expect(parts.tasks.find({ id: ids[0]! })?.record.status).toBe('PROCESSING');
    });
  });

  it('is returned as Kling reports it when the answer comes within 2 s, and the timer is stopped', async ({
    expect,
  }) => {
    await withTasks('quick', 1, 10, async ({ kling, ids, ask, pass, timers }) => {
      const asking = ask(ids);
      pass(READ_INTERVAL_MS - 1);
      kling.reads[0]!.answer();
      expect([await asking, timers()]).toEqual([['PROCESSING'], 0]);
      // The read is fresh for a second. Without a read there is no timer.
      expect([await ask(ids), timers(), kling.reads.length]).toEqual([['PROCESSING'], 0, 1]);
    });
  });
});

describe('a hundred running tasks', () => {
  it('are read four at a time, each once', async ({ expect }) => {
    await withTasks('hundred', 100, 1_000, async ({ kling, ids, ask }) => {
      const asking = Promise.all([ask(ids), ask(ids.slice(0, 50))]);
      for (let answered = 0; answered < 100; answered += 1) {
        expect(kling.reads.length).toBe(Math.min(answered + FRESH_READS_AT_ONCE, 100));
        kling.reads[answered]!.answer();
        await turn();
      }
      const [all, some] = await asking;
      expect(new Set([...all, ...some])).toEqual(new Set(['PROCESSING']));
      expect(new Set(kling.reads.map(({ id }) => id)).size).toBe(100);
    });
  });

  it('are not read any more after the caller has waited 2 s', async ({ expect }) => {
    await withTasks('nobody', 100, 1_000, async ({ parts, kling, ids, ask, pass }) => {
      const asking = ask(ids);
      pass(FRESH_WAIT_MS);
      expect(new Set(await asking)).toEqual(new Set(['SUBMITTED']));
      for (const { answer } of kling.reads) answer();
      await parts.settle();
      expect(kling.reads).toHaveLength(FRESH_READS_AT_ONCE);
      // A new query reads them.
      void ask(ids.slice(10, 12));
      expect(kling.reads).toHaveLength(FRESH_READS_AT_ONCE + 2);
    });
  });

  it('are all returned when the tenant has ten reads left, which are used for ten of them', async ({ expect }) => {
    await withTasks('limited', 100, 10, async ({ kling, ids, ask }) => {
      const asking = ask(ids);
      for (let answered = 0; answered < 10; answered += 1) {
        kling.reads[answered]!.answer();
        await turn();
      }
      const statuses = await asking;
      expect(statuses.filter((status) => status === 'PROCESSING')).toHaveLength(10);
      expect(statuses.filter((status) => status === 'SUBMITTED')).toHaveLength(90);
      expect(kling.reads).toHaveLength(10);
    });
  });
});

it('a failed read frees its place for the next task', async ({ expect }) => {
  let reads = 0;
  const kling = {
    createVoiceTask: new Kling().createVoiceTask,
    readVoiceTask: () => ((reads += 1), Promise.reject(new Error('down'))),
  };
  await withParts('fresh failing', { kling }, async (parts) => {
    const ids: string[] = [];
    for (let i = 0; i < 9; i += 1) ids.push((await createVoiceOnce(parts)).id);
    parts.clock.nowMs += READ_INTERVAL_MS;
    const fresh = createFreshTasks({
      ...parts.deps,
      sync: parts.sync,
      rates: { upstreamRead: () => true },
      startTimer: () => () => {},
    });
    const shown = await fresh.of(ids.map((id) => parts.tasks.find({ id })!));
    expect([shown.map(({ status }) => status), reads]).toEqual([Array(9).fill('SUBMITTED'), 9]);
  });
});
