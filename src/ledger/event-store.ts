import type { TaskRecord } from '../domain/records.ts';
import { readOwnJson } from '../lib/own-json.ts';

/** One change of a task: the task as it was right after it. `seq` is gapless within the ledger and never used twice. */
export interface TaskChange {
  readonly seq: number;
  readonly atMs: number;
  readonly record: TaskRecord;
}

type Columns = { seq: number; at: number; record: string };

/** The log of changes. `AUTOINCREMENT`, so that a number is not used again when the newest events have been forgotten. */
export class EventStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  append(record: TaskRecord, nowMs: number): number {
    return this.#sql
      .exec<{ seq: number }>(
        'INSERT INTO event (task_id, at, record) VALUES (?, ?, ?) RETURNING seq',
        record.id,
        nowMs,
        JSON.stringify(record),
      )
      .one().seq;
  }

  /** In order, behind `afterSeq`; of one task, or of all where `taskId` is null. */
  after(taskId: string | null, afterSeq: number, limit: number): TaskChange[] {
    const cursor =
      taskId === null
        ? this.#sql.exec<Columns>(
            'SELECT seq, at, record FROM event WHERE seq > ? ORDER BY seq LIMIT ?',
            afterSeq,
            limit,
          )
        : this.#sql.exec<Columns>(
            'SELECT seq, at, record FROM event WHERE task_id = ? AND seq > ? ORDER BY seq LIMIT ?',
            taskId,
            afterSeq,
            limit,
          );
    return cursor.toArray().map(({ seq, at, record }) => ({ seq, atMs: at, record: readOwnJson<TaskRecord>(record) }));
  }

  /** The last change of a task that is not newer than `seq`; null: none is kept. */
  lastUpTo(taskId: string, seq: number): TaskChange | null {
    const [row] = this.#sql
      .exec<Columns>(
        'SELECT seq, at, record FROM event WHERE task_id = ? AND seq <= ? ORDER BY seq DESC LIMIT 1',
        taskId,
        seq,
      )
      .toArray();
    return row ? { seq: row.seq, atMs: row.at, record: readOwnJson<TaskRecord>(row.record) } : null;
  }

  /** The number of the newest change ever made; 0 before the first. */
  head(): number {
    const [row] = this.#sql.exec<{ seq: number }>(`SELECT seq FROM sqlite_sequence WHERE name = 'event'`).toArray();
    return row?.seq ?? 0;
  }

  /**
   * The newest change that is no longer kept; 0 when all are. A reader who has not seen that one may have missed it, and
   * gets the present state instead.
   */
  forgotten(): number {
    return this.#sql.exec<{ seq: number }>('SELECT seq FROM event_forgotten').one().seq;
  }

  oldestAtMs(): number | null {
    return this.#sql.exec<{ at: number | null }>('SELECT min(at) AS at FROM event').one().at;
  }

  /** Forgets at most `limit` changes from `beforeMs` or earlier, from the oldest on; says how many. */
  forgetBefore(beforeMs: number, limit: number): number {
    return this.#forget('SELECT seq FROM event WHERE at <= ? ORDER BY at, seq LIMIT ?', beforeMs, limit);
  }

  /** Keeps the newest `keep` changes of a task. */
  trim(taskId: string, keep: number): number {
    return this.#forget('SELECT seq FROM event WHERE task_id = ? ORDER BY seq DESC LIMIT -1 OFFSET ?', taskId, keep);
  }

  #forget(which: string, ...values: (string | number)[]): number {
    const gone = this.#sql
      .exec<{ seq: number }>(`DELETE FROM event WHERE seq IN (${which}) RETURNING seq`, ...values)
      .toArray();
    for (const { seq } of gone) this.#sql.exec('UPDATE event_forgotten SET seq = max(seq, ?)', seq);
    return gone.length;
  }
}
