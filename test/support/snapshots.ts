import type { TaskSnapshot, TaskStatus } from '../../src/domain/task.ts';

const KLING_WORDS: Record<TaskStatus, string> = {
  QUEUED: 'submitted',
  SUBMITTED: 'submitted',
  PROCESSING: 'processing',
  SUCCEEDED: 'succeed',
  FAILED: 'failed',
  UNRECOGNIZED: 'in_review',
};

/** What Kling says of a task. */
export function snapshotOf(
  status: TaskStatus,
  change: Partial<TaskSnapshot> & Record<string, unknown> = {},
): TaskSnapshot & { voices: [] } {
  return {
    klingTaskId: 'kling-1',
    externalTaskId: null,
    status,
    klingStatus: KLING_WORDS[status],
    statusMessage: null,
    createdAtMs: null,
    updatedAtMs: null,
    unitsDeducted: null,
    balanceDeducted: null,
    klingRequestId: null,
    voices: [],
    ...change,
  };
}
