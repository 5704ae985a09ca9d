import type { LedgerLimits } from '../config/index.ts';
import { applyFact, type TaskFact } from '../domain/apply.ts';
import { countedMilliunits, monthOf, toMilliunits } from '../domain/cost.ts';
import { type LipSyncTask, scanIdOf, type TaskRecord, type TaskChange } from '../domain/records.ts';
import { isFinal, type TaskStatus } from '../domain/task.ts';
import type { Log } from '../lib/log.ts';
import type { ArchivePlan } from './stores/files.ts';
import type { AssetStore } from './stores/assets.ts';
import type { EventStore, ShardStore } from './stores/events.ts';
import type { WakeStore } from './stores/open-tasks.ts';
import type { NewTaskRow, TaskRow, TaskStep, TaskStore, WrittenRecord } from './stores/tasks.ts';
import type { FileSources } from './isolation.ts';
import { retryWaitMs } from './schedule.ts';

/** Makes every change of a task. Invariant: nothing else changes a task's record or phase. */
export interface Journal {
  /**
   * Writes the intent of a task and the request to send. There is no event yet, so that a create that Kling refuses while
   * its caller waits leaves no trace. A task that is prepared has its first event: nobody waits for Kling's answer.
   */
  open(row: NewTaskRow, request: string): void;
  /** Deletes an intent that Kling has refused. */
  withdraw(taskId: string): void;
  /**
   * Deletes a final task with its changes and the copies of its results. No change says so. Its external id stays taken, so
   * that a repeated create is not paid for again.
   */
  remove(taskId: string): void;
  /** Writes the event of a queued task, unless the task has an event already. */
  announceWaiting(taskId: string): void;
  /**
   * Applies a fact and a step to a task, in one transaction with the event log, the units, the voices and the alarm. A
   * fact without news changes nothing, and no step changes a task that is `DONE`. `request` replaces the stored request.
   * Returns null for an unknown task.
   */
  apply(taskId: string, fact: TaskFact | null, step?: Partial<TaskStep>, request?: string): TaskRow | null;
}

interface JournalDeps {
  readonly tasks: TaskStore;
  readonly wakes: Pick<WakeStore, 'wakeWaitingFor'>;
  readonly events: EventStore;
  readonly assets: AssetStore;
  readonly archivePlan: ArchivePlan;
  readonly files: Pick<FileSources, 'withoutUrls'>;
  readonly limits: Pick<LedgerLimits, 'eventsPerTaskMax' | 'eventRetentionMs'>;
  readonly arm: () => void;
  readonly transaction: <T>(work: () => T) => T;
  readonly now: () => number;
  readonly log: Log;
  /** Called inside the transaction that writes an event. */
  readonly announced: () => void;
  /** Called after a transaction that may have written an event. */
  readonly committed: () => void;
  /** Called once per task, after the transaction that ended it. */
  readonly ended: (record: TaskRecord) => void;
}

