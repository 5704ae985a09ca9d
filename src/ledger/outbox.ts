import type { TaskChange } from '../domain/records.ts';
import type { Log } from '../lib/log.ts';
import { retryWaitMs } from './schedule.ts';
import type { EventStore, ShardStore } from './stores/events.ts';

/** A push starts at once. If the object is evicted before its end, the alarm repeats it after this time. */
const GUARD_MS = 1_500;

/** The time after which the alarm repeats a push that has not ended. */
const PUSH_MS_MAX = 5_000;

/** The most events per push. */
const PUSH_MAX = 100;

/** The readers of the log that changes are pushed to: shards of the hub pool, or webhook endpoints. */
export type Consumers = Omit<ShardStore, 'remove' | 'nextDueAtMs'>;

export interface OutboxDeps {
  /** The kind of the consumers, for the log. */
  readonly kind: 'shard' | 'webhook';
  readonly events: EventStore;
  readonly shards: Consumers;
  /** Called for a shard that nobody watches any more. */
  readonly left: (shard: string) => void;
  readonly now: () => number;
  readonly random: () => number;
  readonly background: (work: () => Promise<unknown>) => void;
  readonly log: Log;
  /** Sends a shard the events after `prev`, in order. */
  readonly deliver: (shard: string, prev: number, events: readonly TaskChange[]) => Promise<number | null>;
  /** Tells a shard that the events up to `seq`, which it has not seen, are deleted. */
  readonly skip: (shard: string, seq: number) => Promise<number | null>;
  readonly arm: () => void;
}

/** Delivers every change to every shard that watches, in order and at least once. The shard applies each change once. */
export interface Outbox {
  /** Schedules a push. Call it inside the transaction that writes an event. */
  owe(): void;
  /** Starts the pushes. Call it after that transaction. */
  push(): void;
  /** Repeats the pushes that are due, for the alarm. */
  run(): Promise<void>;
  /** Records that a shard begins to watch. Returns the number of the newest event: the shard has the state up to it. */
  attach(name: string): number;
}

/** A push to one shard. */
interface Push {
  ended: Promise<void>;
  isAskedAgain: boolean;
}

/** Creates the outbox. Build one per object, because it knows in memory which pushes are under way. */
export function createOutbox(deps: OutboxDeps): Outbox {
  const { events, shards, now, random } = deps;
  const pushing = new Map<string, Push>();
  /** How often each shard has begun to watch. An answer that nobody watches may be older than the newest start. */
  const attached = new Map<string, number>();

  async function pushTo(name: string): Promise<void> {
    for (;;) {
      const shard = shards.find(name);
      if (shard === null) return;
      const forgotten = events.forgotten();
      const isBehind = shard.appliedSeq < forgotten;
      const batch = events.after(null, shard.appliedSeq, PUSH_MAX);
      if (batch.length === 0 && !isBehind) {
        shards.applied(name, shard.appliedSeq, null);
        return;
      }
      const attachedBefore = attached.get(name);
      const answer = await (isBehind ? deps.skip(name, forgotten) : deps.deliver(name, shard.appliedSeq, batch));
      if (answer === null && attached.get(name) !== attachedBefore) continue;
      if (answer === null) return deps.left(name);
      shards.applied(name, answer, events.head() > answer ? now() + GUARD_MS : null);
    }
  }

  async function pushAll(name: string, push: Push): Promise<void> {
    try {
      do {
        push.isAskedAgain = false;
        await pushTo(name);
        // The last look at the log may have been before the newest event.
      } while (push.isAskedAgain);
    } catch (error) {
      const fails = shards.find(name)?.fails ?? 0;
      shards.failed(name, now() + retryWaitMs(Math.min(fails, 4), random));
      deps.log({ level: 'warn', message: `push to ${deps.kind} failed`, name, cause: String(error) });
      deps.arm();
    } finally {
      pushing.delete(name);
    }
  }

  /**
   * Returns true for a webhook that has failed, until the alarm tries it again. Its queue may be full for days, and each
   * try reads the log. A hub is tried with every change, because people watch.
   */
  function isWaiting(name: string): boolean {
    if (deps.kind === 'shard') return false;
    const { fails = 0, dueAtMs = null } = shards.find(name) ?? {};
    return fails > 0 && (dueAtMs ?? 0) > now();
  }

  /** Runs one push per shard at a time. It includes the events that come meanwhile. */
  async function pushExclusively(name: string): Promise<void> {
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
      for (const name of shards.names()) if (!isWaiting(name)) deps.background(() => pushExclusively(name));
    },
    async run() {
      const names = shards.due(now());
      // A push that hangs must not be due again at once, or the alarm would fire in a loop.
      for (const name of names) shards.begin(name, now() + PUSH_MS_MAX);
      await Promise.all(names.map(pushExclusively));
    },
    attach(name) {
      const head = events.head();
      shards.add(name, head);
      attached.set(name, (attached.get(name) ?? 0) + 1);
      return head;
    },
  };
}
