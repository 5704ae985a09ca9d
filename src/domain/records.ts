import type { TaskFailure } from './failure.ts';
import type { BalanceDeduction, GeneratedVideo, ParentVideo, TaskKind, TaskStatus, Voice } from './task.ts';

/** What the ledger keeps of a tenant's work, and the schema shows. Times are milliseconds since the epoch. */

interface TaskRecordOf<Kind extends TaskKind> {
  readonly kind: Kind;
  /** The gateway's own id; Kling knows it as the `external_task_id`. */
  readonly id: string;
  /** The caller's own id for it, and its idempotency key. */
  readonly externalId: string | null;
  /** Null until Kling has answered. */
  readonly klingTaskId: string | null;
  readonly status: TaskStatus;
  /** Kling's own word for the status; null until Kling has answered. */
  readonly klingStatus: string | null;
  /** Set exactly when `status` is `FAILED`. */
  readonly failure: TaskFailure | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** When Kling deletes the results; null until `SUCCEEDED`. */
  readonly expiresAtMs: number | null;
  /** What it will cost, in units, by the published prices; null where it cannot be told. */
  readonly unitsEstimated: string | null;
  readonly unitsDeducted: string | null;
  readonly balanceDeducted: BalanceDeduction | null;
  /** Kling's id of the request that made it. */
  readonly klingRequestId: string | null;
}

export interface LipSyncTask extends TaskRecordOf<'LIP_SYNC'> {
  /** `<scan id>:<Kling's face id>`; missing in tasks made before it was kept. */
  readonly faceId?: string;
  readonly parentVideo: ParentVideo | null;
  readonly videos: readonly GeneratedVideo[];
  readonly watermarkEnabled: boolean | null;
}

export interface VoiceTask extends TaskRecordOf<'VOICE'> {
  readonly voices: readonly Voice[];
}

export type TaskRecord = LipSyncTask | VoiceTask;

/** The answer to one identify-face, kept so that a lip-sync can be checked against it. */
export interface FaceScan {
  readonly id: string;
  /** Kling's `session_id`. */
  readonly sessionId: string;
  readonly faces: readonly Face[];
  /** How long the video is. Identify-face does not tell: it is known of a video that a task made, or learned from one. */
  readonly videoDurationMs?: number;
  readonly unitsDeducted: string | null;
  readonly balanceDeducted?: BalanceDeduction;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly klingRequestId: string | null;
}

/** The scan that a face belongs to. */
export function scanIdOf(faceId: string): string {
  return faceId.split(':', 1)[0] ?? '';
}

/** A face that Kling found in a video, with the interval in which it can be lip-synced (from the start of the video). */
export interface Face {
  /** Kling's `face_id`: opaque, unique within its scan only, and `"0"` is a valid one. */
  readonly faceId: string;
  readonly imageUrl: string | null;
  readonly startMs: number;
  /** Overstated by Kling by some milliseconds. */
  readonly endMs: number;
}

/** What Kling answered to identify-face. No faces: `faces` is empty. */
export interface FaceScanResult {
  /** Kling's `session_id`: good for 24 hours. */
  readonly sessionId: string;
  readonly faces: readonly Face[];
  readonly unitsDeducted: string | null;
  /** Missing when Kling tells none. */
  readonly balanceDeducted?: BalanceDeduction;
  readonly klingRequestId: string | null;
}

/** Speech that Kling made of a text. `audioId` is what a lip-sync accepts as its sound for 30 days. */
export interface Speech {
  readonly audioId: string;
  readonly url: string;
  readonly durationMs: number | null;
  readonly klingTaskId: string | null;
  readonly unitsDeducted: string | null;
  /** Missing when Kling tells none. */
  readonly balanceDeducted?: BalanceDeduction;
  readonly createdAtMs: number | null;
  readonly klingRequestId: string | null;
}
