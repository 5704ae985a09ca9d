import { applyEvent, type TaskEvent } from '../domain/apply.ts';
import { countedMilliunits, monthOf, toMilliunits } from '../domain/cost.ts';
import { scanIdOf, type LipSyncTask, type TaskRecord } from '../domain/records.ts';
import { isFinal, type TaskStatus } from '../domain/task.ts';
import type { LedgerDeps } from './deps.ts';
import type { NewTaskRow, TaskRow, TaskStep, WrittenRecord } from './stores/tasks.ts';

/** The one door through which every change of a task goes. */
export interface Journal {
  /**
   * Records the intent of a task and the request it will be sent with. Nobody is told yet: a create that Kling refuses
   * while its maker still waits for the answer leaves nothing behind.
   */
  open(row: NewTaskRow, request: string): void;
  /** Takes back an intent that Kling has refused. */
  withdraw(taskId: string): void;
  /** Tells that a task is kept and waits, unless something has been told of it already. */
  announceWaiting(taskId: string): void;
  /**
   * Applies an event and a step to a task, in one transaction with the event log, the units, the voices and the alarm.
   * An event that says nothing new changes nothing. Nothing moves a task that is `DONE`. Null: there is no such task.
   */
  apply(taskId: string, event: TaskEvent | null, step?: Partial<TaskStep>): TaskRow | null;
}

export interface JournalHooks {
  /** Something has been written to the log of events; called inside the transaction. */
  readonly announced: () => void;
  /** The same, after the transaction. */
  readonly committed: () => void;
  /** A task has reached its end; called once, after the transaction. */
  readonly ended: (record: TaskRecord) => void;
}

export function createJournal(deps: LedgerDeps, { announced, committed, ended }: JournalHooks): Journal {
  const { tasks, sums, events, holdings, limits, now, arm } = deps;

  /** What follows from a changed record. Until its end a task counts as pending; from then on its month holds it once. */
  function reckon(before: TaskRecord, after: TaskRecord): WrittenRecord {
    const counted = sums.milliunits(after.id) ?? toMilliunits(before.unitsDeducted ?? '0') ?? 0;
    const milliunits = countedMilliunits(after);
    const added = isFinal(after.status) ? milliunits - (isFinal(before.status) ? counted : 0) : 0;
    if (added !== 0) holdings.addMilliunits(monthOf(after.createdAtMs), added);
    if (after.kind === 'VOICE') for (const voice of after.voices) holdings.keepVoice(voice);
    else learnLength(after);
    return { record: after, milliunits };
  }

  /** How long the video of a scan is, as Kling tells it: the scan's next lip-sync is estimated by it. */
  function learnLength({ faceId, parentVideo }: LipSyncTask): void {
    const lengthMs = parentVideo?.durationMs ?? null;
    if (faceId !== undefined && lengthMs !== null) holdings.keepScanLength(scanIdOf(faceId), lengthMs);
  }

  /** Returns the number of the event. */
  function announce(after: TaskRecord): number {
    const seq = events.append(after, now(), limits.eventsPerTaskMax);
    announced();
    return seq;
  }

  /** Called after the transaction: one that fails has changed nothing. */
  function logChange(taskId: string, status: TaskStatus, seq: number): void {
    deps.log({ level: 'info', message: 'task changed', taskId, status, seq });
  }

  return {
    open(row, request) {
      deps.transaction(() => {
        tasks.insert(row, request, countedMilliunits(row.record));
        arm();
      });
    },

    withdraw(taskId) {
      deps.transaction(() => {
        tasks.remove(taskId);
        arm();
      });
    },

    announceWaiting(taskId) {
      const seq = deps.transaction(() => {
        const row = tasks.find({ id: taskId });
        if (row?.record.status !== 'QUEUED' || events.after(taskId, 0, 1).length > 0) return null;
        const queuedSeq = announce(row.record);
        arm();
        return queuedSeq;
      });
      if (seq !== null) logChange(taskId, 'QUEUED', seq);
      committed();
    },

    apply(taskId, event, step) {
      let over: TaskRecord | null = null;
      let seq: number | null = null;
      const row = deps.transaction(() => {
        const before = tasks.find({ id: taskId });
        if (before === null) return null;
        const applied = event === null ? null : applyEvent(before.record, event, now());
        const written = applied === null ? null : reckon(before.record, applied.record);
        if (applied?.change === 'STATE') seq = announce(applied.record);
        const after = applied?.record ?? before.record;
        if (before.phase === 'DONE') {
          if (written !== null) tasks.writeRecord(written);
          return { ...before, record: after };
        }
        const planned = untilDeadline({ ...before, ...step }, now());
        const next: TaskStep = isFinal(after.status) ? { ...planned, phase: 'DONE', wakeAtMs: null } : planned;
        tasks.step(taskId, next, written, now());
        if (next.phase === 'DONE') over = after;
        arm();
        return { ...before, ...next, record: after };
      });
      if (row !== null && seq !== null) logChange(taskId, row.record.status, seq);
      if (event !== null) committed();
      if (over !== null) ended(over);
      return row;
    },
  };
}

/** A task is looked at when its deadline comes, however long its waits have grown. */
function untilDeadline(step: TaskStep, nowMs: number): TaskStep {
  const { wakeAtMs, deadlineAtMs } = step;
  return wakeAtMs === null || deadlineAtMs <= nowMs ? step : { ...step, wakeAtMs: Math.min(wakeAtMs, deadlineAtMs) };
}
