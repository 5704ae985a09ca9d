import type { TaskFailure } from './failure.ts';
import type { MediaExtension, StoredFile } from './media.ts';
import type { OpenPlacement, Placement } from './placement.ts';
import type { SpeechRequest, SpeechLanguage } from './speech.ts';
import type {
  BalanceDeduction,
  LipSyncReport,
  Metadata,
  LipSyncStage,
  TaskKind,
  TaskReport,
  TaskStatus,
  VoiceTaskReport,
} from './task.ts';

/** The fields of a task that the ledger stores and the schema shows. Times are in milliseconds since the epoch. */
interface TaskRecordOf<Kind extends TaskKind> extends TaskReport {
  readonly kind: Kind;
  /** The gateway's id, which is sent to Kling as `external_task_id`. */
  readonly id: string;
  /** The id that the caller chose. It is also the idempotency key. */
  readonly externalId: string | null;
  /** The task of the same kind that this one retries. Missing for any other task. */
  readonly retryOf?: string;
  /** Kling's id; null until Kling has answered. */
  readonly klingTaskId: string | null;
  readonly status: TaskStatus;
  /** Kling's word for the status; null until Kling has answered. */
  readonly klingStatus: string | null;
  /** Null unless `status` is `FAILED`. */
  readonly failure: TaskFailure | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** When Kling received it, as Kling says. Missing before, and in tasks that are older than this field. */
  readonly startedAtMs?: number;
  /** When it became final. Missing before. In final tasks that are older than this field, `updatedAtMs` is that time. */
  readonly endedAtMs?: number;
  /** When it is expected to end. Added to answers and events, and never stored. Missing if final or unknown. */
  readonly estimatedEndAtMs?: number;
  /** When Kling deletes the results; null unless `status` is `SUCCEEDED`. */
  readonly expiresAtMs: number | null;
  /** The expected cost in units, by the published prices; null if unknown. */
  readonly unitsEstimated: string | null;
  /** Kling's id of the request that created the task. */
  readonly klingRequestId: string | null;
  /** The rest of Kling's last report. Missing until Kling has answered, and in tasks that are older than this field. */
  readonly lastReport?: LastReport;
  /** The caller's own title. Missing or null if the caller gave no title. */
  readonly label?: string | null;
  /** When the caller changed the notes last. Missing before. */
  readonly notedAtMs?: number;
  /** Missing in tasks that have no such field, as in those of version 0.1. */
  readonly details?: TaskDetails;
}

/** Parts of a report that the gateway shows and does not use. Null if not sent. Times are by Kling's clock. */
export interface LastReport {
  /** Kling's `task_status_msg`. */
  readonly statusMessage: string | null;
  readonly createdAtMs: number | null;
  readonly updatedAtMs: number | null;
}

/**
 * The fields of a task that may be long. They are stored once for each task, and not with each of its changes: an old change
 * shows the present ones.
 */
export interface TaskDetails {
  /** The caller's own data. Missing if the caller gave no pair. */
  readonly metadata?: readonly Metadata[];
  /** The checked input, by the kind of the task. Missing in tasks of version 0.1. */
  readonly lipSync?: KeptLipSyncInput;
  readonly voice?: KeptVoiceInput;
  /** The copies of the results in the bucket. Missing until there is one, and after they are deleted. */
  readonly archive?: Archive;
  /** Missing if the caller gave no `webhookUrl`. */
  readonly webhook?: TaskWebhook;
}

/** The webhook of one task. Invariant: rows store it, so its keys must not be renamed. */
export interface TaskWebhook {
  readonly url: string;
  /** The endpoint that had the origin of the URL. Its object sends and signs. It may be deleted since. */
  readonly endpointId: string;
}

/** The place of a file among the results of a task, or among the pictures of a scan. It counts from 0. */
export type ResultPart = `${'video' | 'watermark' | 'sample' | 'face'}:${number}`;

