import { fileKey } from '../auth/file-token.ts';
import type { Log } from '../lib/log.ts';
import type { AlarmJob } from './alarm.ts';
import { deletionWaitMs } from './schedule.ts';
import type { DoomedFileStore } from './stores/files.ts';

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
