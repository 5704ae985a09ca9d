/** The problems that a task can have between its first send and its end, and when they count. Pure. */

import type { TaskFailure } from '../domain/failure.ts';

/** The problems that a task has now. They are part of the task's row, so they survive a restart. */
export interface Trouble {
  /** The consecutive reads or look-ups that failed. They say nothing about the task. */
  readonly fails: number;
  /** The consecutive reads to which Kling answered "no such task", although it had the task before. */
  readonly missing: number;
  /** The instant of the first such read. */
  readonly missingSinceMs: number | null;
  /** True once Kling has said "no such task" often and long enough. The task frees its slot and is read rarely. */
  readonly isLost: boolean;
  /** Since when Kling has reported a success without showing a result. */
  readonly emptySinceMs: number | null;
  /** The refusal of the newest send, if an earlier send may have made the task. It ends the task if no look-up finds it. */
  readonly refusal: TaskFailure | null;
}

/** The trouble of a task without problems. */
export const NO_TROUBLE: Trouble = {
  fails: 0,
  missing: 0,
  missingSinceMs: null,
  isLost: false,
  emptySinceMs: null,
  refusal: null,
};

/** A task is lost after this many consecutive answers "no such task" over at least `LOST_AFTER_MS`. */
const LOST_ANSWERS = 5;
export const LOST_AFTER_MS = 600_000;

/** Results follow a success within seconds. After this time without one, the task ends as failed. */
export const NO_RESULT_AFTER_MS = 600_000;

/** Returns the trouble after Kling answered "no such task" to a read of a task that it had. */
export function afterMissing(trouble: Trouble, nowMs: number): Trouble {
  const missing = trouble.missing + 1;
  const missingSinceMs = trouble.missingSinceMs ?? nowMs;
  const isLost = trouble.isLost || (missing >= LOST_ANSWERS && nowMs - missingSinceMs >= LOST_AFTER_MS);
  return { ...trouble, fails: 0, missing, missingSinceMs, isLost };
}

/** Returns the trouble after Kling showed the task: none, unless the task has succeeded without a result. */
export function afterAnswer(trouble: Trouble, isEmptySuccess: boolean, nowMs: number): Trouble {
  return isEmptySuccess ? { ...NO_TROUBLE, emptySinceMs: trouble.emptySinceMs ?? nowMs } : NO_TROUBLE;
}

/** Returns true if Kling has shown no result of a success for too long. */
export function isOverdue({ emptySinceMs }: Trouble, nowMs: number): boolean {
  return emptySinceMs !== null && nowMs - emptySinceMs >= NO_RESULT_AFTER_MS;
}
