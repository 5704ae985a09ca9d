import { endedAtMsOf } from '../domain/apply.ts';
import { picturesOf, type ResultFile, resultFilesOf } from '../domain/archive.ts';
import type { FaceScan, TaskRecord } from '../domain/records.ts';
import type { ArchiveStore } from './stores/archive.ts';

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
