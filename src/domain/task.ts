import type { Issue } from '../errors.ts';
import { checkText, issuesOf, type Path, toValidation, type Validation } from './check.ts';
import type { StoredFile } from './media.ts';

/**
 * The statuses of a task. A `PREPARING` lip-sync makes what it needs: see its stage. A `QUEUED` task waits to be sent, or for Kling's answer. `CANCELLED`: by the caller, before Kling
 * received it. `UNRECOGNIZED`: Kling sent a status that the gateway does not know. Such a task is read again.
 */
export const TASK_STATUSES = [
  'PREPARING',
  'QUEUED',
  'SUBMITTED',
  'PROCESSING',
  'SUCCEEDED',
  'FAILED',
  'CANCELLED',
  'UNRECOGNIZED',
] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

/**
 * The steps of a lip-sync, in their order. `WAITING`: for an upload, or for the task that makes its video. `SYNCING`: queued
 * at the gateway, or at Kling.
 */
export const LIP_SYNC_STAGES = ['WAITING', 'SCANNING', 'SPEAKING', 'SYNCING'] as const;
export type LipSyncStage = (typeof LIP_SYNC_STAGES)[number];

export const TASK_KINDS = ['LIP_SYNC', 'VOICE'] as const;
export type TaskKind = (typeof TASK_KINDS)[number];

/** A charge of a newer account in money, as decimal strings; null if not sent. Units are counted separately. */
export interface BalanceDeduction {
  readonly quota: string | null;
  readonly listPrice: string | null;
}

/**
 * The fields that a snapshot and a stored task share. A new field is optional: tasks that are stored already lack it, and a
 * new task has it only when Kling has sent it.
 */
export interface TaskReport {
  /** The units charged, as a decimal string; null before the task is final, or if not sent. */
  readonly unitsDeducted: string | null;
  readonly balanceDeducted: BalanceDeduction | null;
}

/** The state of a task as Kling reported it, in an answer or a callback. */
export interface TaskSnapshot extends TaskReport {
  /** Kling's opaque id of the task. Empty if the answer to a read omits it. */
  readonly klingTaskId: string;
  /** The `external_task_id` of the task; null if Kling omits it, as it often does. */
  readonly externalTaskId: string | null;
  readonly status: TaskStatus;
  /** Kling's word for the status, known or not. */
  readonly klingStatus: string;
  /** Kling's `task_status_msg`, the only reason that a failed task has; null if empty. */
  readonly statusMessage: string | null;
  /** In milliseconds since the epoch, by Kling's clock; null if not sent. */
  readonly createdAtMs: number | null;
  readonly updatedAtMs: number | null;
  /** Kling's id of the request that was answered; null for callbacks. */
  readonly klingRequestId: string | null;
}

/** Kling's lists of tasks. Each preset voice is listed as a task. */
export const KLING_LISTS = ['CUSTOM_VOICES', 'LIP_SYNCS', 'PRESET_VOICES'] as const;
export type KlingList = (typeof KLING_LISTS)[number];

/** Kling's own record of a task of any kind. A field is null, empty or missing if Kling did not send it. */
export interface KlingTask extends TaskReport, Partial<LipSyncReport>, Partial<VoiceTaskReport> {
  readonly klingTaskId: string | null;
  readonly externalTaskId: string | null;
  readonly klingStatus: string | null;
  readonly statusMessage: string | null;
  readonly createdAtMs: number | null;
  readonly updatedAtMs: number | null;
  readonly klingRequestId: string | null;
}

/** Returns true for a status that never changes again. */
export function isFinal(status: TaskStatus): boolean {
  return status === 'SUCCEEDED' || status === 'FAILED' || status === 'CANCELLED';
}

/** The source video of a lip-sync. Each field is null if Kling does not send it. */
export interface ParentVideo {
  readonly videoId: string | null;
  readonly url: string | null;
  readonly durationMs: number | null;
}

/** The result of a lip-sync. Kling deletes it after 30 days. */
export interface GeneratedVideo {
  readonly videoId: string;
  readonly url: string | null;
  /** Null unless the task was created with a watermark. */
  readonly watermarkUrl: string | null;
  readonly durationMs: number | null;
}

