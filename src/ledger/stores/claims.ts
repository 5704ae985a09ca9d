import type { Claims, KnownClaim } from '../../account/slots.ts';

/**
 * Every statement about tasks as the Kling account sees them: they hold one of its slots, or wait for one. `holds_slot`
 * says of a row what `wantsSlot` says. A task that is parked sleeps until its deadline: the account calls, and one ask for
 * all is the safety net.
 */
export class ClaimStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** How many tasks hold a slot, since they may be at Kling, and how many wait for one. */
  count(): Claims {
    return this.#sql
      .exec<{ HELD: number; WAITING: number }>('SELECT holding_slots AS HELD, parked AS WAITING FROM task_sum')
      .one();
  }

  /** The same tasks. */
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

  /** Those of the tasks that hold a slot or want one, and whether they wait for it. */
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

  /** Returns how many tasks wait before each of these, in order; null for one that does not wait. Counts each task once. */
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
