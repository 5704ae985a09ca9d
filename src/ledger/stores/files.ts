import type { MediaRecord } from '../../domain/media.ts';
import { readOwnJson } from '../../lib/json.ts';

/** A file with its place in the list. */
export interface HeldMedia {
  readonly seq: number;
  readonly media: MediaRecord;
}

/** A file that the gateway has to fetch, and the fetches that were asked for. */
export interface DueFetch {
  readonly media: MediaRecord;
  readonly url: string;
  readonly tries: number;
}

/** The bytes of a tenant's files, and how many files are not final. */
export interface FileSums {
  readonly bytes: number;
  readonly open: number;
}

/**
 * The files of a tenant. Triggers keep their sums. A row that is deleted, in whatever way, leaves its file in `doomed_file`
 * in the same transaction.
 */
export class MediaStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  find(id: string): MediaRecord | null {
    const [row] = this.#sql.exec<{ record: string }>('SELECT record FROM media WHERE id = ?', id).toArray();
    return row ? readOwnJson<MediaRecord>(row.record) : null;
  }

  /** Returns the newest files before `beforeSeq`, newest first. */
  list(beforeSeq: number | null, limit: number): HeldMedia[] {
    return this.#sql
      .exec<{ seq: number; record: string }>(
        'SELECT seq, record FROM media WHERE seq < ? ORDER BY seq DESC LIMIT ?',
        beforeSeq ?? Number.MAX_SAFE_INTEGER,
        limit,
      )
      .toArray()
      .map(({ seq, record }) => ({ seq, media: readOwnJson<MediaRecord>(record) }));
  }

  /** Adds a file. `bytes` counts towards the tenant's limit. `fetch` is set for a file that the gateway has to fetch. */
  insert(media: MediaRecord, bytes: number, fetch: { readonly url: string; readonly wakeAtMs: number } | null): void {
    this.#sql.exec(
      'INSERT INTO media (id, created_at, bytes, record, url, wake_at) VALUES (?, ?, ?, ?, ?, ?)',
      media.id,
      media.createdAtMs,
      bytes,
      JSON.stringify(media),
      fetch?.url ?? null,
      fetch?.wakeAtMs ?? null,
    );
  }

  /** Replaces the record of a file whose bytes were counted. The file needs no fetch from then on. */
  update(media: MediaRecord, bytes: number): void {
    this.#sql.exec(
      'UPDATE media SET record = ?, bytes = ?, url = NULL, wake_at = NULL WHERE id = ?',
      JSON.stringify(media),
      bytes,
      media.id,
    );
  }

  remove(id: string): void {
    this.#sql.exec('DELETE FROM media WHERE id = ?', id);
  }

  sums(): FileSums {
    return this.#sql.exec<{ bytes: number; open: number }>('SELECT bytes, open FROM file_sum').one();
  }

  /** Returns the fetches that are due, the longest due first. */
  dueFetches(nowMs: number, limit: number): DueFetch[] {
    return this.#sql
      .exec<{ record: string; url: string; tries: number }>(
        'SELECT record, url, tries FROM media WHERE wake_at <= ? ORDER BY wake_at LIMIT ?',
        nowMs,
        limit,
      )
      .toArray()
      .map(({ record, url, tries }) => ({ media: readOwnJson<MediaRecord>(record), url, tries }));
  }

  /** Counts a try of a fetch, and sets the instant of the next. */
  triedFetch(id: string, wakeAtMs: number): void {
    this.#sql.exec('UPDATE media SET tries = tries + 1, wake_at = ? WHERE id = ?', wakeAtMs, id);
  }

  /** Forgets the URL of a fetch that has begun. */
  fetchBegun(id: string): void {
    this.#sql.exec('UPDATE media SET url = NULL, wake_at = NULL WHERE id = ?', id);
  }

  /** Returns the instant of the next fetch; null if no file waits for one. */
  nextAtMs(): number | null {
    return this.#sql.exec<{ at: number | null }>('SELECT min(wake_at) AS at FROM media WHERE wake_at > 0').one().at;
  }
}

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
