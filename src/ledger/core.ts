import { configOf } from '../config/index.ts';
import { startTimer } from '../lib/deadline.ts';
import { createCreates, type Creates } from './create-tasks.ts';
import type { LedgerDeps } from './deps.ts';
import { createFreshTasks, type FreshTasks } from './fresh-tasks.ts';
import { createIngest, type Ingest } from './ingest.ts';
import { createJournal, type Journal } from './journal.ts';
import { createKeeper, type Keeper } from './alarm.ts';
import { ShardStore } from './stores/shards.ts';
import { createLists, type Lists } from './queries.ts';
import { createDeps } from './wiring.ts';
import { createOutbox, type Outbox } from './outbox.ts';
import { createPaidCalls, type PaidCalls } from './paid-calls.ts';
import { createRates, type Rates } from './limits.ts';
import { createReader, type Reader } from './sync-task.ts';
import { createSender, type Sender } from './sender.ts';
import { createWaiting, type Waiting } from './waiting.ts';

/** The parts of a ledger, put together. */
export interface Core {
  readonly deps: LedgerDeps;
  readonly journal: Journal;
  readonly sender: Sender;
  readonly reader: Reader;
  readonly freshTasks: FreshTasks;
  readonly keeper: Keeper;
  readonly creates: Creates;
  readonly paidCalls: PaidCalls;
  readonly lists: Lists;
  readonly ingest: Ingest;
  readonly outbox: Outbox;
  readonly rates: Rates;
  readonly waiting: Waiting;
}

/** `arm` sets the alarm to what `keeper` has to do next. Throws when the settings are wrong. */
export function createCore(ctx: DurableObjectState, env: Env, arm: () => void): Core {
  const deps = createDeps(ctx, env, arm);
  const lists = createLists(deps, ctx.storage);
  const shards = new ShardStore(ctx.storage.sql);
  const outbox = createOutbox({
    ...deps,
    shards,
    toLive: (change) => lists.toLive(change),
    deliver: (shard, prev, events) => env.HUB.getByName(shard).deliver(ctx.id.name ?? '', prev, events),
    skip: (shard, seq) => env.HUB.getByName(shard).skip(ctx.id.name ?? '', seq),
  });
  const journal = createJournal(deps, {
    announced: () => outbox.owe(),
    committed: () => outbox.push(),
    ended: ({ id }) => deps.background(() => deps.slots.release(id)),
  });
  const sender = createSender(deps, journal);
  const reader = createReader(deps, journal);
  const waiting = createWaiting(deps, sender);
  const { kling, rates: limits } = configOf(env);
  const rates = createRates(limits, deps.now);
  const readsTogether = 'apiKey' in kling.keys;
  return {
    deps,
    journal,
    sender,
    reader,
    freshTasks: createFreshTasks(deps, { reader, rates, startTimer }),
    keeper: createKeeper(deps, { journal, sender, reader, outbox, shards, waiting, readsTogether }),
    creates: createCreates(deps, journal, sender),
    paidCalls: createPaidCalls(deps),
    lists,
    ingest: createIngest(deps, journal, reader),
    outbox,
    rates,
    waiting,
  };
}
