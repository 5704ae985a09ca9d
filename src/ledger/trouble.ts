/** What can go wrong with a task between its first send and its end, and when that counts. Pure. */

import type { TaskFailure } from '../domain/failure.ts';

/** What is wrong with a task now. It is part of the task's row, so that a restart forgets none of it. */
export interface Trouble {
  /** Reads or look-ups in a row that failed: they say nothing about the task. */
  readonly fails: number;
  /** Reads in a row to which Kling answered "no such task", although it had the task before. */
  readonly missing: number;
  /** The instant of the first of them. */
  readonly missingSinceMs: number | null;
  /** Kling has said so often and long enough: the task gives its slot back, and is read rarely. */
  readonly isLost: boolean;
  /** Since when Kling says that the task has succeeded without showing a result. */
  readonly emptySinceMs: number | null;
  /** Kling refused the newest send, and an earlier one may have made the task: it ends so once a look-up does not find it. */
  readonly refusal: TaskFailure | null;
}

export const NO_TROUBLE: Trouble = {
  fails: 0,
  missing: 0,
  missingSinceMs: null,
  isLost: false,
  emptySinceMs: null,
  refusal: null,
};

/** A task is lost after this many answers "no such task" in a row, the first and the last at least `LOST_AFTER_MS` apart. */
const LOST_ANSWERS = 5;
export const LOST_AFTER_MS = 600_000;

/** Results follow a success within seconds; after this long without one, the task ends as failed. */
export const NO_RESULT_AFTER_MS = 600_000;

/** Kling answered "no such task" to a read of a task that it had. */
export function afterMissing(trouble: Trouble, nowMs: number): Trouble {
  const missing = trouble.missing + 1;
  const missingSinceMs = trouble.missingSinceMs ?? nowMs;
  const isLost = trouble.isLost || (missing >= LOST_ANSWERS && nowMs - missingSinceMs >= LOST_AFTER_MS);
  return { ...trouble, fails: 0, missing, missingSinceMs, isLost };
}

/** Kling showed the task: all is well, unless it has succeeded without a result. */
export function afterAnswer(trouble: Trouble, isEmptySuccess: boolean, nowMs: number): Trouble {
  return isEmptySuccess ? { ...NO_TROUBLE, emptySinceMs: trouble.emptySinceMs ?? nowMs } : NO_TROUBLE;
}

/** Whether Kling has shown no result of a success for too long. */
export function isOverdue({ emptySinceMs }: Trouble, nowMs: number): boolean {
  return emptySinceMs !== null && nowMs - emptySinceMs >= NO_RESULT_AFTER_MS;
}
