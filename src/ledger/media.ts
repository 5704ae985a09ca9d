import { validOrThrow } from '../domain/check.ts';
import { fileKey } from '../auth/signed-token.ts';
import type { MediaLimits, RetentionTimes } from '../config/index.ts';
import {
  checkCreateMediaInput,
  type CreateMediaInput,
  type DeleteMediaInput,
  type FetchOrder,
  type MediaOutcome,
  type MediaRecord,
  UPLOAD_MS_MAX,
} from '../domain/media.ts';
import type { FileUsage } from '../domain/ports.ts';
import { badUserInput, GatewayError, unknownId, wrongIdType } from '../errors.ts';
import type { Log } from '../lib/log.ts';
import type { AlarmJob } from './alarm.ts';
import type { Rates } from './limits.ts';
import { deletionWaitMs, retryWaitMs } from './schedule.ts';
import type { DoomedFileStore, MediaStore } from './stores/files.ts';
import type { WakeStore } from './stores/open-tasks.ts';

/** The files of a tenant, from their registration to the deletion of their bytes. */
export interface MediaFiles extends AlarmJob {
  usage(): FileUsage;
  /**
   * Registers a file. Throws `NOT_CONFIGURED` if the gateway keeps no files, and `BAD_USER_INPUT` with every problem of the
   * input. Throws `RATE_LIMITED` if too many files are unfinished, or were fetched within a minute.
   */
  create(input: CreateMediaInput): MediaRecord;
  /** Deletes a file. Its bytes are deleted by the alarm. Throws `BAD_USER_INPUT` if the tenant has no such file. */
  remove(input: DeleteMediaInput): { readonly mediaId: string };
  /**
   * Records what an upload has become. Idempotent: a final status never changes. Returns false if the file is deleted, so
   * that its `Upload` object deletes what it has.
   */
  changed(mediaId: string, outcome: MediaOutcome): boolean;
  /** Returns how many bytes of a file have arrived durably. Throws `UPSTREAM_UNAVAILABLE` if its object does not answer. */
  receivedBytes(mediaId: string): Promise<number>;
}

/** The `Upload` objects of files. Each method rejects if the object does not answer. */
export interface Uploads {
  /** Makes the object fetch the file. Idempotent. */
  fetchFrom(order: FetchOrder): Promise<void>;
  receivedBytes(mediaId: string): Promise<number>;
}

interface MediaDeps {
  readonly media: MediaStore;
  readonly wakes: Pick<WakeStore, 'wakeWaitingFor'>;
  readonly uploads: Uploads;
  /** Deletes the files that are due to be deleted. */
  readonly deleteDoomed: () => Promise<void>;
  readonly tenant: string;
  readonly limits: MediaLimits;
  readonly rates: Pick<Rates, 'fetch'>;
  /** The host of a sandbox on this computer, whose files are fetched, too. Null for Kling. */
  readonly localHost: string | null;
  readonly retention: Pick<RetentionTimes, 'mediaMs'>;
  /** The settings that an operator has to make before files can be kept; empty if nothing is missing. */
  readonly missing: readonly string[];
  readonly arm: () => void;
  readonly transaction: <T>(work: () => T) => T;
  readonly background: (work: () => Promise<unknown>) => void;
  readonly now: () => number;
  /** Returns [0, 1). */
  readonly random: () => number;
  readonly newId: () => string;
  readonly log: Log;
}

/** The wait that is asked for while too many files are unfinished. An upload takes minutes. */
const ROOM_RETRY_MS = 60_000;

/** The bytes that a rejected file takes of its tenant's room, for its record. So the room bounds rejected files, too. */
const REJECTED_BYTES = 16_384;

/** The most fetches of one run. The next run follows at once. */
const DUE_AT_ONCE = 50;

