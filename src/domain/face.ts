import type { BalanceDeduction } from './task.ts';

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
