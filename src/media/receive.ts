import type { StartTimer } from '../lib/time.ts';
import { createDigestStream } from '../lib/hash.ts';
import { type BucketFile, PART_BYTES_MIN, ROW_BYTES_MAX, type UploadStore } from './store.ts';

/** How long a body may pause before it is cut. */
const IDLE_MS_MAX = 60_000;

/** The most bytes of one read. Each read costs objects and promises, so small ones need more memory. */
const READ_BYTES = 262_144;

/** The checksum that a body must have. */
export interface Checksum {
  readonly algorithm: 'SHA-1' | 'SHA-256';
  /** In base64. */
  readonly digest: string;
}

/** How the receipt of a body ended. */
export type Receipt =
  /** The whole body is stored. */
  | 'STORED'
  /** The connection was lost. The bytes so far are stored, unless the body has a checksum. */
  | 'CUT'
  /** A newer request has taken over. The bytes so far are stored, unless the body has a checksum. */
  | 'INTERRUPTED'
  /** No read of the body ended for a minute. The bytes so far are stored, unless the body has a checksum. */
  | 'IDLE'
  /** Nothing of the body is stored. */
  | 'WRONG_CHECKSUM'
  /** The body has more bytes than the limit of a request. The bytes beyond it are not stored. */
  | 'BODY_TOO_LARGE'
  /** The body exceeds the file. Its last row is not stored. */
  | 'FILE_TOO_LARGE'
  /** The bucket is down. The bytes so far are stored. */
  | 'BUCKET_DOWN';

/** The limits of a body. */
export interface BodyLimits {
  /** The announced bytes of the body. Null if they are not known. */
  readonly length: number | null;
  /** The most bytes of the body. */
  readonly bodyMax: number;
  /** The size of the file, or the most bytes that it may have. */
  readonly fileMax: number;
  readonly checksum: Checksum | null;
}

/** The turn of one request. Only the newest request has a turn that is not stopped. */
export interface Turn {
  isStopped(): boolean;
  /** Resolves when a newer request takes over. */
  readonly stopped: Promise<void>;
  /** Lets the next request begin. */
  end(): void;
}

/** Creates turns, so that a request waits until an older one has stored what it has. A dead connection blocks nobody. */
export function createTurns(): () => Promise<Turn> {
  let newest: { readonly stop: () => void; readonly ended: Promise<void> } | null = null;
  return async () => {
    const stopping = Promise.withResolvers<void>();
    const ending = Promise.withResolvers<void>();
    let isStopped = false;
    function stop(): void {
      isStopped = true;
      stopping.resolve();
    }
    const older = newest;
    newest = { stop, ended: ending.promise };
    older?.stop();
    await older?.ended;
    return { isStopped: () => isStopped, stopped: stopping.promise, end: ending.resolve };
  };
}

interface ReceiverDeps {
  readonly store: UploadStore;
  readonly file: Pick<BucketFile, 'flush' | 'streamPart'>;
  /** Called right after the last byte of a body is stored, in the same transaction. */
  readonly stored: () => void;
  readonly now: () => number;
  readonly startTimer: StartTimer;
}

/**
 * Receives a body. Whole parts are streamed into the bucket, and all other bytes go through rows. A streamed part is lost
 * if its connection is. Until a body arrives whole again, rows keep every byte, so that a bad connection makes progress.
 */
export type Receive = (body: ReadableStream<Uint8Array>, limits: BodyLimits, turn: Turn) => Promise<Receipt>;