/** Creates the files. Everything that is due is stored. */
export function createMediaFiles(deps: MediaDeps): MediaFiles {
  const { media, wakes, uploads, deleteDoomed, tenant, limits, rates, localHost, retention, missing } = deps;
  const { arm, transaction, background, now, random, newId, log } = deps;
  const bytesMaxOf = { VIDEO: limits.videoBytesMax, AUDIO: limits.audioBytesMax } as const;

  function checkRoom(bytes: number, path: readonly string[]): void {
    const sums = media.sums();
    if (sums.open >= limits.uploadsMax) throw noRoom(limits.uploadsMax);
    const { tenantBytesMax } = limits;
    if (sums.bytes + bytes <= tenantBytesMax) return;
    const message = `The tenant's files may have ${tenantBytesMax} bytes. They have ${sums.bytes}, so ${bytes} more do not fit: delete files first`;
    throw badUserInput([{ path, code: 'OUT_OF_RANGE', message }]);
  }

  /** Starts fetches. A fetch that is not accepted is tried again. */
  async function startFetches(): Promise<void> {
    const due = media.dueFetches(now(), DUE_AT_ONCE);
    // Stored before the call, so that a call that hangs is not due again at once.
    transaction(() => {
      for (const { media: file, tries } of due) media.triedFetch(file.id, now() + retryWaitMs(tries, random));
    });
    await Promise.all(
      due.map(async ({ media: { id, kind, expiresAtMs }, url }) => {
        try {
          await uploads.fetchFrom({ tenant, mediaId: id, kind, url, expiresAtMs });
          media.fetchBegun(id);
        } catch (error) {
          log({ level: 'warn', message: 'fetch of a file not started', mediaId: id, cause: String(error) });
        }
      }),
    );
  }

  return {
    usage: () => ({ bytes: media.sums().bytes, bytesMax: limits.tenantBytesMax }),

    create(input) {
      if (missing.length > 0) throw notConfigured(missing);
      const bytesMax = bytesMaxOf[input.kind];
      const { file = null, url = null } = validOrThrow(checkCreateMediaInput(input, bytesMax, localHost));
      // The size of a URL is not known before it is fetched.
      checkRoom(file?.bytes ?? bytesMax, ['source', ...(file === null ? ['url'] : ['file', 'bytes'])]);
      if (url !== null) rates.fetch();
      const createdAtMs = now();
      const record: MediaRecord = {
        id: newId(),
        kind: input.kind,
        status: file === null ? 'CHECKING' : 'UPLOADING',
        problems: [],
        fileName: file?.fileName ?? null,
        bytes: file?.bytes ?? null,
        sha256: file?.sha256 ?? null,
        facts: null,
        isFetched: url !== null,
        createdAtMs,
        expiresAtMs: createdAtMs + UPLOAD_MS_MAX,
      };
      transaction(() => {
        media.insert(record, file?.bytes ?? bytesMax, url === null ? null : { url, wakeAtMs: createdAtMs });
        arm();
      });
      if (url !== null) background(startFetches);
      return record;
    },

    remove({ mediaId }) {
      if (mediaId === null) throw badUserInput([wrongIdType('mediaId', 'file')]);
      if (media.find(mediaId) === null) throw badUserInput([unknownId('mediaId', 'file')]);
      transaction(() => {
        media.remove(mediaId);
        wakes.wakeWaitingFor(mediaId, now());
        arm();
      });
      background(deleteDoomed);
      return { mediaId };
    },

    changed(mediaId, { status, bytes, sha256, facts, problems }) {
      const file = media.find(mediaId);
      if (file === null) return false;
      if (file.status === 'READY' || file.status === 'REJECTED') return true;
      const expiresAtMs = file.createdAtMs + retention.mediaMs;
      // While it is checked, the record keeps the SHA-256 that the file must have.
      const found = status === 'CHECKING' ? file.sha256 : sha256;
      // The bytes of a rejected file are deleted, and its record stays.
      const bytesKept = status === 'REJECTED' ? REJECTED_BYTES : bytes;
      transaction(() => {
        media.update({ ...file, status, bytes, sha256: found, facts, problems, expiresAtMs }, bytesKept);
        wakes.wakeWaitingFor(mediaId, now());
        arm();
      });
      return true;
    },

    async receivedBytes(mediaId) {
      const file = media.find(mediaId);
      if (file?.status !== 'UPLOADING') return file?.bytes ?? 0;
      return uploads.receivedBytes(mediaId).catch((cause: unknown) => {
        const message = 'The upload did not answer. Repeat the call.';
        throw new GatewayError({ code: 'UPSTREAM_UNAVAILABLE', message, retryable: true }, { cause });
      });
    },

    run: startFetches,
    nextAtMs: () => media.nextAtMs(),
  };
}

