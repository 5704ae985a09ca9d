import type { LedgerLimits } from '../config/index.ts';
import { applyFact, type TaskFact } from '../domain/apply.ts';
import { countedMilliunits, monthOf, toMilliunits } from '../domain/cost.ts';
import { type LipSyncTask, scanIdOf, type TaskRecord } from '../domain/records.ts';
import { isFinal, type TaskStatus } from '../domain/task.ts';
import type { Log } from '../lib/log.ts';
import type { ArchivePlan } from './stores/files.ts';
import type { FileSources } from './isolation.ts';
import type { AssetStore } from './stores/assets.ts';
import type { EventStore } from './stores/events.ts';
import type { WakeStore } from './stores/open-tasks.ts';
import type { NewTaskRow, TaskRow, TaskStep, TaskStore, WrittenRecord } from './stores/tasks.ts';

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
