/**
 * A call to Kling that is charged at once and that Kling cannot be asked about afterwards (identify-face, text-to-speech).
 * `SENDING` after a crash, or `UNKNOWN`: it may have been charged, and its answer is lost. `HELD`: its answer is kept, and
 * nobody has seen it yet.
 */
export interface PaidCall {
  readonly id: string;
  readonly inputDigest: string;
  readonly state: 'SENDING' | 'UNKNOWN' | 'HELD' | 'DONE';
  /** The JSON that answered it; null until `HELD`. */
  readonly answer: string | null;
}

type Columns = { id: string; input_digest: string; state: PaidCall['state']; answer: string | null };

/** Every statement about paid calls, which are replayed by their idempotency key. */
export class PaidCallStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  byKey(idempotencyKey: string): PaidCall | null {
    const [row] = this.#sql
      .exec<Columns>('SELECT id, input_digest, state, answer FROM paid_call WHERE idempotency_key = ?', idempotencyKey)
      .toArray();
    if (!row) return null;
    return { id: row.id, inputDigest: row.input_digest, state: row.state, answer: row.answer };
  }

  begin(id: string, idempotencyKey: string | null, inputDigest: string, nowMs: number): void {
    this.#sql.exec(
      `INSERT INTO paid_call (id, idempotency_key, input_digest, state, at) VALUES (?, ?, ?, 'SENDING', ?)`,
      id,
      idempotencyKey,
      inputDigest,
      nowMs,
    );
  }

  hold(id: string, answer: string): void {
    this.#sql.exec(`UPDATE paid_call SET state = 'HELD', answer = ? WHERE id = ?`, answer, id);
  }

  /** What it made is claimed: its answer may be seen. */
  finish(id: string): void {
    this.#sql.exec(`UPDATE paid_call SET state = 'DONE' WHERE id = ?`, id);
  }

  lose(id: string): void {
    this.#sql.exec(`UPDATE paid_call SET state = 'UNKNOWN' WHERE id = ?`, id);
  }

  /** How many calls since an instant have been sent, and are or stay unanswered: each may have been charged. */
  unansweredSince(sinceMs: number): number {
    return this.#sql
      .exec<{ n: number }>(`SELECT count(*) AS n FROM paid_call WHERE answer IS NULL AND at >= ?`, sinceMs)
      .one().n;
  }

  /**
   * Forgets at most `limit` calls older than `beforeMs`: their keys are free again. Unanswered ones are kept two days
   * longer, since they count in the budget of a month, which may have 31 days.
   */
  forgetBefore(beforeMs: number, limit: number): void {
    this.#sql.exec(
      `DELETE FROM paid_call WHERE id IN
         (SELECT id FROM paid_call WHERE at < ?1 AND at < ?1 - iif(answer IS NULL, 2 * 86400000, 0) LIMIT ?2)`,
      beforeMs,
      limit,
    );
  }

  /** Kling refused it: nothing was charged, and the key is free again. */
  remove(id: string): void {
    this.#sql.exec('DELETE FROM paid_call WHERE id = ?', id);
  }
}
