import type { BalanceDeduction, TaskSnapshot } from './task.ts';

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
