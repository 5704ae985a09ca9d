import type { MediaRecord } from '../../domain/media.ts';
import { readOwnJson } from '../../lib/json.ts';
import { endedAtMsOf } from '../../domain/apply.ts';
import { picturesOf, type ResultFile, resultFilesOf } from '../../domain/archive.ts';
import type { FaceScan, ResultPart, TaskRecord } from '../../domain/records.ts';

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
  /** The file that an unfinished file would become. Its own id is that of its multipart upload. Null for other files. */
  readonly unfinishedOf: string | null;
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

  /** Adds a multipart upload that has begun. It is aborted at `wakeAtMs`, unless it is removed before. */
  addUnfinished(uploadId: string, fileId: string, wakeAtMs: number): void {
    this.#sql.exec('INSERT INTO doomed_file (id, file_id, wake_at) VALUES (?, ?, ?)', uploadId, fileId, wakeAtMs);
  }

  /** Returns the files that are due, the longest due first. */
  due(nowMs: number, limit: number): DoomedFile[] {
    return this.#sql
      .exec<{ id: string; is_upload: number; file_id: string | null; tries: number }>(
        'SELECT id, is_upload, file_id, tries FROM doomed_file WHERE wake_at <= ? ORDER BY wake_at LIMIT ?',
        nowMs,
        limit,
      )
      .toArray()
      .map((row) => ({ id: row.id, isUpload: row.is_upload === 1, unfinishedOf: row.file_id, tries: row.tries }));
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

/** A result that is to be copied, or is copied. */
export interface ArchiveFile {
  /** A UUID: the name of the copy. It is chosen before the first try, so a repeated try writes the same file. */
  readonly id: string;
  /** The id of the task or the scan that the result belongs to. */
  readonly owner: string;
  readonly part: ResultPart;
  /** The voice, if the result is its sample; null otherwise. */
  readonly voiceId: string | null;
  /** The tries that have begun. */
  readonly tries: number;
  readonly expiresAtMs: number;
}

/** A result that is to be copied. */
export interface WaitingFile extends ArchiveFile {
  readonly url: string;
}

type Columns = {
  id: string;
  owner: string;
  part: ResultPart;
  voice_id: string | null;
  tries: number;
  expires_at: number;
};

/**
 * The results that are copied, or are to be. A trigger deletes the rows of a task or a scan with it. Another one dooms the
 * file of a deleted row. A third one keeps the sum of the bytes, copies under way included.
 */
export class ArchiveStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Adds a result to copy. One that has a row stays as it is. */
  add(id: string, owner: string, { part, url, voiceId }: ResultFile, expiresAtMs: number, wakeAtMs: number): void {
    this.#sql.exec(
      `INSERT INTO archive_file (id, owner, part, voice_id, url, wake_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (owner, part) DO NOTHING`,
      id,
      owner,
      part,
      voiceId ?? null,
      url,
      wakeAtMs,
      expiresAtMs,
    );
  }

  /** Replaces the URL of a result that is not copied yet. */
  renew(owner: string, { part, url }: ResultFile): void {
    this.#sql.exec(
      'UPDATE archive_file SET url = ? WHERE owner = ? AND part = ? AND wake_at IS NOT NULL',
      url,
      owner,
      part,
    );
  }

  /** Returns what is due to be copied, the longest due first. */
  due(nowMs: number, limit: number): WaitingFile[] {
    return this.#sql
      .exec<Columns & { url: string }>(
        `SELECT id, owner, part, voice_id, url, tries, expires_at FROM archive_file WHERE wake_at <= ?
         ORDER BY wake_at LIMIT ?`,
        nowMs,
        limit,
      )
      .toArray()
      .map((row) => ({ ...toFile(row), url: row.url }));
  }

  /** Returns the instant of the next try after `afterMs`; null if nothing waits. */
  nextAtMs(afterMs: number): number | null {
    return this.#sql
      .exec<{ at: number | null }>('SELECT min(wake_at) AS at FROM archive_file WHERE wake_at > ?', afterMs)
      .one().at;
  }

  /** Counts a try. The next is due at `wakeAtMs` in case this one does not end. */
  begin(id: string, wakeAtMs: number): void {
    this.#sql.exec('UPDATE archive_file SET tries = tries + 1, bytes = 0, wake_at = ? WHERE id = ?', wakeAtMs, id);
  }

  /** Counts the bytes of a copy under way. */
  reserve(id: string, bytes: number): void {
    this.#sql.exec('UPDATE archive_file SET bytes = ? WHERE id = ?', bytes, id);
  }

  /** Records a complete copy. Returns false if the row is deleted: the file is doomed then. */
  stored(id: string, bytes: number): boolean {
    const rows = this.#sql.exec(
      `UPDATE archive_file SET bytes = ?, url = '', wake_at = NULL WHERE id = ? AND wake_at IS NOT NULL RETURNING id`,
      bytes,
      id,
    );
    return rows.toArray().length > 0;
  }

  /** Records that a try has failed, and when the next is due. */
  failed(id: string, wakeAtMs: number): void {
    this.#sql.exec('UPDATE archive_file SET bytes = 0, wake_at = ? WHERE id = ?', wakeAtMs, id);
  }

  /** Deletes a row, which dooms its file. */
  remove(id: string): void {
    this.#sql.exec('DELETE FROM archive_file WHERE id = ?', id);
  }

  /** Returns the sample of a voice, copied or not. Empty if it is not kept. */
  ofVoice(voiceId: string): ArchiveFile[] {
    return this.#sql
      .exec<Columns>(
        'SELECT id, owner, part, voice_id, tries, expires_at FROM archive_file WHERE voice_id = ?',
        voiceId,
      )
      .toArray()
      .map(toFile);
  }

  /** Returns when the first copy expires; null if there are no copies. */
  firstExpiryMs(): number | null {
    return this.#sql
      .exec<{ at: number | null }>(
        'SELECT min(expires_at) AS at FROM archive_file WHERE wake_at IS NULL AND expires_at > 0',
      )
      .one().at;
  }

  /** Returns the copies that have expired by `atMs`, oldest first. */
  expired(atMs: number, limit: number): ArchiveFile[] {
    return this.#sql
      .exec<Columns>(
        `SELECT id, owner, part, voice_id, tries, expires_at FROM archive_file WHERE wake_at IS NULL AND expires_at <= ?
         ORDER BY expires_at LIMIT ?`,
        atMs,
        limit,
      )
      .toArray()
      .map(toFile);
  }
}

