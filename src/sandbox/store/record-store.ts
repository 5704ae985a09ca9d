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
