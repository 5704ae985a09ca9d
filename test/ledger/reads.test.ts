import { describe, it } from 'vitest';
import { snapshotOf } from '../support/snapshots.ts';
import { createVoiceOnce } from '../support/ledger-tasks.ts';
import { DAY_MS, klingError, withParts, type LedgerParts } from '../support/ledger-parts.ts';
import { ledgerOf, openSandbox, ring, storedTask, valueOf, voiceInput, VOICES } from '../support/ledger.ts';

const sandbox = openSandbox('reads');

describe('reading a task, counted at the sandbox', () => {
  it('sends no request once the task has ended', async ({ expect }) => {
    const ledger = ledgerOf('final');
    const { id, klingTaskId } = valueOf(await ledger.createVoiceTask(voiceInput('x')));
    await sandbox.advance(id, 'succeed');
    await ring(ledger);
    expect((await ledger.task({ id }))?.status).toBe('SUCCEEDED');
    const reads = await sandbox.count('GET', `${VOICES}/${klingTaskId}`);
    await Promise.all(Array.from({ length: 20 }, () => ledger.task({ id })));
    expect(await sandbox.count('GET', `${VOICES}/${klingTaskId}`)).toBe(reads);
  });

  it('sends one request for 20 callers at once', async ({ expect }) => {
    const ledger = ledgerOf('shared');
    const { id, klingTaskId } = valueOf(await ledger.createVoiceTask(voiceInput('x')));
    const answers = await Promise.all(Array.from({ length: 20 }, () => ledger.task({ externalId: 'x' })));
    expect(answers.map((task) => task?.id)).toEqual(Array(20).fill(id));
    expect(await sandbox.count('GET', `${VOICES}/${klingTaskId}`)).toBe(1);
  });

  it('sends no request for a task of another tenant or an empty id', async ({ expect }) => {
    const { id } = valueOf(await ledgerOf('mine').createVoiceTask(voiceInput('x')));
    const before = (await sandbox.record()).requests.length;
    expect(await ledgerOf('not mine').task({ id })).toBeNull();
    expect(await ledgerOf('not mine').task({ externalId: 'x' })).toBeNull();
    expect(await ledgerOf('not mine').task({ id: '' })).toBeNull();
    expect((await sandbox.record()).requests.length).toBe(before);
  });

  it('returns the stored task when Kling fails the read', async ({ expect }) => {
    const ledger = ledgerOf('flaky reads');
    const { id } = valueOf(await ledger.createVoiceTask(voiceInput('x')));
    await sandbox.configure({ faults: { readError: 1 } });
    expect(await ledger.task({ id })).toMatchObject({ id, status: 'SUBMITTED' });
    await sandbox.configure({ faults: {} });
    expect(await storedTask(ledger, id)).toMatchObject({ phase: 'SENT' });
  });
});

describe('reading a task, with an injected clock', () => {
  it('reads at Kling at most once a second', async ({ expect }) => {
    await withReads('once a second', async (parts, reads, id) => {
      for (const [waitMs, total] of [
        [0, 1],
        [500, 1],
        [499, 1],
        [1, 2],
        [1000, 3],
      ] as const) {
        parts.clock.nowMs += waitMs;
        await fresh(parts, id);
        expect([waitMs, reads()]).toEqual([waitMs, total]);
      }
    });
  });

  it('postpones the ledger’s next poll', async ({ expect }) => {
    await withReads('forestalled', async (parts, reads, id) => {
      const startMs = parts.clock.nowMs;
      parts.clock.nowMs += 4_001;
      await fresh(parts, id);
      for (const [atMs, total] of [
        [5_000, 1],
        [7_000, 2],
      ] as const) {
        parts.clock.nowMs = parts.alarmHandler.nextAtMs()!;
        await parts.alarmHandler.run();
        expect([parts.clock.nowMs - startMs, reads()]).toEqual([atMs, total]);
      }
    });
  });

  it('refreshes the links of an old result once, and never after Kling has deleted it', async ({ expect }) => {
    await withReads(
      'links',
      async (parts, reads, id) => {
        await fresh(parts, id);
        const { seq } = parts.events.after(id, 0, 10).at(-1)!;
        for (const [days, total] of [
          [24.9, 1],
          [0.1, 2],
          [1, 2],
          [3.9, 2],
          [30, 2],
        ] as const) {
          parts.clock.nowMs += days * DAY_MS;
          const record = await fresh(parts, id);
          expect([days, reads()]).toEqual([days, total]);
          expect(record).toMatchObject({ status: 'SUCCEEDED', voices: [{ trialUrl: `https://example.com/${total}` }] });
        }
        // A refreshed link is not a change of the task.
        expect(parts.events.head()).toBe(seq);
      },
      true,
    );
  });

  it.for([
    ['a lost answer', klingError('UNKNOWN')],
    ['a refusal', klingError('REFUSED', 'NOT_FOUND', 1201)],
    ['a bug', new TypeError('oops')],
  ] as const)('returns the stored task after %s', async ([name, error], { expect }) => {
    const kling = { createVoiceTask: async () => snapshotOf('SUBMITTED'), readVoiceTask: () => Promise.reject(error) };
    await withParts(`stored after ${name}`, { kling }, async (parts) => {
      const { id } = await createVoiceOnce(parts);
      expect((await fresh(parts, id)).status).toBe('SUBMITTED');
    });
  });

  it('sends no request while Kling is known to be down', async ({ expect }) => {
    let reads = 0;
    const readVoiceTask = () => ((reads += 1), Promise.reject(klingError('UNKNOWN')));
    const kling = { createVoiceTask: async () => snapshotOf('SUBMITTED'), readVoiceTask };
    await withParts('down', { kling, slots: { isHealthy: () => false } }, async (parts) => {
      const { id } = await createVoiceOnce(parts);
      expect((await fresh(parts, id)).status).toBe('SUBMITTED');
      expect(reads).toBe(0);
    });
  });

  it('sends no request for a task that was never sent', async ({ expect }) => {
    await withParts('unsent', { slots: { acquire: async () => ({ granted: false }) } }, async (parts) => {
      const { id } = await createVoiceOnce(parts);
      parts.clock.nowMs += 10_000;
      expect((await fresh(parts, id)).status).toBe('QUEUED');
    });
  });
});

function voiceOf(n: number) {
  return { voiceId: 'v', name: 'Ann', trialUrl: `https://example.com/${n}`, owner: 'ACCOUNT', ownerId: null };
}

/** Runs a test on a running (or, with `end`, ended) task, and counts the reads at Kling. */
async function withReads(
  name: string,
  work: (parts: LedgerParts, reads: () => number, id: string) => Promise<void>,
  end = false,
) {
  let reads = 0;
  const readVoiceTask = async () => {
    reads += 1;
    return snapshotOf(end ? 'SUCCEEDED' : 'PROCESSING', { voices: [voiceOf(reads)] });
  };
  const kling = { createVoiceTask: async () => snapshotOf('SUBMITTED'), readVoiceTask };
  await withParts(name, { kling }, async (parts) => {
    const { id } = await createVoiceOnce(parts);
    await work(parts, () => reads, id);
  });
}

function fresh(parts: LedgerParts, id: string) {
  return parts.sync.fresh(parts.tasks.find({ id })!);
}
