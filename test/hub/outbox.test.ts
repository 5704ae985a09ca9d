import { runInDurableObject } from 'cloudflare:test';
import { describe, it } from 'vitest';
import type { TaskChange } from '../../src/domain/records.ts';
import type { OutboxDeps } from '../../src/ledger/outbox.ts';
import { ShardStore } from '../../src/ledger/stores/events.ts';
import { createParts, type LedgerParts } from '../support/ledger-parts.ts';
import { createVoiceOnce } from '../support/ledger-tasks.ts';
import { ledgerOf } from '../support/ledger.ts';
import { snapshotOf } from '../support/snapshots.ts';

type Deliver = (shard: string, prev: number, events: readonly TaskChange[]) => Promise<number | null>;

const kling = { createVoiceTask: async () => snapshotOf('SUBMITTED') };

/** Creates a shard that applies and records its deliveries. Nobody watches there if `appliedSeq` is null. */
function createShard(appliedSeq: number | null) {
  const shard = { appliedSeq, deliveries: [] as string[], isDown: false };
  const deliver: Deliver = async (_name, prev, events) => {
    shard.deliveries.push(`${prev}: ${events.map(({ seq }) => seq).join(' ')}`);
    if (shard.isDown) throw new Error('the shard is down');
    if (shard.appliedSeq === null) return null;
    if (prev > shard.appliedSeq) return shard.appliedSeq;
    shard.appliedSeq = Math.max(shard.appliedSeq, events.at(-1)?.seq ?? 0);
    return shard.appliedSeq;
  };
  return { shard, deliver };
}

async function withLedger(
  name: string,
  work: (start: (deliver: Deliver, skip?: OutboxDeps['skip']) => LedgerParts, shards: ShardStore) => Promise<void>,
): Promise<void> {
  await runInDurableObject(ledgerOf(`outbox ${name}`), (_instance, { storage }) =>
    work(
      (deliver, skip) => createParts(storage, { kling, deliver, ...(skip && { skip }) }),
      new ShardStore(storage.sql),
    ),
  );
}

describe('the outbox', () => {
  it('pushes every change to a watching shard, after those that it has', async ({ expect }) => {
    await withLedger('each', async (start) => {
      const { shard, deliver } = createShard(0);
      const parts = start(deliver);
      expect(parts.outbox.attach('shard-a')).toBe(0);
      const { id } = await createVoiceOnce(parts);
      await parts.settle();
      parts.ingest(id, snapshotOf('PROCESSING'));
      await parts.settle();
      expect(shard.deliveries).toEqual(['0: 1', '1: 2']);
      await parts.outbox.run();
      expect(shard.deliveries).toHaveLength(2);
    });
  });

  it('delivers by the alarm after the object died between commit and push', async ({ expect }) => {
    await withLedger('crash', async (start) => {
      const { shard, deliver } = createShard(0);
      const before = start(() => new Promise(() => {}));
      before.outbox.attach('shard-a');
      await createVoiceOnce(before);
      const after = start(deliver);
      const dueAtMs = after.alarmHandler.nextAtMs()!;
      expect(dueAtMs).toBeLessThanOrEqual(after.clock.nowMs + 1_500);
      after.clock.nowMs = dueAtMs;
      await after.outbox.run();
      expect(shard.deliveries).toEqual(['0: 1']);
    });
  });

  it('retries a failing shard with growing waits, and then delivers everything in order', async ({ expect }) => {
    await withLedger('down', async (start, shards) => {
      const { shard, deliver } = createShard(0);
      const parts = start(deliver);
      shard.isDown = true;
      parts.outbox.attach('shard-a');
      const { id } = await createVoiceOnce(parts);
      await parts.settle();
      parts.ingest(id, snapshotOf('PROCESSING'));
      await parts.settle();
      const waits: number[] = [];
      for (let i = 0; i < 3; i += 1) {
        const dueAtMs = shards.nextDueAtMs()!;
        waits.push(dueAtMs - parts.clock.nowMs);
        parts.clock.nowMs = dueAtMs;
        shard.isDown = i < 2;
        await parts.outbox.run();
      }
      expect(waits).toEqual(waits.toSorted((a, b) => a - b));
      expect(new Set(shard.deliveries)).toEqual(new Set(['0: 1', '0: 1 2']));
      expect(shard.appliedSeq).toBe(2);
    });
  });

  it('resends changes that a shard has lost', async ({ expect }) => {
    await withLedger('lost', async (start) => {
      const { shard, deliver } = createShard(0);
      const parts = start(deliver);
      parts.outbox.attach('shard-a');
      const { id } = await createVoiceOnce(parts);
      await parts.settle();
      shard.appliedSeq = 0;
      parts.ingest(id, snapshotOf('PROCESSING'));
      await parts.settle();
      expect(shard.deliveries).toEqual(['0: 1', '1: 2', '0: 1 2']);
    });
  });

  it('tells a shard to skip changes that are deleted, and continues after them', async ({ expect }) => {
    await withLedger('behind', async (start, shards) => {
      const { shard, deliver } = createShard(0);
      const skipped: string[] = [];
      const parts = start(deliver, async (name, seq) => {
        skipped.push(`${name} to ${seq}`);
        shard.appliedSeq = seq;
        return seq;
      });
      parts.outbox.attach('shard-a');
      shard.isDown = true;
      const { id } = await createVoiceOnce(parts);
      parts.ingest(id, snapshotOf('PROCESSING'));
      await parts.settle();
      parts.events.deleteUntil(parts.clock.nowMs, 1);
      shard.isDown = false;
      shard.deliveries.length = 0;
      parts.clock.nowMs += 60_000;
      await parts.outbox.run();
      expect(skipped).toEqual(['shard-a to 1']);
      expect(shard.deliveries).toEqual(['1: 2']);
      expect(shards.find('shard-a')).toMatchObject({ appliedSeq: 2, dueAtMs: null });
    });
  });

  it('stops pushing to a shard where nobody watches', async ({ expect }) => {
    await withLedger('nobody', async (start) => {
      const { shard, deliver } = createShard(null);
      const parts = start(deliver);
      parts.outbox.attach('shard-a');
      const { id } = await createVoiceOnce(parts);
      await parts.settle();
      parts.ingest(id, snapshotOf('PROCESSING'));
      await parts.settle();
      expect(shard.deliveries).toEqual(['0: 1']);
    });
  });

  it('keeps pushing to a shard that attaches while its answer that nobody watches is on the way', async ({
    expect,
  }) => {
    await withLedger('began', async (start) => {
      const { shard, deliver } = createShard(null);
      const parts: LedgerParts = start(async (name, prev, events) => {
        const answer = await deliver(name, prev, events);
        if (answer === null) shard.appliedSeq = parts.outbox.attach('shard-a');
        return answer;
      });
      parts.outbox.attach('shard-a');
      const { id } = await createVoiceOnce(parts);
      await parts.settle();
      parts.ingest(id, snapshotOf('PROCESSING'));
      await parts.settle();
      expect(shard.deliveries).toEqual(['0: 1', '0: 1', '1: 2']);
    });
  });
});
