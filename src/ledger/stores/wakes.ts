import { type Columns, SELECT, type TaskRow, toRow } from './tasks.ts';

/**
 * The tasks that Kling has or may have. This text and `phase = 'WAITING'` are the conditions of two indexes by `wake_at`:
 * SQLite would not use an index for another spelling. A task that is `DONE` never wakes.
 */
const AT_KLING = `phase IN ('SENDING', 'SENT')`;

/** The instants at which the alarm looks at tasks. */
export class WakeStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Returns the tasks that are due, the longest due first. */
  due(nowMs: number, limit: number): TaskRow[] {
    return this.#sql
      .exec<Columns>(
        `${SELECT} WHERE phase = 'WAITING' AND wake_at <= ?1 UNION ALL ${SELECT} WHERE ${AT_KLING} AND wake_at <= ?1
         ORDER BY wake_at LIMIT ?2`,
        nowMs,
        limit,
      )
      .toArray()
      .map(toRow);
  }

  /** Returns the tasks whose next poll is between two instants, the soonest first. */
  polledBetween(fromMs: number, toMs: number, limit: number): TaskRow[] {
    return this.#sql
      .exec<Columns>(
        `${SELECT} WHERE ${AT_KLING} AND phase = 'SENT' AND wake_at > ? AND wake_at <= ? ORDER BY wake_at LIMIT ?`,
        fromMs,
        toMs,
        limit,
      )
      .toArray()
      .map(toRow);
  }

  nextAtMs(): number | null {
    return this.#sql
      .exec<{ at: number | null }>(
        `SELECT min(at) AS at FROM (
           SELECT min(wake_at) AS at FROM task WHERE phase = 'WAITING' AND wake_at > 0
           UNION ALL SELECT min(wake_at) FROM task WHERE ${AT_KLING} AND wake_at > 0)`,
      )
      .one().at;
  }

  /** Returns the tasks that may be at Kling, the soonest due first. */
  atKling(limit: number): string[] {
    return this.#sql
      .exec<{ id: string }>(`SELECT id FROM task WHERE ${AT_KLING} AND wake_at > 0 ORDER BY wake_at LIMIT ?`, limit)
      .toArray()
      .map(({ id }) => id);
  }

  /** Makes creates due at once whose sender was lost with an earlier instance of the object. */
  wakeUnanswered(nowMs: number): void {
    this.#sql.exec(`UPDATE task SET wake_at = ?1 WHERE ${AT_KLING} AND phase = 'SENDING' AND wake_at > ?1`, nowMs);
  }

  /** Brings polls, look-ups and re-sends that are due later forward, to random instants in the next `spreadMs`. */
  hasten(nowMs: number, spreadMs: number): void {
    this.#sql.exec(
      `UPDATE task SET wake_at = ?1 + abs(random()) % ?2, tries = CASE phase WHEN 'SENT' THEN 0 ELSE tries END
       WHERE ${AT_KLING} AND wake_at > ?1 + ?2 AND wake_at < deadline_at`,
      nowMs,
      spreadMs,
    );
    this.#sql.exec(
      `UPDATE task SET wake_at = ?1 + abs(random()) % ?2
       WHERE phase = 'WAITING' AND wake_at > ?1 + ?2 AND is_parked = 0`,
      nowMs,
      spreadMs,
    );
  }
}