/** Copies of results in the bucket. Invariant: rows store it, so its keys must not be renamed. */
export interface Archive {
  /** When the copies are deleted. */
  readonly expiresAtMs: number;
  /** A part that is missing is not copied, or not yet. */
  readonly files: Readonly<Partial<Record<ResultPart, StoredFile>>>;
}

/** The input of a lip-sync, without the bytes of its audio. Invariant: tasks store it, so its keys must not be renamed. */
export interface KeptLipSyncInput {
  /** Missing until it is found, and for a scan that was made elsewhere. */
  readonly face?: Face;
  /** The face of a scan that was made elsewhere, by Kling's ids. Missing otherwise. */
  readonly klingFace?: { readonly sessionId: string; readonly faceId: string };
  /** The video that was scanned, and its length as far as it was known then. Missing as in the scan. */
  readonly video?: FaceScan['video'];
  readonly videoDurationMs?: number;
  /** The task whose result is the video. Missing for any other video. */
  readonly videoTaskId?: string;
  /** Which of the faces that a scan finds; null for the one that is seen longest. Missing if the face was given. */
  readonly faceIndex?: number | null;
  readonly audio: KeptAudio;
  /** The text that the task speaks. Missing for other audio. */
  readonly speech?: SpeechRequest;
  /** Missing until it is chosen. */
  readonly placement?: Placement;
  /** The placement as it was given. Missing if it was given whole. */
  readonly placementInput?: OpenPlacement;
  /** The lengths that the caller stated. Missing if unknown, and in tasks that are older than these fields. */
  readonly audioDurationHintMs?: number;
  readonly videoDurationHintMs?: number;
  readonly audioVolume: number;
  readonly originalAudioVolume: number;
  readonly watermark: boolean;
}

/** The input of a voice. Invariant: tasks store it, so its keys must not be renamed. */
export interface KeptVoiceInput {
  readonly name: string;
  readonly sample: KeptAudio;
}

/** The video of an input. Exactly one of the three is set. */
export interface KeptVideo {
  readonly url?: string;
  readonly videoId?: string;
  /** A file of the tenant, and what it is. Never its URL, which is a secret and expires. */
  readonly mediaId?: string;
  readonly extension?: MediaExtension;
}

/** Audio of an input: where it is found, or what it is, but not its bytes. */
export interface KeptAudio extends Pick<KeptVideo, 'mediaId' | 'extension'> {
  readonly url?: string;
  /** Kling's id of audio that its text-to-speech made. */
  readonly audioId?: string;
  /** Kling's id of a video whose sound is used. */
  readonly videoId?: string;
  /** The number of the bytes that the caller sent, and their SHA-256 in hexadecimal. */
  readonly bytes?: number;
  readonly sha256?: string;
  /** Missing unless the gateway or Kling has measured it. */
  readonly durationMs?: number;
}

/** The cost of a step that prepares a lip-sync. */
export interface PreparationCost {
  readonly stage: 'SCANNING' | 'SPEAKING';
  /** The expected cost in units. */
  readonly unitsEstimated: string;
  /** True once Kling has answered. The charge then counts in the tenant's month, and no more as a part of the task. */
  readonly isPaid: boolean;
  /** As Kling reports it; null before the answer, and if not sent. */
  readonly unitsCharged: string | null;
}

export interface LipSyncTask extends TaskRecordOf<'LIP_SYNC'>, LipSyncReport {
  /** Missing in a task that needs no preparation: it is `SYNCING` from the start. */
  readonly stage?: LipSyncStage;
  /** The steps before the lip-sync that this task pays for. Missing without such a step. */
  readonly preparation?: readonly PreparationCost[];
  /** The most that the task may cost, in units. Missing for no limit. */
  readonly unitsMax?: string;
  /** `<scan id>:<Kling's face id>`. Missing for a scan made elsewhere, and in tasks that are older than this field. */
  readonly faceId?: string;
}

export interface VoiceTask extends TaskRecordOf<'VOICE'>, VoiceTaskReport {}

export type TaskRecord = LipSyncTask | VoiceTask;

