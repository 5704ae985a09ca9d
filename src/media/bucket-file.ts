import { startDeadline, type StartTimer } from '../lib/time.ts';
import { createDigestStream, toHex } from '../lib/hash.ts';
import type { UploadStore } from './store.ts';

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
