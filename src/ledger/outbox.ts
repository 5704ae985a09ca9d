import type { Delivery, LiveEvent } from '../domain/watch.ts';
import type { Log } from '../lib/log.ts';
import type { EventStore, TaskChange } from './stores/events.ts';
import type { ShardStore } from './stores/shards.ts';
import { retryWaitMs } from './schedule.ts';

/** The push starts at once; should the object die before it ends, the alarm takes it up after this. */
const GUARD_MS = 1_500;

/** After this the alarm looks again at a push that it has begun. */
const PUSH_MS_MAX = 5_000;

/** Events in one push. */
const PUSH_MAX = 100;

export interface OutboxDeps {
  readonly events: EventStore;
  readonly shards: ShardStore;
  readonly now: () => number;
  readonly random: () => number;
  readonly background: (work: () => Promise<unknown>) => void;
  readonly log: Log;
  /** Hands events to a shard: those behind `prev`, in order. */
  readonly deliver: (shard: string, prev: number, events: Delivery['events']) => Promise<Delivery['answer']>;
  /** Tells a shard that what is up to `seq` is no longer kept, and it has not seen it. */
  readonly skip: (shard: string, seq: number) => Promise<Delivery['answer']>;
  /** Gives a change its cursor. */
  readonly toLive: (change: TaskChange) => LiveEvent;
  readonly arm: () => void;
}

/** Brings every change to every shard that watches, in order, at least once; the shard applies each once. */
export interface Outbox {
  /** Called inside the transaction that writes an event. */
  owe(): void;
  /** Called after it. */
  push(): void;
  /** The alarm's part: what is still owed. */
  run(): Promise<void>;
  /** A shard begins to watch. Answers with the newest event's number: what it has is the state up to there. */
  attach(shard: string): number;
}

/** Of one shard. */
interface Push {
  ended: Promise<void>;
  isAskedAgain: boolean;
}

export function createOutbox(deps: OutboxDeps): Outbox {
  const { events, shards, now, random } = deps;
  const pushing = new Map<string, Push>();
  /** How often each shard has begun to watch: an answer that nobody watches there may be older than the newest beginning. */
  const attached = new Map<string, number>();

  async function pushTo(name: string): Promise<void> {
    for (;;) {
      const shard = shards.find(name);
      if (shard === null) return;
      const forgotten = events.forgotten();
      const isBehind = shard.appliedSeq < forgotten;
      const batch = events.after(null, shard.appliedSeq, PUSH_MAX).map(deps.toLive);
      if (batch.length === 0 && !isBehind) {
        shards.applied(name, shard.appliedSeq, null);
        return;
      }
      const attachedBefore = attached.get(name);
      const answer = await (isBehind ? deps.skip(name, forgotten) : deps.deliver(name, shard.appliedSeq, batch));
      if (answer === null && attached.get(name) !== attachedBefore) continue;
      if (answer === null) return shards.remove(name);
      shards.applied(name, answer, events.head() > answer ? now() + GUARD_MS : null);
    }
  }

  async function pushAll(name: string, push: Push): Promise<void> {
    try {
      do {
        push.isAskedAgain = false;
        await pushTo(name);
        // It may have looked for the last time before the newest event came.
      } while (push.isAskedAgain);
    } catch (error) {
      const fails = shards.find(name)?.fails ?? 0;
      shards.failed(name, now() + retryWaitMs(Math.min(fails, 4), random));
      deps.log({ level: 'warn', message: 'push to shard failed', shard: name, cause: String(error) });
      deps.arm();
    } finally {
      pushing.delete(name);
    }
  }

  /** One push at a time to a shard: it takes what comes meanwhile along. */
  async function pushAlone(name: string): Promise<void> {
    const running = pushing.get(name);
    if (running !== undefined) {
      running.isAskedAgain = true;
      return running.ended;
    }
    const push = { ended: Promise.resolve(), isAskedAgain: false };
    pushing.set(name, push);
    push.ended = pushAll(name, push);
    return push.ended;
  }

  return {
    owe: () => shards.owe(now() + GUARD_MS),
    push() {
      for (const name of shards.names()) deps.background(() => pushAlone(name));
    },
    async run() {
      const names = shards.due(now());
      // A push that hangs is not due again at once, or the alarm would ring without end.
      for (const name of names) shards.begin(name, now() + PUSH_MS_MAX);
      await Promise.all(names.map(pushAlone));
    },
    attach(shard) {
      const head = events.head();
      shards.add(shard, head);
      attached.set(shard, (attached.get(shard) ?? 0) + 1);
      return head;
    },
  };
}