/** Creates the journal. It keeps nothing in memory. */
export function createJournal(deps: JournalDeps): Journal {
  const {
    tasks,
    wakes,
    events,
    assets,
    files,
    archivePlan,
    limits,
    arm,
    transaction,
    now,
    log,
    announced,
    committed,
    ended,
  } = deps;

  /** Writes what follows from a changed record. A task counts as pending until its end, then once in its month. */
  function writeConsequences(before: TaskRecord, after: TaskRecord): WrittenRecord {
    const counted = tasks.milliunits(after.id) ?? toMilliunits(before.unitsDeducted ?? '0') ?? 0;
    const milliunits = countedMilliunits(after);
    const added = isFinal(after.status) ? milliunits - (isFinal(before.status) ? counted : 0) : 0;
    if (added !== 0) assets.addMilliunits(monthOf(after.createdAtMs), added);
    if (after.kind === 'LIP_SYNC') keepLength(after);
    else if (before.kind === 'VOICE' && after.voices !== before.voices)
      after.voices.forEach((v) => assets.keepVoice(v));
    archivePlan.results(before, after);
    return { record: after, milliunits };
  }

  /** Stores the length of a scan's video, as Kling measured it. The estimate of the scan's next lip-sync uses it. */
  function keepLength({ faceId, parentVideo }: LipSyncTask): void {
    const lengthMs = parentVideo?.durationMs ?? null;
    if (faceId !== undefined && lengthMs !== null) assets.keepScanLength(scanIdOf(faceId), lengthMs);
  }

  /** Kling's report may quote the URL of a file, which is a secret and expires. */
  function withoutFileUrls(fact: TaskFact): TaskFact {
    return fact.type === 'SNAPSHOT' ? { ...fact, snapshot: files.withoutUrls(fact.snapshot) } : fact;
  }

  /** Writes an event and returns its number. */
  function announce(after: TaskRecord): number {
    const seq = events.append(after, now(), limits.eventsPerTaskMax);
    announced();
    return seq;
  }

  /**
   * Returns true for a task without an event: Kling may still refuse its create, and then it disappears. Its first event
   * will show its notes. One that is older than the log had its event.
   */
  function isUnannounced({ id, status, createdAtMs }: TaskRecord): boolean {
    const isRecent = createdAtMs > now() - limits.eventRetentionMs;
    return status === 'QUEUED' && isRecent && events.after(id, 0, 1).length === 0;
  }

  /** Called after the transaction, because one that fails changes nothing. */
  function logChange(taskId: string, status: TaskStatus, seq: number): void {
    log({ level: 'info', message: 'task changed', taskId, status, seq });
  }

  return {
    open(row, request) {
      const seq = transaction(() => {
        tasks.insert(row, request, countedMilliunits(row.record));
        const first = row.phase === 'PREPARING' ? announce(row.record) : null;
        arm();
        return first;
      });
      if (seq === null) return;
      logChange(row.record.id, row.record.status, seq);
      committed();
    },

    withdraw(taskId) {
      transaction(() => {
        tasks.remove(taskId);
        wakes.wakeWaitingFor(taskId, now());
        arm();
      });
    },

    remove(taskId) {
      transaction(() => {
        const externalId = tasks.find({ id: taskId })?.record.externalId ?? null;
        events.deleteOf(taskId);
        tasks.remove(taskId);
        if (externalId !== null) tasks.spend(externalId, now());
        wakes.wakeWaitingFor(taskId, now());
        arm();
      });
      log({ level: 'info', message: 'task deleted', taskId });
    },

    announceWaiting(taskId) {
      const seq = transaction(() => {
        const row = tasks.find({ id: taskId });
        if (row?.record.status !== 'QUEUED' || events.after(taskId, 0, 1).length > 0) return null;
        const queuedSeq = announce(row.record);
        arm();
        return queuedSeq;
      });
      if (seq !== null) logChange(taskId, 'QUEUED', seq);
      committed();
    },

    apply(taskId, fact, step, request) {
      let over: TaskRecord | null = null;
      let seq: number | null = null;
      const row = transaction(() => {
        const before = tasks.find({ id: taskId });
        if (before === null) return null;
        const applied = fact === null ? null : applyFact(before.record, withoutFileUrls(fact), now());
        const written = applied === null ? null : writeConsequences(before.record, applied.record);
        if (applied?.change === 'STATE' && !(fact?.type === 'NOTED' && isUnannounced(before.record)))
          seq = announce(applied.record);
        const after = applied?.record ?? before.record;
        if (before.phase === 'DONE') {
          if (written !== null) {
            tasks.writeRecord(written);
            // A late URL may have to be copied.
            arm();
          }
          return { ...before, record: after };
        }
        const planned = untilDeadline({ ...before, ...step }, now());
        const next: TaskStep = isFinal(after.status) ? { ...planned, phase: 'DONE', wakeAtMs: null } : planned;
        if (request !== undefined) tasks.replaceRequest(taskId, request);
        tasks.step(taskId, next, written, now());
        if (next.phase === 'DONE') {
          over = after;
          wakes.wakeWaitingFor(taskId, now());
        }
        arm();
        return { ...before, ...next, record: after };
      });
      if (row !== null && seq !== null) logChange(taskId, row.record.status, seq);
      if (fact !== null) committed();
      if (over !== null) ended(over);
      return row;
    },
  };
}

/** Wakes a task at its deadline at the latest. */
function untilDeadline(step: TaskStep, nowMs: number): TaskStep {
  const { wakeAtMs, deadlineAtMs } = step;
  return wakeAtMs === null || deadlineAtMs <= nowMs ? step : { ...step, wakeAtMs: Math.min(wakeAtMs, deadlineAtMs) };
}

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
