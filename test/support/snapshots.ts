import type { TaskSnapshot, TaskStatus, Voice } from '../../src/domain/task.ts';

const KLING_WORDS: Record<TaskStatus, string> = {
  PREPARING: 'submitted',
  QUEUED: 'submitted',
  SUBMITTED: 'submitted',
  PROCESSING: 'processing',
  SUCCEEDED: 'succeed',
  FAILED: 'failed',
  // Kling has no such word.
  CANCELLED: 'cancelled',
  UNRECOGNIZED: 'in_review',
};

const VOICE: Voice = { voiceId: 'voice-1', name: 'Ann', trialUrl: null, owner: 'ACCOUNT', ownerId: null };

/** Returns Kling's report of a voice task. A success has a voice. */
export function snapshotOf(
  status: TaskStatus,
  change: Partial<TaskSnapshot> & Record<string, unknown> = {},
): TaskSnapshot & { voices: Voice[] } {
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
    voices: status === 'SUCCEEDED' ? [VOICE] : [],
    ...change,
  };
}
