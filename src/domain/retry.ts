import { type ErrorCode, GatewayError, type Issue } from '../errors.ts';
import { type Path, refused, type Validation } from './check.ts';
import { mayBeCharged } from './failure.ts';
import type { CreateLipSyncTaskInput, CreateVoiceTaskInput, FaceInput } from './inputs.ts';
import type { PlacementInput } from './placement.ts';
import type { KeptLipSyncInput, KeptVideo, LipSyncTask, TaskRecord, VoiceTask } from './records.ts';
import type { AudioInput, FindLipSync, VideoInput } from './sources.ts';
import { isFinal } from './task.ts';

/** The stored facts that a new attempt depends on. */
export interface RetryFacts {
  /** Kling's id of the speech that the task has paid for; null if the text is to be spoken again. */
  readonly audioId: string | null;
  /** Returns true for a speech that the tenant has. */
  readonly isOwnSpeech: (audioId: string) => boolean;
  readonly findLipSync?: FindLipSync | undefined;
}

const PATH: Path = ['taskId'];

/**
 * Throws `CONFLICT` for a task of which there is no new attempt. `isStepLost` is true if a step of the task has been charged,
 * or may have been, and its result is not there.
 */
export function checkRetry(task: TaskRecord, { payAgain, isStepLost }: RetryTerms): void {
  const { status, failure } = task;
  if (!isFinal(status))
    throw conflict(task, `The task has not ended: it is ${status}. Cancel it, or wait for its end.`);
  if (status === 'SUCCEEDED') throw conflict(task, 'The task has succeeded. Create a new one to make it again.');
  if (payAgain || (!isStepLost && (failure === null || !mayBeCharged(failure)))) return;
  const reason = failure === null ? 'The answer to one of its steps was lost.' : failure.message;
  throw conflict(
    task,
    `The task may have been charged. With \`payAgain\`, it is made again, and charged again. ${reason}`,
  );
}

interface RetryTerms {
  readonly payAgain: boolean;
  readonly isStepLost: boolean;
}

function conflict({ kind, id }: TaskRecord, message: string): GatewayError {
  const code: ErrorCode = 'CONFLICT';
  return new GatewayError({ code, message, retryable: false, existing: { type: kind, id } });
}

/** Returns the input of a voice task, as its caller gave it. */
export function voiceInputOf(task: VoiceTask, externalId: string | null): Validation<CreateVoiceTaskInput> {
  const kept = task.details?.voice;
  const sample = kept === undefined ? null : videoOf(kept.sample);
  if (kept === undefined || sample === null) return notKept('its input');
  return { ok: true, value: { name: kept.name, sample, externalId, ...carriedOver(task) } };
}

/** Returns the input of a lip-sync, as its caller gave it, but for a speech that is used again. */
export function lipSyncInputOf(
  task: LipSyncTask,
  externalId: string | null,
  facts: RetryFacts,
): Validation<CreateLipSyncTaskInput> {
  const kept = task.details?.lipSync;
  if (kept === undefined) return notKept('its input');
  const { placement, placementInput, audioDurationHintMs = null, videoDurationHintMs = null } = kept;
  const face = faceOf(task, kept, facts);
  const audio = audioOf(kept, facts);
  if (audio === null) return notKept('audio that came in base64');
  if (face === null) return notKept('its video');
  const chosen = placementInput ?? placement;
  return {
    ok: true,
    value: {
      face,
      audio,
      ...(chosen === undefined ? {} : { placement: toPlacementInput(chosen) }),
      audioDurationMs: audioDurationHintMs,
      videoDurationMs: videoDurationHintMs,
      audioVolume: kept.audioVolume,
      originalAudioVolume: kept.originalAudioVolume,
      watermark: kept.watermark,
      ...(task.unitsMax === undefined ? {} : { maxUnits: task.unitsMax }),
      externalId,
      ...carriedOver(task),
    },
  };
}

/** Maps the issues of the rebuilt input to the task, which alone the caller has named. */
export function toTaskIssue({ path, message, ...issue }: Issue): Issue {
  return { ...issue, path: PATH, message: `cannot be retried: ${path.slice(1).join('.')} ${message}` };
}

function notKept(what: string): Validation<never> {
  return refused(PATH, 'INPUT_NOT_KEPT', `cannot be retried, because ${what} is not kept: create a new task`);
}

function carriedOver({ label = null, details = {} }: TaskRecord) {
  const { metadata, webhook } = details;
  return {
    ...(label === null ? {} : { label }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(webhook === undefined ? {} : { webhookUrl: webhook.url }),
  };
}

function toPlacementInput({
  cropStartMs,
  cropEndMs,
  insertAtMs,
}: NonNullable<KeptLipSyncInput['placementInput']>): PlacementInput {
  return { audioStartMs: cropStartMs, audioEndMs: cropEndMs, insertAtMs };
}

function faceOf({ faceId }: LipSyncTask, kept: KeptLipSyncInput, facts: RetryFacts): FaceInput | null {
  const { faceIndex, klingFace } = kept;
  if (faceIndex !== undefined) {
    const video = madeVideoOf(kept, facts) ?? videoOf(kept.video);
    return video === null ? null : { inVideo: { video, index: faceIndex } };
  }
  if (faceId !== undefined) return { faceId };
  if (klingFace === undefined) return null;
  return { klingFace: { klingSessionId: klingFace.sessionId, klingFaceId: klingFace.faceId } };
}

/** Returns the task that makes the video, as long as it is kept and can still have one. */
function madeVideoOf({ videoTaskId = '', video }: KeptLipSyncInput, { findLipSync }: RetryFacts): VideoInput | null {
  const made = videoTaskId === '' ? null : (findLipSync?.({ id: videoTaskId }) ?? null);
  if (made === null || (video !== undefined && made.status !== 'SUCCEEDED')) return null;
  return { task: { id: videoTaskId } };
}

function videoOf(kept: KeptVideo | undefined): VideoInput | null {
  if (kept?.mediaId !== undefined) return { mediaId: kept.mediaId };
  if (kept?.url !== undefined) return { url: kept.url };
  return kept?.videoId === undefined ? null : { klingVideoId: kept.videoId };
}

function audioOf({ audio, speech }: KeptLipSyncInput, { audioId, isOwnSpeech }: RetryFacts): AudioInput | null {
  if (speech !== undefined) {
    if (audioId !== null) return { speechId: audioId };
    const { text, voiceId: klingVoiceId, language, speed } = speech;
    return { speech: { text, klingVoiceId, language, speed } };
  }
  if (audio.mediaId !== undefined) return { mediaId: audio.mediaId };
  if (audio.url !== undefined) return { url: audio.url };
  if (audio.audioId === undefined) return null;
  return isOwnSpeech(audio.audioId) ? { speechId: audio.audioId } : { klingAudioId: audio.audioId };
}
