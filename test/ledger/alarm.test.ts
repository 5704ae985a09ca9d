import { describe, it } from 'vitest';
import type { KlingClient } from '../../src/kling/client.ts';
import { createVoiceOnce } from '../support/ledger-tasks.ts';
import { snapshotOf } from '../support/snapshots.ts';
import { DAY_MS, klingError, withParts, type LedgerParts, type PartsOptions } from '../support/ledger-parts.ts';
import { changesOf, ledgerOf, openSandbox } from '../support/ledger.ts';

openSandbox('alarmHandler');

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

describe('polls', () => {
  it('come after 5, 15, 45 and 135 s, then every 5 minutes, and start over after a change', async ({ expect }) => {
    let status: 'SUBMITTED' | 'PROCESSING' = 'SUBMITTED';
    const atMs: number[] = [];
    await withParts(
      'schedule',
      { kling: { ...creates, readVoiceTask: async (klingTaskId) => snapshotOf(status, { klingTaskId }) } },
      async (parts) => {
        const start = parts.clock.nowMs;
        await makeTasks(parts, 1);
        for (let i = 0; i < 8; i += 1) {
          if (i === 6) status = 'PROCESSING';
          await runNext(parts);
          atMs.push(parts.clock.nowMs - start);
        }
        expect(atMs.map((at, i) => at - (atMs[i - 1] ?? 0))).toEqual([
          5_000, 15_000, 45_000, 135_000, 300_000, 300_000, 300_000, 5_000,
        ]);
      },
    );
  });

  it('run at most four at once, and one that hangs does not block the others', async ({ expect }) => {
    const gate = Promise.withResolvers<void>();
    let running = 0;
    let most = 0;
    let done = 0;
    const readVoiceTask = async (klingTaskId: string) => {
      most = Math.max(most, (running += 1));
      if (klingTaskId === 'kling-task-1') await gate.promise;
      await Promise.resolve();
      running -= 1;
      done += 1;
      return snapshotOf('PROCESSING', { klingTaskId });
    };
    await withParts('four', { kling: { ...creates, readVoiceTask } }, async (parts) => {
      await makeTasks(parts, 12);
      parts.clock.nowMs += 10_000;
      const run = parts.alarmHandler.run();
      await expect.poll(() => done).toBe(11);
      gate.resolve();
      await run;
      expect([most, done]).toEqual([4, 12]);
    });
  });

  it('that fail are rescheduled, and do not block the others', async ({ expect }) => {
    await withParts('one fails', { kling: { ...creates, readVoiceTask: readAllButTheFirst } }, async (parts) => {
      const [bad = '', ...good] = await makeTasks(parts, 5);
      await runNext(parts);
      expect(good.map((id) => parts.tasks.find({ id })?.record.status)).toEqual(Array(4).fill('SUCCEEDED'));
      expect(parts.tasks.find({ id: bad })?.wakeAtMs).toBeGreaterThan(parts.clock.nowMs);
    });
  });
});

it('a hub shard that hangs does not block polls, and is not retried at once', async ({ expect }) => {
  const options: PartsOptions = {
    kling: { ...creates, readVoiceTask: async (klingTaskId) => snapshotOf('SUCCEEDED', { klingTaskId }) },
    deliver: () => new Promise<never>(() => {}),
  };
  await withParts('hanging shard', options, async (parts) => {
    parts.outbox.attach('shard');
    const [id = ''] = await makeTasks(parts, 1);
    parts.clock.nowMs += 10_000;
    await parts.alarmHandler.run();
    expect(parts.tasks.find({ id })?.phase).toBe('DONE');
    expect(parts.alarmHandler.nextAtMs()).toBeGreaterThan(parts.clock.nowMs);
  });
});

describe('a deadline', () => {
  it.for([
    {
      name: 'SENT',
      kling: { ...creates, readVoiceTask: async () => snapshotOf('PROCESSING') },
      code: 'DEADLINE_EXCEEDED',
    },
    { name: 'SENDING', kling: {}, code: 'CREATE_OUTCOME_UNKNOWN' },
    {
      name: 'WAITING',
      kling: creates,
      slots: { acquire: async () => ({ granted: false }) },
      code: 'NOT_SENT',
    },
  ] as const)('ends a task in phase $name once, with $code', async ({ name, code, ...options }, { expect }) => {
    await withParts(`deadline ${name}`, options as PartsOptions, async (parts) => {
      const [id = ''] = await makeTasks(parts, 1);
      expect(parts.tasks.find({ id })?.phase).toBe(name);
      parts.clock.nowMs += DAY_MS - 1;
      await parts.alarmHandler.run();
      expect(parts.tasks.find({ id })?.record.status).not.toBe('FAILED');
      for (let i = 0; i < 3 && parts.deps.wakes.nextAtMs() !== null; i += 1) await runNext(parts);
      expect(parts.tasks.find({ id })).toMatchObject({
        phase: 'DONE',
        wakeAtMs: null,
        record: { status: 'FAILED', failure: { code } },
      });
      expect(parts.ended).toEqual([id]);
      // A later report from Kling changes nothing.
      parts.ingest(id, snapshotOf('SUCCEEDED'));
      await parts.settle();
      expect(parts.tasks.find({ id })?.record.status).toBe('FAILED');
    });
  });
});

