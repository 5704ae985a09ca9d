import { describe, it } from 'vitest';
import type { LiveEvent } from '../../src/domain/watch.ts';
import { runInDurableObject } from 'cloudflare:test';
import { LeafStore } from '../../src/ledger/stores/shards.ts';
import type { OutboxDeps } from '../../src/ledger/outbox.ts';
import { ledgerOf } from '../support/ledger.ts';
import { createParts, type LedgerParts } from '../support/ledger-parts.ts';
import { createVoiceOnce } from '../support/ledger-tasks.ts';
import { snapshotOf } from '../support/snapshots.ts';

type Deliver = (leaf: string, prev: number, events: readonly LiveEvent[]) => Promise<number | null>;

const kling = { createVoice: async () => snapshotOf('SUBMITTED') };

/** A leaf that applies what it is given, and says what it was given. */
function createLeaf(appliedSeq: number | null) {
  const leaf = { appliedSeq, deliveries: [] as string[], isDown: false };
  const deliver: Deliver = async (_name, prev, events) => {
    leaf.deliveries.push(`${prev}: ${events.map(({ seq }) => seq).join(' ')}`);
    if (leaf.isDown) throw new Error('the leaf is down');
    if (leaf.appliedSeq === null) return null;
    if (prev > leaf.appliedSeq) return leaf.appliedSeq;
    leaf.appliedSeq = Math.max(leaf.appliedSeq, events.at(-1)?.seq ?? 0);
    return leaf.appliedSeq;
  };
  return { leaf, deliver };
}

async function withLedger(
  name: string,
  work: (start: (deliver: Deliver, skip?: OutboxDeps['skip']) => LedgerParts, leaves: LeafStore) => Promise<void>,
): Promise<void> {
  await runInDurableObject(ledgerOf(`outbox ${name}`), (_instance, { storage }) =>
    work(
      (deliver, skip) => createParts(storage, { kling, deliver, ...(skip && { skip }) }),
      new LeafStore(storage.sql),
    ),
  );
}

describe('the outbox', () => {
  it('pushes every change to every leaf that watches, behind what it has', async ({ expect }) => {
    await withLedger('each', async (start) => {
      const { leaf, deliver } = createLeaf(0);
      const parts = start(deliver);
      expect(parts.outbox.attach('leaf-a')).toBe(0);
      const { id } = await createVoiceOnce(parts);
      await parts.settle();
      parts.ingest(id, snapshotOf('PROCESSING'));
      await parts.settle();
      expect(leaf.deliveries).toEqual(['0: 1', '1: 2']);
      await parts.outbox.run();
      expect(leaf.deliveries).toHaveLength(2);
    });
  });

  it('lets the alarm deliver what was committed and not pushed: the object died in between', async ({ expect }) => {
    await withLedger('crash', async (start) => {
      const { leaf, deliver } = createLeaf(0);
      const before = start(() => new Promise(() => {}));
      before.outbox.attach('leaf-a');
      await createVoiceOnce(before);
      const after = start(deliver);
      const dueAtMs = after.keeper.nextAtMs()!;
      expect(dueAtMs).toBeLessThanOrEqual(after.clock.nowMs + 1_500);
      after.clock.nowMs = dueAtMs;
      await after.outbox.run();
      expect(leaf.deliveries).toEqual(['0: 1']);
    });
  });

  it('tries a leaf that fails again, later and later, and then gives it everything in order', async ({ expect }) => {
    await withLedger('down', async (start, leaves) => {
      const { leaf, deliver } = createLeaf(0);
      const parts = start(deliver);
      leaf.isDown = true;
      parts.outbox.attach('leaf-a');
      const { id } = await createVoiceOnce(parts);
      await parts.settle();
      parts.ingest(id, snapshotOf('PROCESSING'));
      await parts.settle();
      const waits: number[] = [];
      for (let i = 0; i < 3; i += 1) {
        const dueAtMs = leaves.nextDueAtMs()!;
        waits.push(dueAtMs - parts.clock.nowMs);
        parts.clock.nowMs = dueAtMs;
        leaf.isDown = i < 2;
        await parts.outbox.run();
      }
      expect(waits).toEqual(waits.toSorted((a, b) => a - b));
      expect(new Set(leaf.deliveries)).toEqual(new Set(['0: 1', '0: 1 2']));
      expect(leaf.appliedSeq).toBe(2);
    });
  });

  it('sends a leaf that has lost some of them those again', async ({ expect }) => {
    await withLedger('lost', async (start) => {
      const { leaf, deliver } = createLeaf(0);
      const parts = start(deliver);
      parts.outbox.attach('leaf-a');
      const { id } = await createVoiceOnce(parts);
      await parts.settle();
      leaf.appliedSeq = 0;
      parts.ingest(id, snapshotOf('PROCESSING'));
      await parts.settle();
      expect(leaf.deliveries).toEqual(['0: 1', '1: 2', '0: 1 2']);
    });
  });

  it('tells a leaf that is behind what is kept to skip it, and goes on from there', async ({ expect }) => {
    await withLedger('behind', async (start, leaves) => {
      const { leaf, deliver } = createLeaf(0);
      const skipped: string[] = [];
      const parts = start(deliver, async (name, seq) => {
        skipped.push(`${name} to ${seq}`);
        leaf.appliedSeq = seq;
        return seq;
      });
      parts.outbox.attach('leaf-a');
      leaf.isDown = true;
      const { id } = await createVoiceOnce(parts);
      parts.ingest(id, snapshotOf('PROCESSING'));
      await parts.settle();
      parts.events.forgetUntil(parts.clock.nowMs, 1);
      leaf.isDown = false;
      leaf.deliveries.length = 0;
      parts.clock.nowMs += 60_000;
      await parts.outbox.run();
      expect(skipped).toEqual(['leaf-a to 1']);
      expect(leaf.deliveries).toEqual(['1: 2']);
      expect(leaves.find('leaf-a')).toMatchObject({ appliedSeq: 2, dueAtMs: null });
    });
  });

  it('forgets a leaf where nobody watches', async ({ expect }) => {
    await withLedger('nobody', async (start) => {
      const { leaf, deliver } = createLeaf(null);
      const parts = start(deliver);
      parts.outbox.attach('leaf-a');
      const { id } = await createVoiceOnce(parts);
      await parts.settle();
      parts.ingest(id, snapshotOf('PROCESSING'));
      await parts.settle();
      expect(leaf.deliveries).toEqual(['0: 1']);
    });
  });

  it('does not forget a leaf that began to watch while its answer that nobody does was on the way', async ({
    expect,
  }) => {
    await withLedger('began', async (start) => {
      const { leaf, deliver } = createLeaf(null);
      const parts: LedgerParts = start(async (name, prev, events) => {
        const answer = await deliver(name, prev, events);
        if (answer === null) leaf.appliedSeq = parts.outbox.attach('leaf-a');
        return answer;
      });
      parts.outbox.attach('leaf-a');
      const { id } = await createVoiceOnce(parts);
      await parts.settle();
      parts.ingest(id, snapshotOf('PROCESSING'));
      await parts.settle();
      expect(leaf.deliveries).toEqual(['0: 1', '0: 1', '1: 2']);
    });
  });
});
