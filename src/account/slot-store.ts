/**
 * A claim on one of the account's slots. `HELD`: the task may be, or is, at Kling. `WAITING`: it waits for a slot.
 * Times are milliseconds since the epoch.
 */
export interface Claim {
  readonly taskId: string;
  readonly tenant: string;
  readonly state: 'HELD' | 'WAITING';
  readonly seenAtMs: number;
}

type Columns = { task_id: string; tenant: string; state: Claim['state']; seen_at: number };

/** Every statement about claims. Survives the object, so that a restart never gives a slot twice. */
export class SlotStore {
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql;
    this.#sql.exec(`
      CREATE TABLE IF NOT EXISTS claim (
        task_id TEXT PRIMARY KEY,
        tenant TEXT NOT NULL,
        state TEXT NOT NULL,
        since INTEGER NOT NULL,
        seen_at INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX IF NOT EXISTS claim_order ON claim (state, tenant, since);
      CREATE TABLE IF NOT EXISTS turn (
        tenant TEXT PRIMARY KEY,
        n INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
    `);
  }

  find(taskId: string): Claim | null {
    const [row] = this.#sql
      .exec<Columns>('SELECT task_id, tenant, state, seen_at FROM claim WHERE task_id = ?', taskId)
      .toArray();
    return row ? toClaim(row) : null;
  }

  /** A claim that waits keeps its place when it asks again. */
  put(taskId: string, tenant: string, state: Claim['state'], nowMs: number): void {
    this.#sql.exec(
      `INSERT INTO claim (task_id, tenant, state, since, seen_at) VALUES (?1, ?2, ?3, ?4, ?4)
       ON CONFLICT (task_id) DO UPDATE SET state = excluded.state, seen_at = excluded.seen_at`,
      taskId,
      tenant,
      state,
      nowMs,
    );
    if (state !== 'HELD') return;
    this.#sql.exec(
      `INSERT INTO turn (tenant, n) VALUES (?, (SELECT coalesce(max(n), 0) + 1 FROM turn))
       ON CONFLICT (tenant) DO UPDATE SET n = excluded.n`,
      tenant,
    );
  }

  remove(taskId: string): void {
    this.#sql.exec('DELETE FROM claim WHERE task_id = ?', taskId);
  }

  count(state: Claim['state']): number {
    return this.#sql.exec<{ n: number }>('SELECT count(*) AS n FROM claim WHERE state = ?', state).one().n;
  }

  /**
   * Who is next: of the tenants that wait, the one with the fewest slots; among those, the one whose last slot was granted
   * the longest ago; of that tenant, the oldest claim.
   */
  next(): Claim | null {
    const [row] = this.#sql
      .exec<Columns>(
        `SELECT task_id, tenant, state, seen_at FROM claim AS waiting WHERE state = 'WAITING'
         ORDER BY (SELECT count(*) FROM claim AS held WHERE held.state = 'HELD' AND held.tenant = waiting.tenant),
                  coalesce((SELECT n FROM turn WHERE turn.tenant = waiting.tenant), 0), since, task_id
         LIMIT 1`,
      )
      .toArray();
    return row ? toClaim(row) : null;
  }

  /** Claims that nothing has been heard of since `beforeMs`, of whatever state. */
  unseenSince(beforeMs: number, limit: number): Claim[] {
    return this.#sql
      .exec<Columns>(
        'SELECT task_id, tenant, state, seen_at FROM claim WHERE seen_at < ? ORDER BY seen_at LIMIT ?',
        beforeMs,
        limit,
      )
      .toArray()
      .map(toClaim);
  }

  seen(taskId: string, nowMs: number): void {
    this.#sql.exec('UPDATE claim SET seen_at = ? WHERE task_id = ?', nowMs, taskId);
  }
}

function toClaim({ task_id, tenant, state, seen_at }: Columns): Claim {
  return { taskId: task_id, tenant, state, seenAtMs: seen_at };
}
