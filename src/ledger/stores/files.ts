/** A file of the bucket that is to be deleted. */
export interface DoomedFile {
  readonly id: string;
  /** Whether the file has an `Upload` object, which deletes everything of it. */
  readonly isUpload: boolean;
  /** The deletions that have been tried. */
  readonly tries: number;
}

/**
 * The files of the bucket that are to be deleted. A row is written in the transaction that deletes what the file belongs to.
 * The alarm deletes the file, then the row. So no file outlives its object, whenever the ledger dies.
 */
export class DoomedFileStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Adds a file. It is deleted at `wakeAtMs`, or at an earlier instant that is known already. */
  add(id: string, wakeAtMs: number): void {
    this.#sql.exec(
      `INSERT INTO doomed_file (id, wake_at) VALUES (?, ?)
       ON CONFLICT (id) DO UPDATE SET wake_at = min(wake_at, excluded.wake_at)`,
      id,
      wakeAtMs,
    );
  }

  /** Returns the files that are due, the longest due first. */
  due(nowMs: number, limit: number): DoomedFile[] {
    return this.#sql
      .exec<{ id: string; is_upload: number; tries: number }>(
        'SELECT id, is_upload, tries FROM doomed_file WHERE wake_at <= ? ORDER BY wake_at LIMIT ?',
        nowMs,
        limit,
      )
      .toArray()
      .map((row) => ({ id: row.id, isUpload: row.is_upload === 1, tries: row.tries }));
  }

  /** Returns the instant of the next deletion; null if nothing is doomed. */
  nextAtMs(): number | null {
    return this.#sql.exec<{ at: number | null }>('SELECT min(wake_at) AS at FROM doomed_file WHERE wake_at > 0').one()
      .at;
  }

  /** Counts a try, and sets the instant of the next. */
  tried(ids: readonly string[], wakeAtMs: number): void {
    this.#sql.exec(
      'UPDATE doomed_file SET tries = tries + 1, wake_at = ? WHERE id IN (SELECT value FROM json_each(?))',
      wakeAtMs,
      JSON.stringify(ids),
    );
  }

  /** Records that files are deleted. */
  remove(ids: readonly string[]): void {
    this.#sql.exec('DELETE FROM doomed_file WHERE id IN (SELECT value FROM json_each(?))', JSON.stringify(ids));
  }
}

/** Returns the bytes of all files that the tenant keeps in the bucket. */
export function bytesKept(sql: SqlStorage): number {
  return sql.exec<{ n: number }>('SELECT bytes AS n FROM file_sum').one().n;
}
