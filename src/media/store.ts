import type { MediaKind, MediaOutcome } from '../domain/media.ts';
import { runMigrations } from '../lib/durable-object.ts';

/** The most bytes of a row. SQLite in a Durable Object takes rows of up to 2 MB. */
export const ROW_BYTES_MAX = 1_048_576;

/** The fewest bytes of a part in the bucket. All parts but the last must be equal (R2 docs, 2026-09). */
export const PART_BYTES_MIN = 5 * 1_048_576;

/** The most bytes of a part, because a part may lie in rows until it is whole. */
const PART_BYTES_MAX = 8 * 1_048_576;

/** A shorter last row is extended, so that many small requests do not make many rows. */
const SHORT_ROW_BYTES = 65_536;

/** How far an upload is. `DELETING` removes everything from the bucket; `COMPLETE` and `GONE` are final. */
export type UploadPhase = 'RECEIVING' | 'FINISHING' | 'REPORTING' | 'DELETING' | 'COMPLETE' | 'GONE';

/** Everything that an upload knows but its bytes. Invariant: rows store it as JSON, so its keys must not be renamed. */
export interface UploadState {
  readonly tenant: string;
  readonly mediaId: string;
  readonly kind: MediaKind;
  /** The size of the whole file. Null for a URL that is not read yet. */
  readonly bytes: number | null;
  readonly sha256: string | null;
  readonly expiresAtMs: number;
  /** The URL to fetch the file from. Null for an upload. */
  readonly url: string | null;
  readonly phase: UploadPhase;
  /** The bucket's id of the unfinished file. */
  readonly multipartId: string | null;
  /** The bytes of each part but the last. */
  readonly partBytes: number;
  /** Whether a part is being streamed into the bucket. Still true at the next request if that part was lost. */
  readonly isStreaming: boolean;
  /** The SHA-256 of the stored file. Null until it is read. */
  readonly foundSha256: string | null;
  /** The inspections that were started. */
  readonly inspections: number;
  /** Null until the file is inspected. */
  readonly outcome: MediaOutcome | null;
  /** The attempts of the present phase that failed. */
  readonly failures: number;
  /** When the alarm continues. */
  readonly wakeAtMs: number;
}

const STEPS: readonly string[] = [
  `
  CREATE TABLE chunk (position INTEGER PRIMARY KEY, bytes BLOB NOT NULL, unverified INTEGER NOT NULL) STRICT;
  CREATE TABLE part (number INTEGER PRIMARY KEY, etag TEXT NOT NULL, bytes INTEGER NOT NULL) STRICT;
  `,
];

/** A part that the bucket has stored. */
export interface StoredPart {
  /** Counted from 1. */
  readonly number: number;
  readonly etag: string;
  readonly bytes: number;
}

/** The state, the parts and the last bytes of one upload. No row crosses the border of a part. */
export class UploadStore {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;
  #state: UploadState | null;

  /** Creates no tables before the first `save`, so that an object that is only asked stores nothing. */
  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#state = storage.kv.get<UploadState>('state') ?? null;
    if (this.#state === null) return;
    runMigrations(storage, STEPS);
    this.dropUnverified();
  }

  /** Null until the first request. */
  get state(): UploadState | null {
    return this.#state;
  }

