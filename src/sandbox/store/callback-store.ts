/** One queued message. */
export interface Callback {
  readonly seq: number;
  readonly taskId: string;
  readonly status: string;
  readonly url: string;
  readonly body: string;
  /** The `webhook-id`, the same for every attempt and duplicate. */
  readonly messageId: string;
  readonly forged: boolean;
  /** Attempts so far. */
  readonly attempt: number;
}

/** The result of one attempt, as the record shows it. */
export interface Delivery {
  readonly taskId: string;
  readonly status: string;
  readonly at: number;
  readonly httpStatus: number | null;
  readonly error: string | null;
  readonly attempt: number;
  readonly forged: boolean;
}

interface Row extends Record<string, SqlStorageValue> {
  readonly seq: number;
  readonly task_id: string;
  readonly status: string;
  readonly url: string;
  readonly body: string;
  readonly message_id: string;
  readonly forged: number;
  readonly attempt: number;
}

/** The queued messages of one account, and the results of all deliveries. */
export class CallbackStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Queues a message. A null `dueAt` holds it back until `release`. */
  add(callback: Omit<Callback, 'seq' | 'attempt'>, dueAt: number | null): void {
    this.#sql.exec(
      'INSERT INTO callback (task_id, status, url, body, message_id, forged, attempt, due_at, leased) VALUES (?, ?, ?, ?, ?, ?, 0, ?, 0)',
      callback.taskId,
      callback.status,
      callback.url,
      callback.body,
      callback.messageId,
      callback.forged ? 1 : 0,
      dueAt,
    );
  }

  /** Makes a task's held messages due, the newest first, `gapMs` apart. */
  release(taskId: string, now: number, gapMs: number): void {
    const held = this.#sql
      .exec<{ seq: number }>('SELECT seq FROM callback WHERE task_id = ? AND due_at IS NULL ORDER BY seq DESC', taskId)
      .toArray();
    for (const [index, { seq }] of held.entries()) {
      this.#sql.exec('UPDATE callback SET due_at = ? WHERE seq = ?', now + gapMs * (index + 1), seq);
    }
  }

  /** Leases the next due message whose task is not in `busyTasks`, so that the messages of a task keep their order. */
  lease(now: number, busyTasks: ReadonlySet<string>): Callback | null {
    const rows = this.#sql.exec<Row>(
      `SELECT seq, task_id, status, url, body, message_id, forged, attempt FROM callback
       WHERE due_at <= ? AND leased = 0 ORDER BY due_at, seq LIMIT 64`,
      now,
    );
    const row = rows.toArray().find(({ task_id: taskId }) => !busyTasks.has(taskId));
    if (row === undefined) return null;
    this.#sql.exec('UPDATE callback SET leased = 1, attempt = attempt + 1 WHERE seq = ?', row.seq);
    return {
      seq: row.seq,
      taskId: row.task_id,
      status: row.status,
      url: row.url,
      body: row.body,
      messageId: row.message_id,
      forged: row.forged === 1,
      attempt: row.attempt + 1,
    };
  }

  /** Returns the leases of a process that died. */
  dropLeases(): void {
    this.#sql.exec('UPDATE callback SET leased = 0 WHERE leased = 1');
  }

  retry(seq: number, dueAt: number): void {
    this.#sql.exec('UPDATE callback SET leased = 0, due_at = ? WHERE seq = ?', dueAt, seq);
  }

  remove(seq: number): void {
    this.#sql.exec('DELETE FROM callback WHERE seq = ?', seq);
  }

  log(delivery: Delivery): void {
    this.#sql.exec(
      'INSERT INTO delivery (task_id, status, at, http_status, error, attempt, forged) VALUES (?, ?, ?, ?, ?, ?, ?)',
      delivery.taskId,
      delivery.status,
      delivery.at,
      delivery.httpStatus,
      delivery.error,
      delivery.attempt,
      delivery.forged ? 1 : 0,
    );
  }

  /** When the next unleased message is due, and whether any message is leased. */
  next(): { readonly dueAt: number | null; readonly leased: boolean } {
    const due = this.#sql
      .exec<{ at: number | null }>('SELECT min(due_at) AS at FROM callback WHERE due_at IS NOT NULL AND leased = 0')
      .one();
    const leased = this.#sql.exec('SELECT 1 FROM callback WHERE leased = 1 LIMIT 1').toArray().length > 0;
    return { dueAt: due.at, leased };
  }

  deliveries(): readonly Delivery[] {
    return this.#sql
      .exec<{
        task_id: string;
        status: string;
        at: number;
        http_status: number | null;
        error: string | null;
        attempt: number;
        forged: number;
      }>('SELECT * FROM delivery ORDER BY seq')
      .toArray()
      .map((row) => ({
        taskId: row.task_id,
        status: row.status,
        at: row.at,
        httpStatus: row.http_status,
        error: row.error,
        attempt: row.attempt,
        forged: row.forged === 1,
      }));
  }
}
