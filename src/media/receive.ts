import type { StartTimer } from '../lib/deadline.ts';
import { createDigestStream } from '../lib/hash.ts';
import type { BucketFile } from './bucket-file.ts';
import { PART_BYTES, roomAt, ROW_BYTES_MAX, type UploadStore } from './store.ts';

/** How long a body may pause before it is cut. */
const IDLE_MS_MAX = 60_000;

/** The bytes of one read. */
const READ_BYTES = 65_536;

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
  /** No byte arrived for a minute. The bytes so far are stored, unless the body has a checksum. */
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
  readonly file: Pick<BucketFile, 'flush'>;
  /** Called right after the last byte of a body is stored, in the same transaction. */
  readonly stored: () => void;
  readonly now: () => number;
  readonly startTimer: StartTimer;
}

/** Receives a body into the store, and from there into the bucket. */
export type Receive = (body: ReadableStream<Uint8Array>, limits: BodyLimits, turn: Turn) => Promise<Receipt>;

export function createReceive({ store, file, stored, now, startTimer }: ReceiverDeps): Receive {
  /** Moves full parts into the bucket before more rows are written, so that at most one part and one body lie in rows. */
  async function flush(): Promise<boolean> {
    if (store.bytesOf(store.nextPart()) < PART_BYTES) return true;
    return file.flush().then(
      () => true,
      () => false,
    );
  }

  return async (body, { bodyMax, fileMax, checksum }, turn) => {
    const reader = body.getReader({ mode: 'byob' });
    const digest = checksum === null ? null : createDigest(checksum.algorithm);
    const row = new Uint8Array(ROW_BYTES_MAX);
    const startedAt = store.received();
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
      if (used === 0) return;
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
        const room = Math.min(roomAt(position) - used, fileMax - end, bodyMax - (end - startedAt));
        const some = rest.subarray(0, room);
        row.set(some, used);
        used += some.byteLength;
        rest = rest.subarray(some.byteLength);
        // The last row waits for the end of the body, because a body with more bytes is not this file.
        if (used < roomAt(position) || position + used === fileMax) continue;
        writeRow(digest !== null);
        if (digest === null && !(await flush())) return 'BUCKET_DOWN';
      }
      return null;
    }

    async function readAll(): Promise<Receipt> {
      if (!(await flush())) return 'BUCKET_DOWN';
      let buffer = new Uint8Array(READ_BYTES);
      for (;;) {
        const read = await Promise.race([reader.read(buffer), interrupted, idle.promise]).catch(() => 'CUT' as const);
        if (typeof read === 'string') return read;
        if (read.done) return 'STORED';
        lastReadAtMs = now();
        const receipt = await take(read.value);
        if (receipt !== null) return receipt;
        buffer = new Uint8Array(read.value.buffer);
      }
    }

    const receipt = await readAll();
    stopTimer();
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
