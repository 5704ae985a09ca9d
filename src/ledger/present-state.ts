import type { PresentPlace, Watch } from '../domain/watch.ts';
import type { TaskRecord } from '../domain/records.ts';
import { isFinal, TASK_STATUSES, type TaskKind, type TaskStatus } from '../domain/task.ts';
import { readOwnJson } from '../lib/json.ts';
import type { LedgerDeps } from './deps.ts';
import { newestSeqs } from './stores/tasks.ts';

/** One page of the present state. `rest`: where the next one begins; null: this was the last. */
export interface PresentPage {
  readonly records: readonly TaskRecord[];
  readonly rest: PresentPlace | null;
}

/** The tasks that match a watch and have not ended, oldest first: all as they were at one moment, in pages. */
export interface PresentState {
  begin(watch: Watch, resync: boolean): PresentPage;
  goOn(place: PresentPlace): PresentPage;
}

/** Most tasks that the present state of a list shows. */
const TASKS_MAX = 1_000;

/** Reading and handing over so many takes about 2 ms. */
const PAGE = 100;

/** The statuses that a task can still leave. */
const OPEN = TASK_STATUSES.filter((status) => !isFinal(status));

export function createPresentState({ events, limits, now }: LedgerDeps, sql: SqlStorage): PresentState {
  /**
   * Not tasks that the log does not know yet: should Kling refuse one, nothing will ever be told of it. One that is older
   * than the log has been told.
   */
  function toldSeqs(kind: TaskKind | null, statuses: readonly TaskStatus[]): number[] {
    const read = (each: TaskKind, status: TaskStatus) =>
      sql.exec<{ seq: number }>(
        `SELECT seq FROM task WHERE kind = ?1 AND status = ?2 AND seq > 0
           AND (?2 <> 'QUEUED' OR json_extract(record, '$.createdAtMs') <= ?3
             OR EXISTS (SELECT 1 FROM event WHERE task_id = task.id))
         ORDER BY seq DESC LIMIT ?4`,
        each,
        status,
        now() - limits.eventRetentionMs,
        TASKS_MAX,
      );
    return newestSeqs(kind, statuses, TASKS_MAX, read).toReversed();
  }

  function recordsOf(taskSeqs: readonly number[]): TaskRecord[] {
    return sql
      .exec<{ record: string }>(
        'SELECT record FROM task WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq',
        JSON.stringify(taskSeqs),
      )
      .toArray()
      .map(({ record }) => readOwnJson<TaskRecord>(record));
  }

  /** Null: the log does not know any more what it was, and what it has become follows as an event. */
  function asOf(headSeq: number, record: TaskRecord): TaskRecord | null {
    if (events.after(record.id, headSeq, 1).length === 0) return record;
    return events.lastUpTo(record.id, headSeq)?.record ?? null;
  }

  function goOn({ taskSeqs, headSeq, resync }: PresentPlace): PresentPage {
    const current = recordsOf(taskSeqs.slice(0, PAGE));
    const then = events.head() === headSeq ? current : current.map((record) => asOf(headSeq, record));
    const left = taskSeqs.slice(PAGE);
    return {
      records: then.filter((record) => record !== null),
      rest: left.length === 0 ? null : { taskSeqs: left, headSeq, resync },
    };
  }

  return {
    goOn,
    begin({ filter: { kind, statuses: watched } }, resync) {
      const statuses = OPEN.filter((status) => watched.length === 0 || watched.includes(status));
      return goOn({ taskSeqs: toldSeqs(kind, statuses), headSeq: events.head(), resync });
    },
  };
}