/** One change of a task. The journal, the hubs and GraphQL all use this shape. */
export interface TaskChange {
  /** Counts the changes of a tenant from 1, without a gap. */
  readonly seq: number;
  /** `seq` as clients see it and send it back. */
  readonly cursor: string;
  readonly atMs: number;
  /** The task right after the change. */
  readonly task: TaskRecord;
  /** Changes between the reader's cursor and this one are no longer stored. */
  readonly resync: boolean;
}

/** A face scan of a tenant. A lip-sync is checked against it. */
export interface FaceScan {
  readonly id: string;
  /** The id that the caller chose. Missing in scans of version 0.1. */
  readonly externalId?: string | null;
  /** Kling's `session_id`. */
  readonly sessionId: string;
  /** The video as the caller named it. Missing in scans of version 0.1. */
  readonly video?: KeptVideo;
  readonly faces: readonly Face[];
  /** The copies of the faces' pictures. Missing until there is one, and after they are deleted. */
  readonly archive?: Archive;
  /** The length of the video. Kling's answer omits it: it is known from a task that made or used the video. */
  readonly videoDurationMs?: number;
  readonly unitsDeducted: string | null;
  readonly balanceDeducted?: BalanceDeduction;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly klingRequestId: string | null;
}

/** Returns the id of the scan that a face belongs to. */
export function scanIdOf(faceId: string): string {
  return faceId.split(':', 1)[0] ?? '';
}

/** A face in a video, with the interval in which it can be lip-synced. Times count from the start of the video. */
export interface Face {
  /** Kling's `face_id`: opaque, and unique only within its scan. `"0"` is valid. */
  readonly faceId: string;
  readonly imageUrl: string | null;
  readonly startMs: number;
  /** Kling reports it some milliseconds too late. */
  readonly endMs: number;
}

/** Kling's answer to identify-face. `faces` may be empty. */
export interface FaceScanResult {
  /** Kling's `session_id`, valid for 24 hours. */
  readonly sessionId: string;
  readonly faces: readonly Face[];
  readonly unitsDeducted: string | null;
  /** Missing if Kling does not send it. */
  readonly balanceDeducted?: BalanceDeduction;
  readonly klingRequestId: string | null;
}

/** Speech that Kling made from a text, with the request. A lip-sync accepts its `audioId` for 30 days. */
export interface Speech extends SpeechResult {
  /** The id that the caller chose. Missing in speeches that are older than this field. */
  readonly externalId?: string | null;
  readonly text: string;
  /** Kling's id of a text-to-speech voice. */
  readonly voiceId: string;
  readonly language: SpeechLanguage;
  readonly speed: number;
  /** By Kling's clock; by the gateway's if Kling does not send it. */
  readonly createdAtMs: number;
}

/** Kling's answer to a text-to-speech request. */
export interface SpeechResult {
  readonly audioId: string;
  /** Null if Kling does not send it. A lip-sync needs only the `audioId`. */
  readonly url: string | null;
  readonly durationMs: number | null;
  readonly klingTaskId: string | null;
  /** Kling's word for the status, and the rest of its record. Missing in speeches that are older than these fields. */
  readonly klingStatus?: string | null;
  readonly lastReport?: LastReport;
  readonly unitsDeducted: string | null;
  /** Missing if Kling does not send it. */
  readonly balanceDeducted?: BalanceDeduction;
  readonly createdAtMs: number | null;
  readonly klingRequestId: string | null;
}

/** The time that Kling keeps the results of a task: 30 days, in milliseconds (Kling docs, lip-sync page, 2026-09). */
export const RESULT_RETENTION_MS = 30 * 24 * 60 * 60 * 1000;

/** The lifetime of an identify-face session: 24 hours, in milliseconds (Kling's older lip-sync page). */
export const FACE_SCAN_TTL_MS = 24 * 60 * 60 * 1000;

/** Returns when Kling deletes the results of a task, in milliseconds since the epoch. */
export function resultExpiresAtMs(finalAtMs: number): number {
  return finalAtMs + RESULT_RETENTION_MS;
}