/** The fields that a snapshot and a stored lip-sync share, as in `TaskReport`. `videos` is empty until it has succeeded. */
export interface LipSyncReport {
  readonly parentVideo: ParentVideo | null;
  readonly videos: readonly GeneratedVideo[];
  /** Null if Kling does not send it. */
  readonly watermarkEnabled: boolean | null;
}

/** The state of a lip-sync task at Kling. */
export interface LipSyncSnapshot extends TaskSnapshot, LipSyncReport {}

/** A voice at Kling. Its owner is `KLING` in the official library, and `ACCOUNT` if a voice task made it. */
export interface Voice {
  /** Kling's `voice_id`: opaque and globally unique. */
  readonly voiceId: string;
  readonly name: string;
  /** The URL of an audio sample; null if not sent. */
  readonly trialUrl: string | null;
  readonly owner: 'KLING' | 'ACCOUNT';
  /** Kling's `owned_by`: `kling` or the id of the creator; null if not sent. */
  readonly ownerId: string | null;
  /** The copy of the sample in the bucket. Missing in what Kling sends, and if there is no copy. */
  readonly archived?: StoredFile;
}

/** The fields that a snapshot and a stored voice task share, as in `TaskReport`. `voices` is empty until it has succeeded. */
export interface VoiceTaskReport {
  readonly voices: readonly Voice[];
}

/** The state of a voice task at Kling. */
export interface VoiceTaskSnapshot extends TaskSnapshot, VoiceTaskReport {}

/** The caller's own notes on a task. They mean nothing to the gateway, and Kling never gets them. */
export interface Notes {
  readonly label: string | null;
  /** In the caller's order, with unique keys. */
  readonly metadata: readonly Metadata[];
}

/** A pair of the caller's own data. */
export interface Metadata {
  readonly key: string;
  readonly value: string;
}

/** Notes as a caller sends them. A missing field changes nothing, and null clears. */
export interface NotesInput {
  readonly label?: string | null;
  readonly metadata?: readonly Metadata[] | null;
}

/** The limits of notes. Characters are Unicode code points. */
export const NOTES_MAX = { labelChars: 80, pairs: 16, keyChars: 40, valueChars: 500 } as const;

/** Checks notes, and trims the label and the keys. Returns only the fields that were given. */
export function checkNotes({ label, metadata }: NotesInput, path: Path = []): Validation<Partial<Notes>> {
  const checkedLabel = label === undefined ? null : checkLabel(label, [...path, 'label']);
  const checkedMetadata = metadata === undefined ? null : checkMetadata(metadata ?? [], [...path, 'metadata']);
  return toValidation<Partial<Notes>>(
    {
      ...(checkedLabel?.ok === true ? { label: checkedLabel.value } : {}),
      ...(checkedMetadata?.ok === true ? { metadata: checkedMetadata.value } : {}),
    },
    [checkedLabel, checkedMetadata].flatMap((checked) => (checked === null ? [] : issuesOf(checked))),
  );
}

/** Checks and trims a label. Null is valid. */
export function checkLabel(label: string | null, path: Path): Validation<string | null> {
  return label === null
    ? { ok: true, value: null }
    : checkText(label, { charsMax: NOTES_MAX.labelChars, lines: 'one' }, path);
}

/** Reads no pair of a list that is too long, so that its issues stay few. */
function checkMetadata(pairs: readonly Metadata[], path: Path): Validation<readonly Metadata[]> {
  if (pairs.length > NOTES_MAX.pairs) {
    return {
      ok: false,
      issues: [
        { path, code: 'OUT_OF_RANGE', message: `must have at most ${NOTES_MAX.pairs} pairs, had ${pairs.length}` },
      ],
    };
  }
  const issues: Issue[] = [];
  const seen = new Set<string>();
  for (const [at, { key, value }] of pairs.entries()) {
    const keyPath = [...path, at, 'key'];
    issues.push(...issuesOf(checkText(key, { charsMax: NOTES_MAX.keyChars, lines: 'one' }, keyPath)));
    if (seen.has(key.trim())) {
      issues.push({ path: keyPath, code: 'NOT_UNIQUE', message: 'must be unique within the list' });
    }
    seen.add(key.trim());
    const rule = { charsMax: NOTES_MAX.valueChars, lines: 'many', mayBeBlank: true } as const;
    issues.push(...issuesOf(checkText(value, rule, [...path, at, 'value'])));
  }
  return toValidation(
    pairs.map(({ key, value }) => ({ key: key.trim(), value })),
    issues,
  );
}
