import { parseCursor, type Slice, toCursor, type Window } from '../domain/list.ts';
import { DELIVERY_RETENTION_MS, type WebhookAttempt, type WebhookDeliveryStatus } from '../domain/webhook.ts';
import type { TaskKind } from '../domain/task.ts';
import { type RetainedRows, runMigrations } from '../lib/durable-object.ts';
import { readOwnJson } from '../lib/json.ts';

/** The most attempts of a delivery that are kept, the newest. */
export const ATTEMPTS_KEPT = 10;

export interface DeliveryRow {
  readonly n: number;
  /** The number of the change. Null for a test. */
  readonly seq: number | null;
  readonly task: { readonly id: string; readonly kind: TaskKind } | null;
  /** The `webhookUrl` of the task. Null for the endpoint's present URL. */
  readonly url: string | null;
  readonly status: WebhookDeliveryStatus;
  readonly createdAtMs: number;
  /** When it is sent next. A paused endpoint sends only what a caller asked for. */
  readonly dueAtMs: number | null;
  /** Whether the next attempt was asked for by a caller. */
  readonly isManual: boolean;
  /** The failed attempts of the present schedule. */
  readonly fails: number;
  readonly attempts: readonly WebhookAttempt[];
}

/** A new message. */
export type NewDelivery = Pick<DeliveryRow, 'seq' | 'task' | 'url' | 'isManual'> & { readonly body: string };

/** The state of a delivery after an attempt, or after a caller asked for one. */
export type DeliveryStep = Pick<DeliveryRow, 'n' | 'status' | 'dueAtMs' | 'isManual' | 'fails' | 'attempts'>;

type Columns = {
  n: number;
  seq: number | null;
  task_id: string | null;
  kind: TaskKind | null;
  url: string | null;
  status: WebhookDeliveryStatus;
  created_at: number;
  due_at: number | null;
  is_manual: number;
  fails: number;
  attempts: string;
};

/** The messages of one endpoint, pending and ended. */
export class DeliveryStore {
  readonly #sql: SqlStorage;
  readonly #namespace: string;

  /** `owner` marks the cursors: another endpoint does not accept them. */
  constructor(sql: SqlStorage, owner: string) {
    this.#sql = sql;
    this.#namespace = `delivery-${owner}`;
  }

  /** Adds a message that is due at once, and returns its number. */
  insert({ seq, task, url, isManual, body }: NewDelivery, nowMs: number): number {
    return this.#sql
      .exec<{ n: number }>(
        `INSERT INTO delivery (seq, task_id, kind, url, status, body, created_at, due_at, is_manual)
         VALUES (?, ?, ?, ?, 'PENDING', ?, ?, ?, ?) RETURNING n`,
        seq,
        task?.id ?? null,
        task?.kind ?? null,
        url,
        body,
        nowMs,
        nowMs,
        isManual ? 1 : 0,
      )
      .one().n;
  }

  find(n: number): DeliveryRow | null {
    const [row] = this.#sql
      .exec<Columns>(
        `SELECT n, seq, task_id, kind, url, status, created_at, due_at, is_manual, fails, attempts FROM delivery WHERE n = ?`,
        n,
      )
      .toArray();
    return row === undefined ? null : toRow(row);
  }

  body(n: number): string {
    return this.#sql.exec<{ body: string }>('SELECT body FROM delivery WHERE n = ?', n).one().body;
  }

