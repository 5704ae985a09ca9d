import { describe, it } from 'vitest';
import { createFreshTasks, FRESH_READS_AT_ONCE, FRESH_WAIT_MS } from '../../src/ledger/fresh-tasks.ts';
import { READ_INTERVAL_MS } from '../../src/ledger/schedule.ts';
import { createVoiceOnce } from '../support/ledger-tasks.ts';
import { type LedgerParts, withParts } from '../support/ledger-parts.ts';
import { snapshotOf } from '../support/snapshots.ts';

/** Reads at Kling that the test answers, in the order in which they were made. */
class Kling {
  readonly reads: { readonly id: string; readonly answer: () => void }[] = [];
  createVoice = async (_request: unknown, { externalTaskId }: { readonly externalTaskId: string | null }) =>
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
  /** What a query is shown of these tasks. */
  readonly ask: (ids: readonly string[]) => Promise<string[]>;
  /** Lets so much time pass, timers included. */
  readonly pass: (ms: number) => void;
  readonly timers: () => number;
}

/** Lets promises that are ready go on. */
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
    const fresh = createFreshTasks(parts.deps, {
      reader: parts.reader,
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

describe('a task of which Kling is slow to tell', () => {
  it('is shown as it is stored after 2 s, and the answer is applied when it comes', async ({ expect }) => {
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
      // Nobody reads it again while that read is under way; each who asks waits 2 s at most.
      const again = ask(ids);
      pass(FRESH_WAIT_MS);
      expect([await again, kling.reads.length]).toEqual([['SUBMITTED'], 1]);
      kling.reads[0]!.answer();
      await parts.settle();
      expect(parts.tasks.find({ id: ids[0]! })?.record.status).toBe('PROCESSING');
    });
  });

  it('is shown as Kling tells it within 2 s, and the timer is stopped', async ({ expect }) => {
    await withTasks('quick', 1, 10, async ({ kling, ids, ask, pass, timers }) => {
      const asking = ask(ids);
      pass(READ_INTERVAL_MS - 1);
      kling.reads[0]!.answer();
      expect([await asking, timers()]).toEqual([['PROCESSING'], 0]);
      // Good for a second, and no timer for what is not read.
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

  it('whose turn does not come within 2 s are not read for nobody', async ({ expect }) => {
    await withTasks('nobody', 100, 1_000, async ({ parts, kling, ids, ask, pass }) => {
      const asking = ask(ids);
      pass(FRESH_WAIT_MS);
      expect(new Set(await asking)).toEqual(new Set(['SUBMITTED']));
      for (const { answer } of kling.reads) answer();
      await parts.settle();
      expect(kling.reads).toHaveLength(FRESH_READS_AT_ONCE);
      // Who asks now gets them read.
      void ask(ids.slice(10, 12));
      expect(kling.reads).toHaveLength(FRESH_READS_AT_ONCE + 2);
    });
  });

  it('of a tenant with ten reads left cost ten, and are all shown', async ({ expect }) => {
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

it('a read that fails gives its place to the next', async ({ expect }) => {
  let reads = 0;
  const kling = {
    createVoice: new Kling().createVoice,
    readVoiceTask: () => ((reads += 1), Promise.reject(new Error('down'))),
  };
  await withParts('fresh failing', { kling }, async (parts) => {
    const ids: string[] = [];
    for (let i = 0; i < 9; i += 1) ids.push((await createVoiceOnce(parts)).id);
    parts.clock.nowMs += READ_INTERVAL_MS;
    const fresh = createFreshTasks(parts.deps, {
      reader: parts.reader,
      rates: { upstreamRead: () => true },
      startTimer: () => () => {},
    });
    const shown = await fresh.of(ids.map((id) => parts.tasks.find({ id })!));
    expect([shown.map(({ status }) => status), reads]).toEqual([Array(9).fill('SUBMITTED'), 9]);
  });
});
