import type { CallbackStore, Delivery } from './callback-store.ts';
import type { PaidCallStore, RecordedPaidCall } from './paid-call-store.ts';
import type { TaskStore } from './task-store.ts';

/** One call in the record. `code` is null if the answer was no envelope. */
export interface RecordedRequest {
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly code: number | null;
  readonly httpStatus: number;
  readonly requestId: string;
  readonly taskId: string | null;
}

/** The calls that are kept. Older ones are only counted. */
const requestsMax = 10_000;
/** Old calls are deleted after this many new ones. */
const pruneEvery = 100;

/** The calls of one account, and its counters. */
export class RecordStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  addRequest(request: RecordedRequest, route: string): void {
    const { seq } = this.#sql
      .exec<{ seq: number }>(
        'INSERT INTO request (at, method, path, code, http_status, request_id, task_id) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING seq',
        request.at,
        request.method,
        request.path,
        request.code,
        request.httpStatus,
        request.requestId,
        request.taskId,
      )
      .one();
    this.increase(`route:${route}`, 1);
    this.increase(`code:${request.code ?? 'none'}`, 1);
    if (seq % pruneEvery === 0) this.#sql.exec('DELETE FROM request WHERE seq <= ?', seq - requestsMax);
  }

  /** Records the outcome of a late call. */
  conclude(requestId: string, code: number, taskId: string | null): void {
    this.increase(`code:${code}`, 1);
    this.#sql.exec('UPDATE request SET code = ?, task_id = ? WHERE request_id = ?', code, taskId, requestId);
  }

  requests(): readonly RecordedRequest[] {
    return this.#sql
      .exec<{
        at: number;
        method: string;
        path: string;
        code: number | null;
        http_status: number;
        request_id: string;
        task_id: string | null;
      }>('SELECT * FROM request ORDER BY seq DESC LIMIT ?', requestsMax)
      .toArray()
      .toReversed()
      .map((row) => ({
        at: row.at,
        method: row.method,
        path: row.path,
        code: row.code,
        httpStatus: row.http_status,
        requestId: row.request_id,
        taskId: row.task_id,
      }));
  }

  /** Counts all calls by route, such as `GET /v1/general/custom-voices/:id`. */
  routes(): Readonly<Record<string, number>> {
    return this.#counters('route:');
  }

  /** Counts all calls by the code of their answer: `none` if it was no envelope. A late call counts again for its outcome. */
  codes(): Readonly<Record<string, number>> {
    return this.#counters('code:');
  }

  #counters(prefix: string): Readonly<Record<string, number>> {
    const rows = this.#sql.exec<{ name: string; value: number }>(
      'SELECT name, value FROM counter WHERE name GLOB ? ORDER BY name',
      `${prefix}*`,
    );
    return Object.fromEntries(rows.toArray().map(({ name, value }) => [name.slice(prefix.length), value]));
  }

  counter(name: string): number {
    return this.#sql.exec<{ value: number }>('SELECT value FROM counter WHERE name = ?', name).toArray()[0]?.value ?? 0;
  }

  setCounter(name: string, value: number): void {
    this.#sql.exec(
      'INSERT INTO counter (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2',
      name,
      value,
    );
  }

  /** Adds to a counter and returns its new value. */
  increase(name: string, by: number): number {
    return this.#sql
      .exec<{ value: number }>(
        'INSERT INTO counter (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = value + ?2 RETURNING value',
        name,
        by,
      )
      .one().value;
  }
}

/** One task in the record. */
export interface RecordedTask {
  readonly taskId: string;
  readonly externalTaskId: string | null;
  readonly kind: string;
  readonly status: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly units: number;
}

/** The calls, tasks and callbacks of an account. Tests compare them with what a client saw. */
export interface AccountRecord {
  /** The last 10,000, oldest first. */
  readonly requests: readonly RecordedRequest[];
  /** The number of all calls. */
  readonly requestCount: number;
  readonly requestsByRoute: Readonly<Record<string, number>>;
  /** By the code of the answer: `none` if it was no envelope. */
  readonly requestsByCode: Readonly<Record<string, number>>;
  readonly tasks: readonly RecordedTask[];
  /** Every scan and speech that was asked for. */
  readonly paidCalls: readonly RecordedPaidCall[];
  /** Every attempt, in the order in which they ended. */
  readonly callbacks: readonly Delivery[];
  readonly inFlightMax: number;
  readonly unitsCharged: number;
}

/** The stores that a record is read from. */
interface Recorded {
  readonly record: RecordStore;
  readonly tasks: TaskStore;
  readonly callbacks: CallbackStore;
  readonly paidCalls: PaidCallStore;
}

/** Reads the record of an account. */
export function toRecord({ record, tasks, callbacks, paidCalls }: Recorded): AccountRecord {
  const requestsByRoute = record.routes();
  return {
    requests: record.requests(),
    requestCount: Object.values(requestsByRoute).reduce((sum, count) => sum + count, 0),
    requestsByRoute,
    requestsByCode: record.codes(),
    tasks: Array.from(tasks.all(), (task) => ({
      taskId: task.taskId,
      externalTaskId: task.externalTaskId,
      kind: task.kind,
      status: task.status,
      createdAt: task.createdAt,
      updatedAt: task.updatedAt,
      units: task.charged / 100,
    })),
    paidCalls: paidCalls.all(),
    callbacks: callbacks.deliveries(),
    inFlightMax: record.counter('inFlightMax'),
    unitsCharged: record.counter('charged') / 100,
  };
}
