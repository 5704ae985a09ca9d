import type { Claims, KnownClaim } from '../../account/slots.ts';

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