  step({ n, status, dueAtMs, isManual, fails, attempts }: DeliveryStep): void {
    this.#sql.exec(
      'UPDATE delivery SET status = ?, due_at = ?, is_manual = ?, fails = ?, attempts = ? WHERE n = ?',
      status,
      dueAtMs,
      isManual ? 1 : 0,
      fails,
      JSON.stringify(attempts.slice(-ATTEMPTS_KEPT)),
      n,
    );
  }

  /** Takes the message that is due first, and makes it due again at `againAtMs` in case its attempt is lost. */
  take(nowMs: number, isPaused: boolean, againAtMs: number): DeliveryRow | null {
    const [due] = isPaused
      ? this.#sql
          .exec<{ n: number }>(
            'SELECT n FROM delivery WHERE is_manual = 1 AND due_at <= ? ORDER BY due_at, n LIMIT 1',
            nowMs,
          )
          .toArray()
      : this.#sql
          .exec<{ n: number }>('SELECT n FROM delivery WHERE due_at <= ? ORDER BY due_at, n LIMIT 1', nowMs)
          .toArray();
    if (due === undefined) return null;
    this.#sql.exec('UPDATE delivery SET due_at = ? WHERE n = ?', againAtMs, due.n);
    return this.find(due.n);
  }

  nextDueAtMs(isPaused: boolean): number | null {
    const [row] = isPaused
      ? this.#sql
          .exec<{ at: number }>(
            'SELECT due_at AS at FROM delivery WHERE is_manual = 1 AND due_at IS NOT NULL ORDER BY due_at LIMIT 1',
          )
          .toArray()
      : this.#sql
          .exec<{ at: number }>('SELECT due_at AS at FROM delivery WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1')
          .toArray();
    return row?.at ?? null;
  }

  /** Makes every pending message due, but for some. Those that are due together are sent oldest first. */
  hasten(nowMs: number, but: readonly number[]): void {
    this.#sql.exec(
      `UPDATE delivery SET due_at = ? WHERE status = 'PENDING' AND n NOT IN (SELECT value FROM json_each(?))`,
      nowMs,
      JSON.stringify(but),
    );
  }

  sums(): {
    readonly pending: number;
    readonly pendingChars: number;
    readonly ended: number;
    readonly endedChars: number;
  } {
    const row = this.#sql
      .exec<{ pending: number; pending_chars: number; ended: number; ended_chars: number }>(
        'SELECT * FROM delivery_sum',
      )
      .one();
    return { pending: row.pending, pendingChars: row.pending_chars, ended: row.ended, endedChars: row.ended_chars };
  }

  /** Deletes the oldest messages that have ended. */
  deleteOldestEnded(limit: number): void {
    this.#sql.exec(
      `DELETE FROM delivery WHERE n IN (SELECT n FROM delivery WHERE status <> 'PENDING' AND n > 0 ORDER BY n LIMIT ?)`,
      limit,
    );
  }

  /** Lists messages, newest first. Returns null if `after` is not a cursor of this list. */
  list(status: WebhookDeliveryStatus | null, { first, after }: Window): Slice<DeliveryRow> | null {
    const before = after === null ? Number.MAX_SAFE_INTEGER : parseCursor(this.#namespace, after);
    if (before === null) return null;
    const rows =
      status === null
        ? this.#sql.exec<Columns>(
            `SELECT n, seq, task_id, kind, url, status, created_at, due_at, is_manual, fails, attempts FROM delivery
             WHERE n < ? ORDER BY n DESC LIMIT ?`,
            before,
            first + 1,
          )
        : this.#sql.exec<Columns>(
            `SELECT n, seq, task_id, kind, url, status, created_at, due_at, is_manual, fails, attempts FROM delivery
             WHERE status = ? AND n < ? ORDER BY n DESC LIMIT ?`,
            status,
            before,
            first + 1,
          );
    const found = rows.toArray().map(toRow);
    return {
      edges: found.slice(0, first).map((node) => ({ cursor: toCursor(this.#namespace, node.n), node })),
      hasNextPage: found.length > first,
    };
  }

  /** Messages are in the order of their creation. */
  retainedRows(): RetainedRows {
    return {
      keptMs: DELIVERY_RETENTION_MS,
      oldestAtMs: () =>
        this.#sql
          .exec<{ at: number }>('SELECT created_at AS at FROM delivery WHERE n > 0 ORDER BY n LIMIT 1')
          .toArray()[0]?.at ?? null,
      deleteUntil: (atMs, limit) =>
        this.#sql.exec(
          'DELETE FROM delivery WHERE created_at <= ? AND n IN (SELECT n FROM delivery WHERE n > 0 ORDER BY n LIMIT ?)',
          atMs,
          limit,
        ),
    };
  }
}

function toRow({
  n,
  seq,
  task_id,
  kind,
  url,
  status,
  created_at,
  due_at,
  is_manual,
  fails,
  attempts,
}: Columns): DeliveryRow {
  return {
    n,
    seq,
    task: task_id === null || kind === null ? null : { id: task_id, kind },
    url,
    status,
    createdAtMs: created_at,
    dueAtMs: due_at,
    isManual: is_manual === 1,
    fails,
    attempts: readOwnJson<readonly WebhookAttempt[]>(attempts),
  };
}

/** The steps of the layout, append only: an object runs each step once. */
const STEPS: readonly string[] = [
  `
  CREATE TABLE delivery (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    seq INTEGER,
    task_id TEXT,
    kind TEXT,
    status TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    due_at INTEGER,
    is_manual INTEGER NOT NULL DEFAULT 0,
    fails INTEGER NOT NULL DEFAULT 0,
    attempts TEXT NOT NULL DEFAULT '[]'
  ) STRICT;
  CREATE INDEX delivery_due ON delivery (due_at) WHERE due_at IS NOT NULL;
  CREATE INDEX delivery_manual ON delivery (due_at) WHERE is_manual = 1 AND due_at IS NOT NULL;
  CREATE INDEX delivery_by_status ON delivery (status, n);
  CREATE INDEX delivery_ended ON delivery (n) WHERE status <> 'PENDING';
  CREATE TABLE delivery_sum (
    pending INTEGER NOT NULL,
    pending_chars INTEGER NOT NULL,
    ended INTEGER NOT NULL,
    ended_chars INTEGER NOT NULL
  ) STRICT;
  INSERT INTO delivery_sum VALUES (0, 0, 0, 0);
  CREATE TRIGGER delivery_insert AFTER INSERT ON delivery BEGIN
    UPDATE delivery_sum SET pending = pending + 1, pending_chars = pending_chars + length(new.body);
  END;
  CREATE TRIGGER delivery_update AFTER UPDATE OF status ON delivery WHEN (new.status = 'PENDING') <> (old.status = 'PENDING') BEGIN
    UPDATE delivery_sum SET
      pending = pending + iif(new.status = 'PENDING', 1, -1),
      pending_chars = pending_chars + iif(new.status = 'PENDING', 1, -1) * length(new.body),
      ended = ended - iif(new.status = 'PENDING', 1, -1),
      ended_chars = ended_chars - iif(new.status = 'PENDING', 1, -1) * length(new.body);
  END;
  CREATE TRIGGER delivery_delete AFTER DELETE ON delivery BEGIN
    UPDATE delivery_sum SET
      pending = pending - (old.status = 'PENDING'),
      pending_chars = pending_chars - (old.status = 'PENDING') * length(old.body),
      ended = ended - (old.status <> 'PENDING'),
      ended_chars = ended_chars - (old.status <> 'PENDING') * length(old.body);
  END;
  `,
  // The URL of a message to the webhook of one task.
  'ALTER TABLE delivery ADD COLUMN url TEXT',
];

/** Brings the tables of an endpoint up to date. */
export function migrate(storage: DurableObjectStorage): void {
  runMigrations(storage, STEPS);
}
