/** A scan or a speech in the record. It is no task, so it can be neither read nor repeated. */
export interface RecordedPaidCall {
  readonly at: number;
  readonly path: string;
  /** The URL or the id of the video, or the text. Null if the body names none. */
  readonly source: string | null;
  /** The code of the answer. Null if the answer was no whole envelope, or never came. */
  readonly code: number | null;
  /** Whether it was carried out, and so charged. */
  readonly isMade: boolean;
}

type Columns = {
  readonly at: number;
  readonly path: string;
  readonly source: string | null;
  readonly code: number | null;
  readonly made: number;
};

/** The calls of one account that are charged at once. All are kept. */
export class PaidCallStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  add(requestId: string, { at, path, source, code, isMade }: RecordedPaidCall): void {
    this.#sql.exec(
      'INSERT INTO paid_call (request_id, at, path, source, code, made) VALUES (?, ?, ?, ?, ?, ?)',
      requestId,
      at,
      path,
      source,
      code,
      isMade ? 1 : 0,
    );
  }

  /** Records that a late call was carried out. No client has its answer. */
  carriedOut(requestId: string): void {
    this.#sql.exec('UPDATE paid_call SET made = 1 WHERE request_id = ?', requestId);
  }

  all(): readonly RecordedPaidCall[] {
    return this.#sql
      .exec<Columns>('SELECT at, path, source, code, made FROM paid_call ORDER BY seq')
      .toArray()
      .map(({ made, ...call }) => ({ ...call, isMade: made === 1 }));
  }
}
