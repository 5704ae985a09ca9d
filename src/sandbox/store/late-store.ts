/** A call that is carried out some time after its client has gone. */
export interface LateCall {
  readonly requestId: string;
  /** The `IncomingCall`, in JSON. */
  readonly incoming: string;
  readonly dueAt: number;
}

/** The late calls of one account. */
export class LateStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  add({ requestId, incoming, dueAt }: LateCall): void {
    this.#sql.exec('INSERT INTO late (request_id, incoming, due_at) VALUES (?, ?, ?)', requestId, incoming, dueAt);
  }

  reschedule(requestId: string, dueAt: number): void {
    this.#sql.exec('UPDATE late SET due_at = ? WHERE request_id = ?', dueAt, requestId);
  }

  /** Removes and returns the earliest call that is due. Null if no call is due. */
  take(now: number): LateCall | null {
    const [row] = this.#sql
      .exec<{ request_id: string; incoming: string; due_at: number }>(
        'SELECT * FROM late WHERE due_at <= ? ORDER BY due_at LIMIT 1',
        now,
      )
      .toArray();
    if (row === undefined) return null;
    this.#sql.exec('DELETE FROM late WHERE request_id = ?', row.request_id);
    return { requestId: row.request_id, incoming: row.incoming, dueAt: row.due_at };
  }

  nextDueAt(): number | null {
    return this.#sql.exec<{ at: number | null }>('SELECT min(due_at) AS at FROM late').one().at;
  }
}
