/** Questions about the tasks that have not ended: when the alarm looks at them, and which hold a slot or want one. */

import type { Claims, KnownClaim } from '../../account/slots.ts';
import { type Columns, SELECT, type TaskRow, toRow } from './tasks.ts';

/**
 * The tasks that Kling has or may have. This text and those of the two other phases are the conditions of indexes by `wake_at`:
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
         UNION ALL ${SELECT} WHERE phase = 'PREPARING' AND wake_at <= ?1
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
           UNION ALL SELECT min(wake_at) FROM task WHERE phase = 'PREPARING' AND wake_at > 0
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

  /** Returns the tasks that are prepared, the soonest due first. */
  preparing(limit: number): string[] {
    return this.#sql
      .exec<{ id: string }>(
        `SELECT id FROM task WHERE phase = 'PREPARING' AND wake_at > 0 ORDER BY wake_at LIMIT ?`,
        limit,
      )
      .toArray()
      .map(({ id }) => id);
  }

  /** Makes the tasks due that wait for a file or a task, because it has ended or was deleted. */
  wakeWaitingFor(id: string, nowMs: number): void {
    this.#sql.exec('UPDATE task SET wake_at = ?, waits_for = NULL WHERE waits_for = ?', nowMs, id);
  }

  /** Makes creates and steps due at once whose sender was lost with an earlier instance of the object. */
  wakeUnanswered(nowMs: number): void {
    this.#sql.exec(
      `UPDATE task SET wake_at = ?1 WHERE phase = 'PREPARING' AND wake_at > ?1 AND waits_for IS NULL`,
      nowMs,
    );
    this.#sql.exec(`UPDATE task SET wake_at = ?1 WHERE ${AT_KLING} AND phase = 'SENDING' AND wake_at > ?1`, nowMs);
  }

  /** Brings polls, look-ups, re-sends and steps that are due later forward, to random instants in the next `spreadMs`. */
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
    this.#sql.exec(
      `UPDATE task SET wake_at = ?1 + abs(random()) % ?2
       WHERE phase = 'PREPARING' AND wake_at > ?1 + ?2 AND waits_for IS NULL`,
      nowMs,
      spreadMs,
    );
  }
}

/**
 * The tasks that hold a slot of the Kling account or wait for one. `holds_slot` is the column that `wantsSlot` computes
 * for a row. A parked task sleeps until its deadline: the account calls when it grants a slot.
 */
export class ClaimStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Returns how many tasks hold a slot, because they may be at Kling, and how many wait for one. */
  count(): Claims {
    return this.#sql
      .exec<{ HELD: number; WAITING: number }>('SELECT holding_slots AS HELD, parked AS WAITING FROM task_sum')
      .one();
  }

  /** Returns the tasks that `count` counts. */
  list(): KnownClaim[] {
    return this.#sql
      .exec<{ id: string; state: KnownClaim['state']; since: number }>(
        `SELECT id, 'HELD' AS state, json_extract(record, '$.createdAtMs') AS since FROM task
         WHERE phase IN ('SENDING', 'SENT') AND wake_at > 0 AND holds_slot = 1
         UNION ALL SELECT id, 'WAITING', json_extract(record, '$.createdAtMs') FROM task
         WHERE phase = 'WAITING' AND seq > 0 AND is_parked = 1`,
      )
      .toArray()
      .map(({ id, state, since }) => ({ taskId: id, state, sinceMs: since }));
  }

  /** Returns those of the tasks that hold or want a slot, and whether they are parked. */
  wantingOf(ids: readonly string[]): readonly { readonly id: string; readonly isParked: boolean }[] {
    return this.#sql
      .exec<{ id: string; is_parked: number }>(
        `SELECT id, is_parked FROM task
         WHERE id IN (SELECT value FROM json_each(?)) AND (holds_slot = 1 OR phase = 'WAITING')`,
        JSON.stringify(ids),
      )
      .toArray()
      .map(({ id, is_parked }) => ({ id, isParked: is_parked === 1 }));
  }

  /** Returns how many tasks wait before each of these, in order; null for one that does not wait. */
  queuePositionsOf(ids: readonly string[]): (number | null)[] {
    const waiting = this.#sql
      .exec<{ id: string; seq: number }>(
        `SELECT id, seq FROM task WHERE id IN (SELECT value FROM json_each(?)) AND phase = 'WAITING'`,
        JSON.stringify(ids),
      )
      .toArray();
    const positions = new Map<string, number>();
    let [position, fromSeq] = [0, 0];
    for (const { id, seq } of waiting.toSorted((a, b) => a.seq - b.seq)) {
      position += this.#sql
        .exec<{ n: number }>(
          `SELECT count(*) AS n FROM task WHERE phase = 'WAITING' AND seq >= ? AND seq < ?`,
          fromSeq,
          seq,
        )
        .one().n;
      positions.set(id, position);
      fromSeq = seq;
    }
    return ids.map((id) => positions.get(id) ?? null);
  }
}
