import type { MediaKind, MediaOutcome } from '../domain/media.ts';
import { runMigrations } from '../lib/durable-object.ts';
import { startDeadline, type StartTimer } from '../lib/time.ts';
import { createDigestStream, toHex } from '../lib/hash.ts';

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
  /** The `Upload-Metadata` of the creation, which the gateway only gives back. */
  readonly metadata?: string;
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

/** How long the bucket may take for one call. */
const CALL_TIMEOUT_MS = 60_000;

/** The part of an upload that lies in the bucket. Its calls run one after the other. All reject while the bucket is down. */
export interface BucketFile {
  /** Moves every full part from the rows into the bucket. */
  flush(): Promise<void>;
  /**
   * Streams the next part from `pump` without rows. Resolves once the part is recorded, or with false if `pump` does so:
   * then nothing of the part is kept. Only call it if no bytes of the part lie in rows.
   */
  streamPart(bytes: number, pump: PartPump): Promise<boolean>;
  /** Moves the rest and completes the file. Idempotent. */
  complete(bytes: number): Promise<void>;
  /** Returns the SHA-256 of the complete file, in lower-case hexadecimal, by one streaming read. */
  sha256(): Promise<string>;
  /** Reads the bytes from `start` up to but without `end`. */
  read(start: number, end: number): Promise<Uint8Array>;
  /** Deletes the file, complete or not. Idempotent. */
  remove(): Promise<void>;
}

/** Writes the bytes of a part. Resolves with false if they do not arrive. A written buffer may be used again. */
export type PartPump = (write: (bytes: Uint8Array) => Promise<unknown>) => Promise<boolean>;

interface BucketFileDeps {
  readonly bucket: R2Bucket;
  /** The key of the file in the bucket. */
  readonly key: () => string;
  readonly store: UploadStore;
  readonly now: () => number;
  readonly startTimer: StartTimer;
}

/**
 * Creates the bucket's side of an upload. If the object is evicted between a call and its record, the call is repeated: a
 * part replaces the same part, and a completed file is found by its key. An unfinished file without a record is aborted by
 * the lifecycle rule of the bucket after a day.
 */
export function createBucketFile({ bucket, key, store, now, startTimer }: BucketFileDeps): BucketFile {
  let last: Promise<unknown> = Promise.resolve();

  /** Runs work after all earlier work. */
  function alone<T>(work: () => Promise<T>): Promise<T> {
    const result = last.then(work, work);
    last = result.catch(() => {});
    return result;
  }

  async function inTime<T>(work: Promise<T>): Promise<T> {
    const deadline = startDeadline({ timeoutMs: CALL_TIMEOUT_MS, now, startTimer });
    try {
      return await deadline.race(work);
    } finally {
      deadline.stop();
    }
  }

  async function multipart(): Promise<R2MultipartUpload> {
    const known = store.state?.multipartId ?? null;
    if (known !== null) return bucket.resumeMultipartUpload(key(), known);
    const upload = await inTime(bucket.createMultipartUpload(key()));
    store.change({ multipartId: upload.uploadId });
    return upload;
  }

  /** Streams the rows of a part, with one of them in memory. */
  async function stream<T>(part: number, send: (readable: ReadableStream) => Promise<T>): Promise<T> {
    const { readable, writable } = new FixedLengthStream(store.bytesOf(part));
    const writer = writable.getWriter();
    async function pump(): Promise<void> {
      for (const row of store.rowsOf(part)) await writer.write(row);
      await writer.close();
    }
    try {
      const [result] = await inTime(Promise.all([send(readable), pump()]));
      return result;
    } catch (error) {
      writer.abort(error).catch(() => {});
      throw error;
    }
  }

  async function sendPart(number: number): Promise<void> {
    const upload = await multipart();
    const bytes = store.bytesOf(number);
    const { etag } = await stream(number, (readable) => upload.uploadPart(number, readable));
    store.addPart({ number, etag, bytes });
  }

  /** The time of a call to the bucket does not count while the client is sending. */
  async function streamPart(bytes: number, pump: PartPump): Promise<boolean> {
    const number = store.nextPart();
    const upload = await multipart();
    store.change({ isStreaming: true });
    const { readable, writable } = new FixedLengthStream(bytes);
    const writer = writable.getWriter();
    const sending = upload.uploadPart(number, readable);
    let isWhole = false;
    try {
      isWhole = await pump((some) => inTime(Promise.race([writer.write(some), sending])));
      if (!isWhole) return false;
      const [{ etag }] = await inTime(Promise.all([sending, writer.close()]));
      store.addPart({ number, etag, bytes });
      return true;
    } finally {
      if (!isWhole) {
        writer.abort().catch(() => {});
        // A part without all of its bytes is no part. The next one of its number waits for the end of this call.
        await inTime(sending).catch(() => {});
      }
    }
  }

  async function flush(): Promise<void> {
    for (let number = store.nextPart(); store.bytesOf(number) === store.partBytes(); number += 1)
      await sendPart(number);
  }

  async function isComplete(bytes: number): Promise<boolean> {
    return (await inTime(bucket.head(key())))?.size === bytes;
  }

  return {
    flush: () => alone(flush),
    streamPart: (bytes, pump) => alone(() => streamPart(bytes, pump)),
    complete: (bytes) =>
      alone(async () => {
        if (await isComplete(bytes)) return;
        if (bytes <= store.partBytes() && store.parts().length === 0 && (store.state?.multipartId ?? null) === null) {
          await stream(1, (readable) => bucket.put(key(), readable));
          return;
        }
        await flush();
        const number = store.nextPart();
        if (store.bytesOf(number) > 0) await sendPart(number);
        const upload = await multipart();
        const parts = store.parts().map((part) => ({ partNumber: part.number, etag: part.etag }));
        await inTime(upload.complete(parts));
      }),
    async sha256() {
      const file = await inTime(bucket.get(key()));
      if (file === null) throw new Error('the file is not in the bucket');
      const digest = createDigestStream('SHA-256');
      await inTime(file.body.pipeTo(digest));
      return toHex(new Uint8Array(await digest.digest));
    },
    async read(start, end) {
      const file = await inTime(bucket.get(key(), { range: { offset: start, length: end - start } }));
      if (file === null) throw new Error('the file is not in the bucket');
      return new Uint8Array(await inTime(file.arrayBuffer()));
    },
    remove: () =>
      alone(async () => {
        const multipartId = store.state?.multipartId ?? null;
        // Forgotten first, so that no upload goes on with parts that are aborted. The lifecycle rule ends a lost abort.
        store.clear();
        store.change({ multipartId: null });
        if (multipartId !== null) {
          // The bucket rejects if the upload is complete or aborted. If it is down, the deletion rejects as well.
          await inTime(bucket.resumeMultipartUpload(key(), multipartId).abort()).catch(() => {});
        }
        await inTime(bucket.delete(key()));
      }),
  };
}