  save(state: UploadState): UploadState {
    if (this.#state === null) runMigrations(this.#storage, STEPS);
    this.#storage.kv.put('state', state);
    this.#state = state;
    return state;
  }

  /** Saves changes of the state. Only call it after the first `save`. */
  change(changes: Partial<UploadState>): UploadState {
    if (this.#state === null) throw new Error('the upload has no state');
    return this.save({ ...this.#state, ...changes });
  }

  /** Counts the bytes from the start of the file, without unverified ones. */
  received(): number {
    if (this.#state === null) return 0;
    return this.#last('WHERE unverified = 0')?.end ?? this.#partBytes();
  }

  /** Stores bytes after all others, no more than `roomAt` of their position. */
  append(bytes: Uint8Array<ArrayBuffer>, unverified: boolean): void {
    const last = this.#last('');
    const position = last?.end ?? this.#partBytes();
    const isExtended =
      last !== null &&
      !unverified &&
      last.end - last.position < SHORT_ROW_BYTES &&
      last.end % this.partBytes() !== 0 &&
      last.end - last.position + bytes.byteLength <= ROW_BYTES_MAX;
    const row = isExtended ? joined(this.#bytesAt(last.position), bytes) : bytes.slice().buffer;
    const at = isExtended ? last.position : position;
    this.#sql.exec('INSERT OR REPLACE INTO chunk VALUES (?, ?, ?)', at, row, unverified ? 1 : 0);
  }

  /** Makes all unverified bytes durable. */
  verify(): void {
    this.#sql.exec('UPDATE chunk SET unverified = 0 WHERE unverified = 1');
  }

  /** Deletes the bytes of a request whose checksum is wrong, or whose check did not end. */
  dropUnverified(): void {
    this.#sql.exec('DELETE FROM chunk WHERE unverified = 1');
  }

  /** Counts the bytes of each part but the last. */
  partBytes(): number {
    return this.#state?.partBytes ?? PART_BYTES_MIN;
  }

  /** Returns how many bytes a row at a position may have. */
  roomAt(position: number): number {
    return Math.min(ROW_BYTES_MAX, this.partBytes() - (position % this.partBytes()));
  }

  /** Makes the parts as large as the first body, if R2 takes such parts. Later bodies of that size are whole parts. */
  fitParts(bodyBytes: number): void {
    if (this.received() > 0) return;
    const fits = bodyBytes >= PART_BYTES_MIN && bodyBytes <= PART_BYTES_MAX;
    this.change({ partBytes: fits ? bodyBytes : PART_BYTES_MIN });
  }

  /** Returns the number of the first part that the bucket does not have. */
  nextPart(): number {
    return this.#sql.exec<{ n: number }>('SELECT count(*) AS n FROM part').one().n + 1;
  }

  /** Counts the stored bytes of a part that the bucket does not have. */
  bytesOf(part: number): number {
    const start = (part - 1) * this.partBytes();
    return Math.max(0, Math.min(this.received() - start, this.partBytes()));
  }

  /** Yields the bytes of a part row by row, with one in memory. */
  *rowsOf(part: number): Generator<Uint8Array<ArrayBuffer>> {
    const start = (part - 1) * this.partBytes();
    const positions = this.#sql
      .exec<{ position: number }>(
        'SELECT position FROM chunk WHERE position >= ? AND position < ? AND unverified = 0 ORDER BY position',
        start,
        start + this.partBytes(),
      )
      .toArray();
    for (const { position } of positions) yield new Uint8Array(this.#bytesAt(position));
  }

  /** Records that the bucket has a part, and deletes its rows. */
  addPart({ number, etag, bytes }: StoredPart): void {
    this.#storage.transactionSync(() => {
      this.#sql.exec('INSERT OR REPLACE INTO part VALUES (?, ?, ?)', number, etag, bytes);
      this.#sql.exec('DELETE FROM chunk WHERE position < ?', number * this.partBytes());
      this.change({ isStreaming: false });
    });
  }

  parts(): readonly StoredPart[] {
    return this.#sql
      .exec<{ number: number; etag: string; bytes: number }>('SELECT * FROM part ORDER BY number')
      .toArray();
  }

  /** Deletes all bytes and parts. The state stays. */
  clear(): void {
    this.#storage.transactionSync(() => {
      this.#sql.exec('DELETE FROM chunk');
      this.#sql.exec('DELETE FROM part');
    });
  }

  /** Deletes everything, the state included. */
  async deleteAll(): Promise<void> {
    this.#state = null;
    await this.#storage.deleteAll();
  }

  #partBytes(): number {
    return this.#sql.exec<{ n: number }>('SELECT coalesce(sum(bytes), 0) AS n FROM part').one().n;
  }

  #last(where: '' | 'WHERE unverified = 0'): { position: number; end: number } | null {
    const [row] = this.#sql
      .exec<{ position: number; end: number }>(
        `SELECT position, position + length(bytes) AS end FROM chunk ${where} ORDER BY position DESC LIMIT 1`,
      )
      .toArray();
    return row ?? null;
  }

  #bytesAt(position: number): ArrayBuffer {
    return this.#sql.exec<{ bytes: ArrayBuffer }>('SELECT bytes FROM chunk WHERE position = ?', position).one().bytes;
  }
}

function joined(first: ArrayBuffer, second: Uint8Array): ArrayBuffer {
  const bytes = new Uint8Array(first.byteLength + second.byteLength);
  bytes.set(new Uint8Array(first));
  bytes.set(second, first.byteLength);
  return bytes.buffer;
}
