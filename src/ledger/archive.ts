import { fileKey } from '../auth/signed-token.ts';
import { contentTypeOf, extensionFor, kindOf, type ResultKind, sourceProblem } from '../domain/archive.ts';
import { KLING_BYTES_MAX, type StoredFile } from '../domain/media.ts';
import { forEachAtOnce } from '../lib/cache.ts';
import type { StartTimer } from '../lib/time.ts';
import { type RetainedRows, traced } from '../lib/durable-object.ts';
import type { Log } from '../lib/log.ts';
import type { AlarmJob } from './alarm.ts';
import type { Journal } from './journal.ts';
import { COPIES_MAX, copyWaitMs } from './schedule.ts';
import type { ArchiveFile, ArchiveStore, WaitingFile } from './stores/files.ts';
import type { AssetStore } from './stores/assets.ts';
import type { DoomedFileStore } from './stores/files.ts';

/** Copies results into the bucket, and deletes the copies. */
export interface Archive extends AlarmJob {
  /** The copies, which are deleted at their instants. */
  readonly expiring: RetainedRows;
  /** Deletes the copy of a voice's sample. */
  forgetVoice(voiceId: string): void;
}

/** The most copies of one ledger at once. A copy takes two of the object's 6 connections, and polls and reads need some. */
const COPIES_AT_ONCE = 2;

/** The longest time of one copy. 100 MB in 60 s are 14 Mbit/s, which Kling's network exceeds by far. */
const COPY_MS_MAX = 60_000;

/** A copy that has not ended after this time was interrupted. Longer than `COPY_MS_MAX`, so that no two write at once. */
const GUARD_MS = COPY_MS_MAX + 30_000;

/** A tenant without room is logged once in this time. */
const FULL_LOG_MS = 3_600_000;

interface ArchiveDeps {
  readonly archive: ArchiveStore;
  readonly doomed: Pick<DoomedFileStore, 'add' | 'addUnfinished' | 'remove'>;
  readonly assets: Pick<AssetStore, 'keepSample' | 'keepPicture' | 'forgetPicture'>;
  readonly journal: Pick<Journal, 'apply'>;
  /** Null if nothing is copied: without a bucket, or if the operator has turned it off. */
  readonly copy: CopyFile | null;
  readonly tenant: string;
  /** Returns the bytes that the tenant keeps in the bucket. */
  readonly bytesKept: () => number;
  readonly bytesMax: number;
  readonly arm: () => void;
  readonly transaction: <T>(work: () => T) => T;
  readonly now: () => number;
  readonly random: () => number;
  readonly log: Log;
}

/**
 * Creates the archive. It knows in memory only how many copies are under way. If the object dies during a copy, the alarm
 * repeats it, and writes the same file. It also aborts the upload that the copy has begun in the bucket.
 */
