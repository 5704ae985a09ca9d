import { applyEvent, type TaskEvent } from '../domain/apply.ts';
import { toMilliunits } from '../domain/cost.ts';
import { monthOf } from '../domain/month.ts';
import type { TaskRecord } from '../domain/records.ts';
import { isFinal } from '../domain/task.ts';
import type { LedgerDeps } from './deps.ts';
import type { NewTaskRow, TaskRow, TaskStep } from './task-store.ts';

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
  /** Sets the alarm to the earliest thing that is due; called inside the transaction. */
  readonly arm: () => void;
  /** Something has been written to the log of events; called inside the transaction. */
  readonly announced: () => void;
  /** The same, after the transaction. */
  readonly committed: () => void;
  /** A task has reached its end; called once, after the transaction. */
  readonly ended: (record: TaskRecord) => void;
}

export function createJournal(deps: LedgerDeps, { arm, announced, committed, ended }: JournalHooks): Journal {
  const { tasks, events, holdings, limits, now } = deps;

  function record(before: TaskRecord, after: TaskRecord): void {
    tasks.writeRecord(after);
    const charged = charge(after) - charge(before);
    if (charged !== 0) holdings.addMilliunits(monthOf(after.createdAtMs), charged);
    if (after.kind === 'VOICE') for (const voice of after.voices) holdings.keepVoice(voice);
  }

  function announce(after: TaskRecord): void {
    events.append(after, now());
    events.trim(after.id, limits.eventsPerTaskMax);
    announced();
  }

  return {
    open(row, request) {
      deps.transaction(() => {
        tasks.insert(row, request);
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
      deps.transaction(() => {
        const row = tasks.find({ id: taskId });
        if (row !== null && row.record.status === 'QUEUED' && events.after(taskId, 0, 1).length === 0) {
          announce(row.record);
          arm();
        }
      });
      committed();
    },

    apply(taskId, event, step) {
      let over: TaskRecord | null = null;
      const row = deps.transaction(() => {
        const before = tasks.find({ id: taskId });
        if (before === null) return null;
        const applied = event === null ? null : applyEvent(before.record, event, now());
        if (applied !== null) {
          record(before.record, applied.record);
          if (applied.change === 'STATE') announce(applied.record);
        }
        const after = applied?.record ?? before.record;
        if (before.phase === 'DONE') return { ...before, record: after };
        const planned = untilDeadline({ ...before, ...step }, now());
        const next: TaskStep = isFinal(after.status) ? { ...planned, phase: 'DONE', wakeAtMs: null } : planned;
        tasks.step(taskId, next);
        if (next.phase === 'DONE') over = after;
        arm();
        return { ...before, ...next, record: after };
      });
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

/** In thousandths of a unit; 0 while Kling has not told it. */
function charge(record: TaskRecord): number {
  return record.unitsDeducted === null ? 0 : (toMilliunits(record.unitsDeducted) ?? 0);
}
