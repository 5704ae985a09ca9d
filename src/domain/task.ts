/** What both kinds of task have in common, and what a task's state means. */

/**
 * Where a task stands. `SUCCEEDED` and `FAILED` are final. `QUEUED`: kept by the gateway, not yet at Kling.
 * `UNRECOGNIZED`: Kling named a state that this gateway does not know; it is re-read, never guessed, and not final.
 */
export const TASK_STATUSES = ['QUEUED', 'SUBMITTED', 'PROCESSING', 'SUCCEEDED', 'FAILED', 'UNRECOGNIZED'] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

export const TASK_KINDS = ['LIP_SYNC', 'VOICE'] as const;
export type TaskKind = (typeof TASK_KINDS)[number];

/** Newer accounts are charged in money beside units. Decimal strings, as Kling sends them. */
export interface BalanceDeduction {
  readonly quota: string;
  readonly listPrice: string;
}

/** What Kling says of any task, at the moment it was read or called back. */
export interface TaskSnapshot {
  /** Kling's task id: an opaque string. Empty when the answer to a read left it out: it is about the task asked for. */
  readonly klingTaskId: string;
  /** The `external_task_id` the task was made with; null when Kling does not tell (it often does not). */
  readonly externalTaskId: string | null;
  readonly status: TaskStatus;
  /** Kling's own word for the status, kept even when it is unknown. */
  readonly klingStatus: string;
  /** Kling's `task_status_msg`; null when empty. On a failed task it is the only reason given. */
  readonly statusMessage: string | null;
  /** Milliseconds since the epoch by Kling's clock; null when not sent. */
  readonly createdAtMs: number | null;
  readonly updatedAtMs: number | null;
  /** Units charged, as a decimal string; null before the end, or when not sent. */
  readonly unitsDeducted: string | null;
  readonly balanceDeducted: BalanceDeduction | null;
  /** Kling's id of the request that told this; null for callbacks. */
  readonly klingRequestId: string | null;
}

/** Whether nothing can change any more. */
export function isFinal(status: TaskStatus): boolean {
  return status === 'SUCCEEDED' || status === 'FAILED';
}

/** The video that a lip-sync was made from. Each field is null when Kling does not send it. */
export interface ParentVideo {
  readonly videoId: string | null;
  readonly url: string | null;
  readonly durationMs: number | null;
}

/** A video that a lip-sync made. Kling deletes it 30 days later. */
export interface GeneratedVideo {
  readonly videoId: string;
  readonly url: string | null;
  /** Set only when the task was made with a watermark. */
  readonly watermarkUrl: string | null;
  readonly durationMs: number | null;
}

/** What Kling says of a lip-sync task. `videos` is empty until it has succeeded. */
export interface LipSyncSnapshot extends TaskSnapshot {
  readonly parentVideo: ParentVideo | null;
  readonly videos: readonly GeneratedVideo[];
  /** Null when Kling does not tell. */
  readonly watermarkEnabled: boolean | null;
}

/** A voice that Kling holds. `KLING`: from the official library. `ACCOUNT`: made by a voice task. */
export interface Voice {
  /** Kling's `voice_id`, globally unique, an opaque string. */
  readonly voiceId: string;
  readonly name: string;
  /** Points at audio; null when Kling sends none. */
  readonly trialUrl: string | null;
  readonly owner: 'KLING' | 'ACCOUNT';
  /** Kling's `owned_by`: `kling`, or the creator's id; null when not sent. */
  readonly ownerId: string | null;
}

/** What Kling says of a voice task. `voices` is empty until it has succeeded. */
export interface VoiceTaskSnapshot extends TaskSnapshot {
  readonly voices: readonly Voice[];
}
