import { describe, it } from 'vitest';
import type { TaskChange } from '../../src/domain/records.ts';
import { createOutbox } from '../../src/ledger/outbox.ts';
import type { EventStore, Shard, ShardStore } from '../../src/ledger/stores/events.ts';
import { taskChange } from '../support/fan-out.ts';

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await Promise.resolve();
}

/** Creates an outbox with one reader that has no events yet, and records what is delivered to it. */
function open(kind: 'shard' | 'webhook' = 'shard') {
  const log: TaskChange[] = [];
  const delivered: number[] = [];
  const down = { isDown: false, tries: 0 };
  let shard: Shard = { name: 'shard', appliedSeq: 0, dueAtMs: null, fails: 0 };
  const outbox = createOutbox({
    kind,
    left: () => {},
    events: {
      head: () => log.length,
      forgotten: () => 0,
      after: (_task: string | null, seq: number, limit: number) => log.slice(seq, seq + limit),
    } as unknown as EventStore,
    shards: {
      find: () => shard,
      names: () => ['shard'],
      applied: (_name: string, appliedSeq: number) => void (shard = { ...shard, appliedSeq, fails: 0 }),
      failed: (_name: string, dueAtMs: number) => void (shard = { ...shard, dueAtMs, fails: shard.fails + 1 }),
      due: () => ['shard'],
      begin: () => {},
    } as unknown as ShardStore,
    now: () => 0,
    random: () => 0.5,
    background: (work) => void work(),
    log: () => {},
    async deliver(_shard, _prev, events) {
      if (down.isDown) {
        down.tries += 1;
        throw new Error('the reader is away');
      }
      delivered.push(...events.map(({ seq }) => seq));
      return events.at(-1)!.seq;
    },
    skip: () => Promise.reject(new Error('nothing is forgotten here')),
    arm: () => {},
  });
  const happen = (): void => {
    log.push(taskChange(log.length + 1));
    outbox.push();
  };
  return { delivered, happen, down, outbox };
}

it.for(Array.from({ length: 16 }, (_, turn) => turn))(
  'the outbox delivers an event at once that comes %s microtasks after another, also while the previous push ends',
  async (count, { expect }) => {
    const { delivered, happen } = open();
    happen();
    await turns(count);
    happen();
    await turns(40);
    expect(delivered).toEqual([1, 2]);
  },
);

describe('a reader that has failed', () => {
  it.for([
    ['shard', 6],
    ['webhook', 1],
  ] as const)('is tried again as a %s: %i times at six changes', async ([kind, tries], { expect }) => {
    const { happen, down, outbox, delivered } = open(kind);
    down.isDown = true;
    for (let n = 0; n < 6; n += 1) {
      happen();
      await turns(40);
    }
    expect(down.tries).toBe(tries);
    down.isDown = false;
    // The alarm.
    await outbox.run();
    expect(delivered).toEqual([1, 2, 3, 4, 5, 6]);
  });
});
