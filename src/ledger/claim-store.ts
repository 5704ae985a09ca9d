import type { Claims, KnownClaim } from '../account/slot-store.ts';
import type { TaskPhase } from './task-store.ts';
import { OPEN } from './task-sums.ts';

/** A task that waits for a slot sleeps until its deadline: the account calls, and one ask for all is the safety net. */
const IS_PARKED = `(phase = 'WAITING' AND wake_at >= deadline_at)`;

/** As `wantsSlot` says it of a row: Kling has freed the slot of a task that is lost, or has succeeded. */
const WANTS_SLOT = `(coalesce(json_extract(trouble, '$.isLost'), 0) = 0 AND json_extract(trouble, '$.emptySinceMs') IS NULL)`;

/** Every statement about tasks as the Kling account sees them: they hold one of its slots, or wait for one. */
export class ClaimStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** How many tasks hold a slot, since they may be at Kling, and how many wait for one. */
  count(): Claims {
    return this.#sql
      .exec<{ HELD: number; WAITING: number }>(
        `SELECT coalesce(sum(phase <> 'WAITING' AND ${WANTS_SLOT}), 0) AS HELD, coalesce(sum(${IS_PARKED}), 0) AS WAITING
         FROM task WHERE ${OPEN}`,
      )
      .one();
  }

  /** The same tasks, the oldest first. */
  list(): KnownClaim[] {
    return this.#sql
      .exec<{ id: string; phase: TaskPhase; since: number }>(
        `SELECT id, phase, json_extract(record, '$.createdAtMs') AS since FROM task
         WHERE ${OPEN} AND (phase <> 'WAITING' AND ${WANTS_SLOT} OR ${IS_PARKED}) ORDER BY seq`,
      )
      .toArray()
      .map(({ id, phase, since }) => ({ taskId: id, state: phase === 'WAITING' ? 'WAITING' : 'HELD', sinceMs: since }));
  }

  /** Those of the tasks that hold a slot or want one, and whether they wait for it. */
  wantingOf(ids: readonly string[]): readonly { readonly id: string; readonly isParked: boolean }[] {
    return this.#sql
      .exec<{ id: string; parked: number }>(
        `SELECT id, ${IS_PARKED} AS parked FROM task
         WHERE id IN (SELECT value FROM json_each(?)) AND phase <> 'DONE' AND ${WANTS_SLOT}`,
        JSON.stringify(ids),
      )
      .toArray()
      .map(({ id, parked }) => ({ id, isParked: parked === 1 }));
  }

  /** The tasks that may be at Kling, the soonest due first. */
  atKling(limit: number): string[] {
    return this.#sql
      .exec<{ id: string }>(`SELECT id FROM task WHERE ${OPEN} AND phase <> 'WAITING' ORDER BY wake_at LIMIT ?`, limit)
      .toArray()
      .map(({ id }) => id);
  }

  /** Brings what is due at Kling, or is to be sent again, into the next `spreadMs`, spread at random. */
  hasten(nowMs: number, spreadMs: number): void {
    this.#sql.exec(
      `UPDATE task SET wake_at = ?1 + abs(random()) % ?2, tries = CASE phase WHEN 'SENT' THEN 0 ELSE tries END
       WHERE ${OPEN} AND wake_at > ?1 + ?2 AND wake_at < deadline_at`,
      nowMs,
      spreadMs,
    );
  }
}
