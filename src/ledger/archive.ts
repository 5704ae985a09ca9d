import { fileKey } from '../auth/file-token.ts';
import { kindOf } from '../domain/archive.ts';
import type { StoredFile } from '../domain/media.ts';
import { forEachAtOnce } from '../lib/cache.ts';
import type { RetainedRows } from '../lib/durable-object.ts';
import type { Log } from '../lib/log.ts';
import { traced } from '../lib/trace.ts';
import type { AlarmJob } from './alarm.ts';
import { COPY_MS_MAX, type CopyFile, type CopyOutcome } from './copy-file.ts';
import type { Journal } from './journal.ts';
import { COPIES_MAX, copyWaitMs, deletionWaitMs } from './schedule.ts';
import type { ArchiveFile, ArchiveStore, WaitingFile } from './stores/archive.ts';
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

/** A copy that has not ended after this time was interrupted. Longer than `COPY_MS_MAX`, so that no two write at once. */
const GUARD_MS = COPY_MS_MAX + 30_000;

/** A tenant without room is logged once in this time. */
const FULL_LOG_MS = 3_600_000;

interface ArchiveDeps {
  readonly archive: ArchiveStore;
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
 * repeats it, and writes the same file.
 */
export function createArchive(deps: ArchiveDeps): Archive {
  const { archive, assets, journal, copy, tenant, bytesKept, bytesMax, arm, transaction, now, random, log } = deps;
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
  function keep(row: WaitingFile, bytes: number, file: StoredFile): void {
    const { id, owner, part, voiceId, expiresAtMs } = row;
    const isKept = transaction(() => {
      if (!archive.stored(id, bytes)) return false;
      if (kindOf(part) === 'IMAGE') assets.keepPicture(owner, part, file, expiresAtMs);
      else journal.apply(owner, { type: 'ARCHIVED', part, file, expiresAtMs });
      if (voiceId !== null) assets.keepSample(voiceId, file);
      arm();
      return true;
    });
    if (isKept) log({ level: 'info', message: 'result archived', part, bytes });
  }

  function putOff({ id, part, tries }: WaitingFile, outcome: Extract<CopyOutcome, { readonly ok: false }>): void {
    const { reason, isFinal, isFull = false } = outcome;
    const isOver = isFinal || tries + 1 >= COPIES_MAX;
    transaction(() => {
      if (isOver) archive.remove(id);
      else archive.failed(id, now() + copyWaitMs(tries, random));
      arm();
    });
    if (isFull && now() - loggedFullAtMs >= FULL_LOG_MS) {
      loggedFullAtMs = now();
      log({ level: 'warn', message: 'archive is full', bytesMax });
    }
    if (isOver) log({ level: 'error', message: 'result not archived', part, reason, tries: tries + 1 });
    else if (!isFull) log({ level: 'warn', message: 'copy of a result failed', part, reason, tries: tries + 1 });
  }

  async function copyOne(row: WaitingFile, copyFile: CopyFile): Promise<void> {
    const { id, part, url } = row;
    const key = fileKey(tenant, id);
    try {
      const outcome =
        bytesKept() < bytesMax
          ? await copyFile({ url, key, kind: kindOf(part), reserve: (bytes) => reserve(id, bytes) })
          : NO_ROOM;
      if (outcome.ok) keep(row, outcome.bytes, { id, extension: outcome.extension });
      else putOff(row, outcome);
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
      copying += due.length;
      // Stored before the copies begin. An object that dies meanwhile repeats them after this time.
      for (const { id } of due) archive.begin(id, now() + GUARD_MS);
      await forEachAtOnce(due, COPIES_AT_ONCE, (row) =>
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

/** The files that one run of the alarm deletes, in one call. The next run follows at once. R2 takes up to 1,000. */
const DELETED_AT_ONCE = 100;

interface DoomedFilesDeps {
  readonly doomed: DoomedFileStore;
  /** Null without a bucket: the files wait until it is bound again. */
  readonly bucket: Pick<R2Bucket, 'delete'> | null;
  /** Makes the `Upload` object of a file delete everything of it. Idempotent. */
  readonly discard: (mediaId: string) => Promise<void>;
  readonly tenant: string;
  readonly arm: () => void;
  readonly now: () => number;
  readonly random: () => number;
  readonly log: Log;
}

/** Creates the job that deletes files of the bucket. A repeated deletion is harmless, so it is retried until it succeeds. */
export function createDoomedFiles(deps: DoomedFilesDeps): AlarmJob {
  const { doomed, bucket, discard, tenant, arm, now, random, log } = deps;

  return {
    async run() {
      if (bucket === null) return;
      const due = doomed.due(now(), DELETED_AT_ONCE);
      if (due.length === 0) return;
      const ids = due.map(({ id }) => id);
      // Stored before the call, so that a deletion that hangs is not due again at once.
      doomed.tried(ids, now() + deletionWaitMs(Math.min(...due.map(({ tries }) => tries)), random));
      const results = due.filter(({ isUpload }) => !isUpload).map(({ id }) => id);
      const deletions = [
        {
          ids: results,
          deleted: results.length === 0 ? null : bucket.delete(results.map((id) => fileKey(tenant, id))),
        },
        ...due.filter(({ isUpload }) => isUpload).map(({ id }) => ({ ids: [id], deleted: discard(id) })),
      ];
      for (const { ids: some, deleted } of deletions) {
        try {
          await deleted;
          doomed.remove(some);
        } catch (error) {
          log({ level: 'warn', message: 'files not deleted', count: some.length, cause: String(error) });
        }
      }
      arm();
    },

    nextAtMs: () => (bucket === null ? null : doomed.nextAtMs()),
  };
}