function toFile({ id, owner, part, voice_id, tries, expires_at }: Columns): ArchiveFile {
  return { id, owner, part, voiceId: voice_id, tries, expiresAtMs: expires_at };
}

/** Notes which results are to be copied. Call it inside the transaction that stores the result. */
export interface ArchivePlan {
  /** Notes the files that a task shows for the first time, and newer URLs of files that are not copied yet. */
  results(before: TaskRecord, after: TaskRecord): void;
  pictures(scan: FaceScan): void;
}

interface ArchivePlanDeps {
  readonly archive: ArchiveStore;
  readonly archiveMs: number;
  readonly now: () => number;
  readonly newId: () => string;
}

/** The plan of a ledger that copies nothing. */
export const NO_ARCHIVE: ArchivePlan = { results: () => {}, pictures: () => {} };

/** Creates the plan. The id of a copy is chosen here, once: every try writes the same file. */
export function createArchivePlan({ archive, archiveMs, now, newId }: ArchivePlanDeps): ArchivePlan {
  function add(owner: string, file: ResultFile, madeAtMs: number): void {
    archive.add(newId(), owner, file, madeAtMs + archiveMs, now());
  }

  return {
    results(before, after) {
      const known = new Map(resultFilesOf(before).map(({ part, url }) => [part, url]));
      for (const file of resultFilesOf(after)) {
        const knownUrl = known.get(file.part);
        if (knownUrl === undefined) add(after.id, file, endedAtMsOf(after) ?? now());
        else if (knownUrl !== file.url) archive.renew(after.id, file);
      }
    },
    pictures(scan) {
      for (const file of picturesOf(scan)) add(scan.id, file, scan.createdAtMs);
    },
  };
}
