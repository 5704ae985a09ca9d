import { type Durations, durationsOf, estimateEndAtMs, JUDGED_BY, type PastRun } from '../domain/estimate.ts';
import type { TaskChange, TaskRecord } from '../domain/records.ts';
import { isFinal, type TaskKind } from '../domain/task.ts';

/** Adds to tasks when they are expected to end. Reads past tasks at most once for each kind, until another one succeeds. */
export interface Estimates {
  /** Returns the task with its expected end as of now; the same task without one. */
  of<T extends TaskRecord>(task: T): T;
  /** Returns a change with the end that was to be expected at its instant. */
  readonly ofChange: (change: TaskChange) => TaskChange;
  /** Call it for each task that has ended. */
  ended(task: Pick<TaskRecord, 'kind' | 'status'>): void;
}

interface EstimatesDeps {
  readonly sql: SqlStorage;
  readonly now: () => number;
}

/** Creates the estimates. Build one per object, because it keeps the durations of past tasks in memory. */
export function createEstimates({ sql, now }: EstimatesDeps): Estimates {
  const known = new Map<TaskKind, Durations>();

  /** A deleted task counts until the next one succeeds. */
  function pastOf(kind: TaskKind): Durations {
    const before = known.get(kind);
    if (before !== undefined) return before;
    const runs = sql.exec<Record<keyof PastRun, number | null>>(
      `SELECT record ->> 'createdAtMs' AS createdAtMs, record ->> 'startedAtMs' AS startedAtMs,
         coalesce(record ->> 'endedAtMs', record ->> 'updatedAtMs') AS endedAtMs
       FROM task WHERE kind = ? AND status = 'SUCCEEDED' ORDER BY seq DESC LIMIT ?`,
      kind,
      JUDGED_BY.max,
    );
    const durations = durationsOf(runs.toArray());
    known.set(kind, durations);
    return durations;
  }

  function at<T extends TaskRecord>(task: T, atMs: number): T {
    // Most tasks of a list have ended, and need no read.
    if (isFinal(task.status)) return task;
    const estimatedEndAtMs = estimateEndAtMs(task, pastOf(task.kind), atMs);
    return estimatedEndAtMs === null ? task : { ...task, estimatedEndAtMs };
  }

  return {
    of: (task) => at(task, now()),
    ofChange: (change) => ({ ...change, task: at(change.task, change.atMs) }),
    ended({ kind, status }) {
      if (status === 'SUCCEEDED') known.delete(kind);
    },
  };
}
