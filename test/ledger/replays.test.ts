import { describe, it } from 'vitest';
import { createVoiceOnce } from '../support/ledger-tasks.ts';
import { withParts } from '../support/ledger-parts.ts';
import { ledgerOf, openSandbox, valueOf, voiceInput, VOICES } from '../support/ledger.ts';
import { snapshotOf } from '../support/snapshots.ts';

const sandbox = openSandbox('replays');

interface ScriptedKling {
  reads: number;
  status: 'PROCESSING' | 'SUCCEEDED';
  /** Reads are answered once it is resolved, with what Kling had when they were made. */
  answers: PromiseWithResolvers<void> | null;
}

/** A voice task at a Kling that counts reads, and answers them with what `kling.status` says. */
function withTask(
  name: string,
  work: (world: {
    readonly kling: ScriptedKling;
    /** Takes in a callback that reports the end. */
    readonly callBack: () => Promise<void>;
    /** Lets so much time pass; the alarm runs whenever it is due. */
    readonly pass: (ms: number) => Promise<void>;
    readonly status: () => string | undefined;
  }) => Promise<void>,
): Promise<void> {
  const kling: ScriptedKling = { reads: 0, status: 'PROCESSING', answers: null };
  const client = {
    createVoice: async () => snapshotOf('SUBMITTED'),
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
        for (let due = parts.keeper.nextAtMs(); due !== null && due <= endMs; due = parts.keeper.nextAtMs()) {
          parts.clock.nowMs = Math.max(due, parts.clock.nowMs);
          await parts.keeper.run();
        }
        parts.clock.nowMs = endMs;
      },
      status: () => parts.tasks.find({ id })?.record.status,
    });
  });
}

describe('callbacks that are replayed', () => {
  it('cost one read a second, however many come', async ({ expect }) => {
    await withTask('flood', async ({ kling, callBack, pass }) => {
      for (let i = 0; i < 300; i += 1) {
        await callBack();
        await pass(33);
      }
      // 9.9 s.
      expect(kling.reads).toBe(10);
    });
  });

  it('hide no end: the last one is read, by the alarm', async ({ expect }) => {
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

  it('hide no end when they come while the task is being read', async ({ expect }) => {
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

  it('thirty times in a second cost two reads at Kling, and their end is seen', async ({ expect }) => {
    const ledger = ledgerOf('thirty');
    const { id, klingTaskId } = valueOf(await ledger.createVoice(voiceInput('x')));
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