export function createArchive(deps: ArchiveDeps): Archive {
  const { archive, doomed, assets, journal, copy, tenant, bytesKept, bytesMax } = deps;
  const { arm, transaction, now, random, log } = deps;
  let copying = 0;
  let loggedFullAtMs = -Infinity;

  /** Returns the room for a copy, and takes it, so that copies at the same time do not exceed it together. */
  function reserve(id: string, bytes: number | null): number {
    const left = Math.max(0, bytesMax - bytesKept());
    const wanted = bytes ?? left;
    if (wanted <= left) archive.reserve(id, Math.min(wanted, RESERVED_MAX));
    return wanted <= left ? wanted : left;
  }

  /** Adds a copy to what it belongs to. Both are one transaction, so that a copy is shown exactly if it is recorded. */
  function keep(row: WaitingFile, bytes: number, file: StoredFile, uploadIds: readonly string[]): void {
    const { id, owner, part, voiceId, expiresAtMs } = row;
    const isKept = transaction(() => {
      doomed.remove(uploadIds);
      if (!archive.stored(id, bytes)) return false;
      if (kindOf(part) === 'IMAGE') assets.keepPicture(owner, part, file, expiresAtMs);
      else journal.apply(owner, { type: 'ARCHIVED', part, file, expiresAtMs });
      if (voiceId !== null) assets.keepSample(voiceId, file);
      arm();
      return true;
    });
    if (isKept) log({ level: 'info', message: 'result archived', part, bytes });
  }

  function giveUp({ id, part }: Pick<WaitingFile, 'id' | 'part'>, reason: string, tries: number): void {
    transaction(() => {
      archive.remove(id);
      arm();
    });
    log({ level: 'error', message: 'result not archived', part, reason, tries });
  }

  function putOff({ id, part, tries }: WaitingFile, outcome: Extract<CopyOutcome, { readonly ok: false }>): void {
    const { reason, isFinal, isFull = false } = outcome;
    const isOver = isFinal || tries + 1 >= COPIES_MAX;
    if (isOver) giveUp({ id, part }, reason, tries + 1);
    else {
      transaction(() => {
        archive.failed(id, now() + copyWaitMs(tries, random));
        arm();
      });
    }
    if (isFull && now() - loggedFullAtMs >= FULL_LOG_MS) {
      loggedFullAtMs = now();
      log({ level: 'warn', message: 'archive is full', bytesMax });
    }
    if (!isOver && !isFull) log({ level: 'warn', message: 'copy of a result failed', part, reason, tries: tries + 1 });
  }

  async function copyOne(row: WaitingFile, copyFile: CopyFile): Promise<void> {
    const { id, part, url } = row;
    const order = { url, key: fileKey(tenant, id), kind: kindOf(part) };
    const guardAtMs = now() + GUARD_MS;
    const uploadIds: string[] = [];

    function begun(uploadId: string): void {
      uploadIds.push(uploadId);
      doomed.addUnfinished(uploadId, id, guardAtMs);
      arm();
    }

    try {
      const outcome =
        bytesKept() < bytesMax ? await copyFile({ ...order, reserve: (bytes) => reserve(id, bytes), begun }) : NO_ROOM;
      if (outcome.ok) keep(row, outcome.bytes, { id, extension: outcome.extension }, uploadIds);
      else {
        putOff(row, outcome);
        for (const uploadId of uploadIds) doomed.add(uploadId, now());
      }
    } finally {
      copying -= 1;
      arm();
    }
  }

  /** Deletes a row, and what names its file. */
  function drop({ id, owner, part }: ArchiveFile): void {
    transaction(() => {
      if (kindOf(part) === 'IMAGE') assets.forgetPicture(owner, part);
      else journal.apply(owner, { type: 'UNARCHIVED', part });
      archive.remove(id);
      arm();
    });
  }

  return {
    async run() {
      if (copy === null || copying >= COPIES_AT_ONCE) return;
      const due = archive.due(now(), COPIES_AT_ONCE - copying);
      // A try that ended its ledger is counted, so a file that does so each time is given up as well.
      for (const row of due) if (row.tries >= COPIES_MAX) giveUp(row, 'the last try did not end', row.tries);
      const ready = due.filter(({ tries }) => tries < COPIES_MAX);
      copying += ready.length;
      // Stored before the copies begin. An object that dies meanwhile repeats them after this time.
      for (const { id } of ready) archive.begin(id, now() + GUARD_MS);
      await forEachAtOnce(ready, COPIES_AT_ONCE, (row) =>
        traced({ taskId: row.owner }, () => copyOne(row, copy)).catch((error: unknown) =>
          log({ level: 'error', message: 'copy not recorded', part: row.part, cause: String(error) }),
        ),
      );
    },

    nextAtMs: () => (copy === null ? null : archive.nextAtMs(copying < COPIES_AT_ONCE ? 0 : now())),

    expiring: {
      keptMs: 0,
      oldestAtMs: () => archive.firstExpiryMs(),
      deleteUntil: (atMs, limit) => archive.expired(atMs, limit).forEach(drop),
    },

    forgetVoice: (voiceId) => archive.ofVoice(voiceId).forEach(drop),
  };
}

/** The most bytes that a copy of unknown length reserves: more are never copied. */
const RESERVED_MAX = 100_000_000;