describe('the joint read of several tasks, with an API key', () => {
  interface Calls {
    readonly together: string[][];
    readonly alone: string[];
  }

  function apiKeyKling(calls: Calls, readTasks: KlingClient['readTasks']): PartsOptions {
    return {
      readsTogether: true,
      kling: {
        ...creates,
        readTasks: (ids) => (calls.together.push([...ids]), readTasks(ids)),
        readVoiceTask: async (klingTaskId) => (calls.alone.push(klingTaskId), snapshotOf('SUCCEEDED', { klingTaskId })),
      },
    };
  }
  it('reads twenty tasks at a time, and none of them alone', async ({ expect }) => {
    const calls: Calls = { together: [], alone: [] };
    await withParts('together', apiKeyKling(calls, processing), async (parts) => {
      const ids = await makeTasks(parts, 45);
      parts.clock.nowMs += 10_000;
      await parts.alarmHandler.run();
      expect(calls.together.map((its) => its.length)).toEqual([20, 20, 5]);
      expect(calls.alone).toEqual([]);
      expect(ids.every((id) => parts.tasks.find({ id })?.record.status === 'PROCESSING')).toBe(true);
      expect(ids.every((id) => parts.tasks.find({ id })!.wakeAtMs! > parts.clock.nowMs)).toBe(true);
    });
  });

  it('is followed by a read of each task that has ended or was left out', async ({ expect }) => {
    const calls: Calls = { together: [], alone: [] };
    await withParts('ends', apiKeyKling(calls, withoutTheFirst), async (parts) => {
      const [left = '', ended = '', running = ''] = await makeTasks(parts, 3);
      parts.clock.nowMs += 10_000;
      await parts.alarmHandler.run();
      expect(calls.alone.toSorted()).toEqual([`kling-${left}`, `kling-${ended}`]);
      expect(parts.tasks.find({ id: running })?.record.status).toBe('PROCESSING');
    });
  });

  it('falls back to single reads when it fails', async ({ expect }) => {
    const calls: Calls = { together: [], alone: [] };
    await withParts(
      'falls back',
      apiKeyKling(calls, () => Promise.reject(klingError('UNKNOWN'))),
      async (parts) => {
        await makeTasks(parts, 30);
        parts.clock.nowMs += 10_000;
        await parts.alarmHandler.run();
        expect([calls.together.length, calls.alone.length]).toEqual([1, 30]);
      },
    );
  });

  it('is not used without an API key or for a single task', async ({ expect }) => {
    const calls: Calls = { together: [], alone: [] };
    for (const [count, readsTogether] of [
      [3, false],
      [1, true],
    ] as const) {
      await withParts(`not used ${count}`, { ...apiKeyKling(calls, processing), readsTogether }, async (parts) => {
        await makeTasks(parts, count);
        await runNext(parts);
      });
    }
    expect([calls.together.length, calls.alone.length]).toEqual([0, 4]);
  });
});

it('an empty ledger sets no alarm and has no events', async ({ expect }) => {
  await withParts('empty', {}, async (parts) => {
    expect(parts.alarmHandler.nextAtMs()).toBeNull();
    await parts.alarmHandler.run();
  });
  expect(await changesOf(ledgerOf('parts empty'))).toEqual([]);
});

function readAllButTheFirst(klingTaskId: string) {
  if (klingTaskId === 'kling-task-1') return Promise.reject(new TypeError('oops'));
  return Promise.resolve(snapshotOf('SUCCEEDED', { klingTaskId }));
}

async function processing(ids: readonly string[]) {
  return ids.map((klingTaskId) => ({ ...snapshotOf('PROCESSING', { klingTaskId }), outputs: [] }));
}

/** Leaves out the first task, and reports the second as ended. */
async function withoutTheFirst(ids: readonly string[]) {
  const [, second, ...rest] = await processing(ids);
  return [{ ...second!, status: 'SUCCEEDED' as const }, ...rest];
}