function notConfigured(missing: readonly string[]): GatewayError {
  const message = `This gateway keeps no files. An operator has to set: ${missing.join(', ')}.`;
  return new GatewayError({ code: 'NOT_CONFIGURED', message, retryable: false });
}

function noRoom(uploadsMax: number): GatewayError {
  return new GatewayError({
    code: 'RATE_LIMITED',
    message: `The tenant has reached its limit of ${uploadsMax} unfinished files: finish or delete some. Nothing was stored.`,
    retryable: true,
    retryAfterMs: ROOM_RETRY_MS,
  });
}

/** The files that one run of the alarm deletes, in one call. The next run follows at once. R2 takes up to 1,000. */
const DELETED_AT_ONCE = 100;

interface DoomedFilesDeps {
  readonly doomed: DoomedFileStore;
  /** Null without a bucket: the files wait until it is bound again. */
  readonly bucket: Pick<R2Bucket, 'delete' | 'resumeMultipartUpload'> | null;
  /** Makes the `Upload` object of a file delete everything of it. Idempotent. */
  readonly discard: (mediaId: string) => Promise<void>;
  readonly tenant: string;
  readonly arm: () => void;
  readonly now: () => number;
  readonly random: () => number;
  readonly log: Log;
}

/** Creates the job that deletes files of the bucket, and aborts unfinished ones. Both can be repeated until they succeed. */
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
      const results = due
        .filter(({ isUpload, unfinishedOf }) => !isUpload && unfinishedOf === null)
        .map(({ id }) => id);
      const deletions: readonly Deletion[] = [
        ...(results.length === 0
          ? []
          : [{ ids: results, run: () => bucket.delete(results.map((id) => fileKey(tenant, id))) }]),
        ...due.filter(({ isUpload }) => isUpload).map(({ id }) => ({ ids: [id], run: () => discard(id) })),
        ...due.flatMap(({ id, unfinishedOf }) =>
          unfinishedOf === null
            ? []
            : [{ ids: [id], run: () => abortUpload(bucket, fileKey(tenant, unfinishedOf), id) }],
        ),
      ];
      await Promise.all(
        deletions.map(async ({ ids: some, run }) => {
          try {
            await run();
            doomed.remove(some);
          } catch (error) {
            log({ level: 'warn', message: 'files not deleted', count: some.length, cause: String(error) });
          }
        }),
      );
      arm();
    },

    nextAtMs: () => (bucket === null ? null : doomed.nextAtMs()),
  };
}

/** A call that deletes files, or aborts one. */
interface Deletion {
  readonly ids: readonly string[];
  readonly run: () => Promise<void>;
}

/** The end of the message of R2 for an upload that it does not have (Cloudflare docs, 2026-11). */
const NO_SUCH_UPLOAD = '(10024)';

/** Aborts a multipart upload, which deletes its parts. One that is complete or aborted needs nothing more. */
async function abortUpload(
  bucket: Pick<R2Bucket, 'resumeMultipartUpload'>,
  key: string,
  uploadId: string,
): Promise<void> {
  try {
    await bucket.resumeMultipartUpload(key, uploadId).abort();
  } catch (error) {
    if (!String(error).endsWith(NO_SUCH_UPLOAD)) throw error;
  }
}