const NO_ROOM: CopyOutcome = { ok: false, reason: 'the tenant has no room', isFinal: false, isFull: true };

/** A file to copy into the bucket. */
export interface CopyOrder {
  readonly url: string;
  readonly kind: ResultKind;
  readonly key: string;
  /**
   * Called before the first byte is read, with the length of the file; null if its sender does not tell it. Returns how
   * many bytes there is room for.
   */
  readonly reserve: (bytes: number | null) => number;
  /** Called with the id of a multipart upload before its first part is sent. The caller aborts it if the copy fails. */
  readonly begun: (uploadId: string) => void;
}

export type CopyOutcome =
  | { readonly ok: true; readonly bytes: number; readonly extension: StoredFile['extension'] }
  /** `isFinal`: another try would fail in the same way. `isFull`: there is no room. The reason names no URL. */
  | { readonly ok: false; readonly reason: string; readonly isFinal: boolean; readonly isFull?: true };

/** Copies a file into the bucket, whole or not at all. Never throws. A repeat with the same key writes the same file. */
export type CopyFile = (order: CopyOrder) => Promise<CopyOutcome>;

const REDIRECTS_MAX = 3;

/** The size of the parts of a file whose length is unknown: the least that R2 takes, because a part is in memory. */
const PART_BYTES = 5 * 1024 * 1024;

interface CopierDeps {
  readonly bucket: Pick<R2Bucket, 'put' | 'createMultipartUpload'>;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** True if Kling is a sandbox on this machine. */
  readonly allowsLoopback: boolean;
  readonly startTimer: StartTimer;
}

/** A copy that fails. Its message names no URL, because Kling's links are permissions. */
class CopyError extends Error {
  readonly outcome: CopyOutcome;

  constructor(reason: string, { isFinal = false, isFull = false } = {}) {
    super(reason);
    this.outcome = { ok: false, reason, isFinal, ...(isFull ? { isFull } : {}) };
  }
}

/**
 * Creates the copies. If the object dies between the start of an upload and the record of its id, the bucket's lifecycle
 * rule aborts it after a day. The Workers API has no list of unfinished uploads.
 */