export function createReceive({ store, file, stored, now, startTimer }: ReceiverDeps): Receive {
  /** Moves full parts into the bucket before more rows are written, so that at most one part and one body lie in rows. */
  async function flush(): Promise<boolean> {
    if (store.bytesOf(store.nextPart()) < store.partBytes()) return true;
    return file.flush().then(
      () => true,
      () => false,
    );
  }

  return async (body, { length, bodyMax, fileMax, checksum }, turn) => {
    const reader = body.getReader({ mode: 'byob' });
    const digest = checksum === null ? null : createDigest(checksum.algorithm);
    let row: Uint8Array<ArrayBuffer> | null = null;
    const startedAt = store.received();
    if (length !== null) store.fitParts(length);
    const hasLostPart = store.state?.isStreaming ?? false;
    // The announced bytes, if parts of them may be streamed.
    const streamed = hasLostPart || checksum !== null ? 0 : Math.min(length ?? 0, bodyMax, fileMax - startedAt);
    let position = startedAt;
    let used = 0;
    let hasUnverified = false;
    let lastReadAtMs = now();
    const idle = Promise.withResolvers<'IDLE'>();
    let stopTimer = startTimer(IDLE_MS_MAX, checkIdle);
    const interrupted = turn.stopped.then(() => 'INTERRUPTED' as const);

    function checkIdle(): void {
      const remainingMs = IDLE_MS_MAX - (now() - lastReadAtMs);
      if (remainingMs <= 0) idle.resolve('IDLE');
      else stopTimer = startTimer(remainingMs, checkIdle);
    }

    function writeRow(unverified: boolean): void {
      if (used === 0 || row === null) return;
      store.append(row.subarray(0, used), unverified);
      hasUnverified ||= unverified;
      position += used;
      used = 0;
    }

    /** Takes bytes from one read. Returns a receipt if no more may follow. */
    async function take(bytes: Uint8Array): Promise<Receipt | null> {
      await digest?.write(bytes);
      let rest = bytes;
      while (rest.byteLength > 0) {
        const end = position + used;
        if (end === fileMax) {
          used = 0;
          return 'FILE_TOO_LARGE';
        }
        if (end - startedAt === bodyMax) return 'BODY_TOO_LARGE';
        const room = Math.min(store.roomAt(position) - used, fileMax - end, bodyMax - (end - startedAt));
        const some = rest.subarray(0, room);
        row ??= new Uint8Array(ROW_BYTES_MAX);
        row.set(some, used);
        used += some.byteLength;
        rest = rest.subarray(some.byteLength);
        // The last row waits for the end of the body, because a body with more bytes is not this file.
        if (used < store.roomAt(position) || position + used === fileMax) continue;
        writeRow(digest !== null);
        if (digest === null && !(await flush())) return 'BUCKET_DOWN';
      }
      return null;
    }

    let buffer = new ArrayBuffer(READ_BYTES);

    /**
     * Reads up to `bytesMax` bytes, which are valid until the next read. A `FULL` read waits for as many as it can hold, and
     * loses them if the connection is lost.
     */
    async function read(kind: 'SOME' | 'FULL', bytesMax: number): Promise<Uint8Array | Receipt> {
      const into = new Uint8Array(buffer, 0, Math.min(READ_BYTES, bytesMax));
      const reading = kind === 'SOME' ? reader.read(into) : reader.readAtLeast(into.byteLength, into);
      const result = await Promise.race([reading, interrupted, idle.promise]).catch(() => 'CUT' as const);
      if (typeof result === 'string') return result;
      if (result.done) return 'STORED';
      lastReadAtMs = now();
      buffer = result.value.buffer;
      return result.value;
    }

    /** Counts the bytes of a part that begins here and that the rest of the body holds whole. 0 without such a part. */
    function wholePart(): number {
      const partBytes = store.partBytes();
      if (used > 0 || position % partBytes !== 0) return 0;
      const bytes = Math.min(partBytes, fileMax - position);
      // A file that is less than a part is put into the bucket at once.
      return startedAt + streamed - position >= bytes && (position > 0 || bytes >= PART_BYTES_MIN) ? bytes : 0;
    }

    /** Streams a part into the bucket. Returns a receipt if the part is lost. */
    async function streamPart(bytes: number): Promise<Receipt | null> {
      let receipt: Receipt | null = null;
      try {
        await file.streamPart(bytes, async (write) => {
          for (let left = bytes; left > 0;) {
            const some = await read('FULL', left);
            if (typeof some === 'string') receipt = some === 'STORED' ? 'CUT' : some;
            if (typeof some === 'string') return false;
            await write(some);
            left -= some.byteLength;
          }
          return true;
        });
      } catch {
        return 'BUCKET_DOWN';
      }
      if (receipt === null) position += bytes;
      return receipt;
    }

    async function readAll(): Promise<Receipt> {
      if (!(await flush())) return 'BUCKET_DOWN';
      for (;;) {
        const part = wholePart();
        if (part > 0) {
          const lost = await streamPart(part);
          if (lost !== null) return lost;
          continue;
        }
        // No read crosses the border of a row. After the last byte of the file it finds the end of the body, or one byte more.
        const some = await read('SOME', Math.max(1, store.roomAt(position) - used));
        if (typeof some === 'string') return some;
        const receipt = await take(some);
        if (receipt !== null) return receipt;
      }
    }

    const receipt = await readAll();
    stopTimer();
    if (receipt === 'STORED' && hasLostPart) store.change({ isStreaming: false });
    if (receipt !== 'STORED') reader.cancel().catch(() => {});
    if (checksum === null || digest === null) {
      if (receipt !== 'FILE_TOO_LARGE') writeRow(false);
    } else if (receipt !== 'STORED' || (await digest.read()) !== checksum.digest) {
      store.dropUnverified();
      return receipt === 'STORED' ? 'WRONG_CHECKSUM' : receipt;
    } else {
      writeRow(hasUnverified);
      store.verify();
    }
    stored();
    return receipt;
  };
}

/** Creates an incremental digest. `read` ends it and returns it in base64. */
function createDigest(algorithm: Checksum['algorithm']) {
  const stream = createDigestStream(algorithm);
  const writer = stream.getWriter();
  return {
    write: (bytes: Uint8Array): Promise<void> => writer.write(bytes),
    async read(): Promise<string> {
      await writer.close();
      return btoa(String.fromCharCode(...new Uint8Array(await stream.digest)));
    },
  };
}
