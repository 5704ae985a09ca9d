import { describe, it } from 'vitest';
import { createVoiceOnce } from '../support/ledger-tasks.ts';
import { withParts } from '../support/ledger-parts.ts';
import { ledgerOf, openSandbox, valueOf, voiceInput, VOICES } from '../support/ledger.ts';
import { snapshotOf } from '../support/snapshots.ts';

const sandbox = openSandbox('replays');

interface ScriptedKling {
  reads: number;
  status: 'PROCESSING' | 'SUCCEEDED';
  /** Delays the answers of reads until it is resolved. Each answer has the status of the time of its read. */
  answers: PromiseWithResolvers<void> | null;
}

/** Runs a test on a voice task. Kling counts reads and answers them with `kling.status`. */
function withTask(
  name: string,
  work: (world: {
    readonly kling: ScriptedKling;
    /** Ingests a callback that reports success. */
    readonly callBack: () => Promise<void>;
    /** Moves the clock by `ms`, and runs the alarm whenever it is due. */
    readonly pass: (ms: number) => Promise<void>;
    readonly status: () => string | undefined;
  }) => Promise<void>,
): Promise<void> {
  const kling: ScriptedKling = { reads: 0, status: 'PROCESSING', answers: null };
  const client = {
    createVoiceTask: async () => snapshotOf('SUBMITTED'),
    async readVoiceTask() {
      kling.reads += 1;
      const snapshot = snapshotOf(kling.status);
      await kling.answers?.promise;
      return snapshot;
    },
  };
  return withParts(`replays ${name}`, { kling: client }, async (parts) => {
    const { id } = await createVoiceOnce(parts);
    parts.clock.nowMs += 1_000;
    await work({
      kling,
      async callBack() {
        parts.ingest(id, snapshotOf('SUCCEEDED'));
        await parts.settle();
      },
      async pass(ms) {
        const endMs = parts.clock.nowMs + ms;
        for (
          let due = parts.alarmHandler.nextAtMs();
          due !== null && due <= endMs;
          due = parts.alarmHandler.nextAtMs()
        ) {
          parts.clock.nowMs = Math.max(due, parts.clock.nowMs);
          await parts.alarmHandler.run();
        }
        parts.clock.nowMs = endMs;
      },
      status: () => parts.tasks.find({ id })?.record.status,
    });
  });
}

describe('replayed callbacks', () => {
  it('cause one read a second, however many come', async ({ expect }) => {
    await withTask('flood', async ({ kling, callBack, pass }) => {
      for (let i = 0; i < 300; i += 1) {
        await callBack();
        await pass(33);
      }
      // 300 callbacks, 33 ms apart, take 9.9 s.
      expect(kling.reads).toBe(10);
    });
  });

  it('do not hide an end: the alarm reads after the last one', async ({ expect }) => {
    await withTask('end', async ({ kling, callBack, pass, status }) => {
      await callBack();
      await pass(300);
      await callBack();
      await pass(300);
      kling.status = 'SUCCEEDED';
      await callBack();
      expect([kling.reads, status()]).toEqual([1, 'PROCESSING']);
      await pass(400);
      expect([kling.reads, status()]).toEqual([2, 'SUCCEEDED']);
    });
  });

  it('do not hide an end when they come during a read', async ({ expect }) => {
    await withTask('during', async ({ kling, callBack, pass, status }) => {
      kling.answers = Promise.withResolvers<void>();
      const first = callBack();
      await pass(300);
      const second = callBack();
      kling.answers.resolve();
      await Promise.all([first, second]);
      expect([kling.reads, status()]).toEqual([1, 'PROCESSING']);
      kling.status = 'SUCCEEDED';
      await pass(700);
      expect([kling.reads, status()]).toEqual([2, 'SUCCEEDED']);
    });
  });

  it('cause at most one read a second at the sandbox, and the end is found', async ({ expect }) => {
    const ledger = ledgerOf('thirty');
    const { id, klingTaskId } = valueOf(await ledger.createVoiceTask(voiceInput('x')));
    const hint = snapshotOf('SUCCEEDED', { klingTaskId: klingTaskId ?? '' });
    const startedAtMs = Date.now();
    for (let i = 0; i < 30; i += 1) expect(await ledger.ingest(id, hint)).toBe(0);
    await sandbox.advance(id, 'succeed');
    expect(await ledger.ingest(id, hint)).toBe(0);
    await expect
      .poll(() => ledger.tasks({ kind: null, statuses: [] }, { first: 1, after: null }))
      .toMatchObject({
        value: { edges: [{ node: { status: 'SUCCEEDED' } }] },
      });
    const seconds = Math.ceil((Date.now() - startedAtMs) / 1_000);
    expect(await sandbox.count('GET', `${VOICES}/${klingTaskId}`)).toBeLessThanOrEqual(1 + seconds);
  });
});