export function createCopyFile({ bucket, fetch, allowsLoopback, startTimer }: CopierDeps): CopyFile {
  /** Follows redirects, and checks each URL. Throws a `CopyError` unless the answer is a whole file. */
  async function open(url: string, signal: AbortSignal): Promise<Response> {
    let next = url;
    for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects += 1) {
      const problem = sourceProblem(next, allowsLoopback);
      if (problem !== null) throw new CopyError(`the URL ${problem}`, { isFinal: true });
      // Compressed, the answer would not have the length that it states.
      const headers = { 'accept-encoding': 'identity' };
      const response = await fetch(next, { headers, redirect: 'manual', signal });
      if (response.status === 200) return response;
      await response.body?.cancel();
      const location = response.headers.get('location');
      if (response.status < 300 || response.status > 399 || location === null) {
        throw new CopyError(`HTTP ${response.status}`);
      }
      if (!URL.canParse(location, next))
        throw new CopyError('a redirect to a text that is not a URL', { isFinal: true });
      next = new URL(location, next).href;
    }
    throw new CopyError(`more than ${REDIRECTS_MAX} redirects`, { isFinal: true });
  }

  /** Streams a file of a known length. The stream fails unless exactly these bytes arrive, and then nothing is stored. */
  async function putKnown(
    { key }: CopyOrder,
    body: ReadableStream<Uint8Array>,
    bytes: number,
    type: R2HTTPMetadata,
    signal: AbortSignal,
  ): Promise<number> {
    const fixed = new FixedLengthStream(bytes);
    const [, stored] = await Promise.all([
      body.pipeTo(fixed.writable, { signal }),
      bucket.put(key, fixed.readable, { httpMetadata: type }),
    ]);
    if (stored.size !== bytes) throw new CopyError('the bucket stored another length');
    return bytes;
  }

  /** Stores a file of an unknown length, in parts of the same size. At most one part is in memory. */
  async function putParts(
    { key, begun }: CopyOrder,
    body: ReadableStream<Uint8Array>,
    bytesMax: number,
    type: R2HTTPMetadata,
    signal: AbortSignal,
  ): Promise<number> {
    const part = new Uint8Array(PART_BYTES);
    let [filled, bytes] = [0, 0];
    let upload: R2MultipartUpload | null = null;
    const parts: R2UploadedPart[] = [];

    async function begin(): Promise<R2MultipartUpload> {
      const made = await bucket.createMultipartUpload(key, { httpMetadata: type });
      begun(made.uploadId);
      // If the bucket answers after the deadline, the caller does not wait for this copy any more.
      signal.throwIfAborted();
      return made;
    }

    for await (const chunk of body) {
      bytes += chunk.byteLength;
      if (bytes > bytesMax) throw tooLarge(bytesMax);
      for (let at = 0; at < chunk.byteLength;) {
        const some = chunk.subarray(at, at + PART_BYTES - filled);
        part.set(some, filled);
        [at, filled] = [at + some.byteLength, filled + some.byteLength];
        if (filled < PART_BYTES) continue;
        upload ??= await begin();
        parts.push(await upload.uploadPart(parts.length + 1, part));
        filled = 0;
      }
    }
    if (bytes === 0) throw new CopyError('the file is empty');
    if (upload === null) {
      await bucket.put(key, part.subarray(0, filled), { httpMetadata: type });
      return bytes;
    }
    if (filled > 0) parts.push(await upload.uploadPart(parts.length + 1, part.subarray(0, filled)));
    await upload.complete(parts);
    return bytes;
  }

  async function copy(order: CopyOrder, signal: AbortSignal): Promise<CopyOutcome> {
    const { url, kind, reserve } = order;
    const response = await open(url, signal);
    const { body } = response;
    if (body === null) throw new CopyError('the file is empty');
    try {
      const length = lengthOf(response.headers);
      if (length === 0) throw new CopyError('the file is empty');
      if (length !== null && length > BYTES_MAX) throw tooLarge(BYTES_MAX);
      const room = reserve(length);
      if (room < (length ?? 1)) throw new CopyError('the tenant has no room', { isFull: true });
      const extension = extensionFor(kind, response.headers.get('content-type'), url);
      const type = { contentType: contentTypeOf(extension) };
      const bytes =
        length === null
          ? await putParts(order, body, Math.min(room, BYTES_MAX), type, signal)
          : await putKnown(order, body, length, type, signal);
      return { ok: true, bytes, extension };
    } catch (error) {
      await body.cancel().catch(() => {});
      throw error;
    }
  }

  return async (order) => {
    const aborting = new AbortController();
    const late = Promise.withResolvers<never>();
    late.promise.catch(() => {});
    // Racing it also ends the wait for a bucket that does not answer.
    const stopTimer = startTimer(COPY_MS_MAX, () => {
      const error = new CopyError(`not copied within ${COPY_MS_MAX} ms`);
      aborting.abort(error);
      late.reject(error);
    });
    try {
      return await Promise.race([copy(order, aborting.signal), late.promise]);
    } catch (error) {
      return error instanceof CopyError ? error.outcome : { ok: false, reason: String(error), isFinal: false };
    } finally {
      stopTimer();
    }
  };
}

/** The largest result that is copied: the largest video that Kling takes. */
const BYTES_MAX = KLING_BYTES_MAX.VIDEO;

function tooLarge(bytesMax: number): CopyError {
  return bytesMax < BYTES_MAX
    ? new CopyError('the tenant has no room', { isFull: true })
    : new CopyError(`the file is larger than ${bytesMax} bytes`, { isFinal: true });
}

/** Returns the length of a body; null if it is not told, or is that of a compressed form. */
function lengthOf(headers: Headers): number | null {
  const encoding = headers.get('content-encoding') ?? 'identity';
  const length = headers.get('content-length') ?? '';
  return encoding === 'identity' && /^\d{1,15}$/.test(length) ? Number(length) : null;
}
