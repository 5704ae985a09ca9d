import type { CallbackStore, Delivery } from './callback-store.ts';
import type { TaskStore } from './task-store.ts';

/** One call as the record shows it. `code` is null where the answer was no envelope. */
export interface RecordedRequest {
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly code: number | null;
  readonly httpStatus: number;
  readonly requestId: string;
  readonly taskId: string | null;
}

/** Calls kept one by one; older ones are only counted. */
const requestsMax = 10_000;
/** How often the surplus is thrown away. */
const pruneEvery = 100;

/** What the sandbox remembers of the calls it got, and its other numbers. */
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

  /** What came of a call that was carried out late. */
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

  /** Calls by route, such as `GET /v1/general/custom-voices/:id`. Exact, however many there were. */
  routes(): Readonly<Record<string, number>> {
    return this.#counters('route:');
  }

  /** Calls by the code of their answer, `none` where it was no envelope. Exact; a late call counts again for what came of it. */
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

  /** Adds to a counter and gives its new value. */
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

/** What an account did and had done to it, for tests to compare with what a client believes. */
export interface AccountRecord {
  /** The last 10,000, oldest first. */
  readonly requests: readonly RecordedRequest[];
  /** All there ever were. */
  readonly requestCount: number;
  readonly requestsByRoute: Readonly<Record<string, number>>;
  /** By the code of the answer, `none` where it was no envelope. */
  readonly requestsByCode: Readonly<Record<string, number>>;
  readonly tasks: readonly RecordedTask[];
  /** Every attempt, in the order the attempts ended. */
  readonly callbacks: readonly Delivery[];
  readonly inFlightMax: number;
  readonly unitsCharged: number;
}

/** The stores that a record is read from. */
interface Recorded {
  readonly record: RecordStore;
  readonly tasks: TaskStore;
  readonly callbacks: CallbackStore;
}

/** Reads an account's record. */
export function toRecord({ record, tasks, callbacks }: Recorded): AccountRecord {
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
    callbacks: callbacks.deliveries(),
    inFlightMax: record.counter('inFlightMax'),
    unitsCharged: record.counter('charged') / 100,
  };
}
