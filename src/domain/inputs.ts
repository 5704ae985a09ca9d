import {
  checkAll,
  checkCallerKey,
  type Validation,
  checkKlingId,
  checkRange,
  checkText,
  issuesOf,
  mapValidation,
  type Path,
  refused,
} from './check.ts';
import { checkNotes, type Metadata } from './task.ts';
import { toMilliunits } from './cost.ts';
import {
  AUDIO_MS_MIN,
  checkPlacement,
  isWhole,
  MEDIA_MARGIN_MS,
  type OpenPlacement,
  type PlacedInput,
  type Placement,
  type PlacementFacts,
} from './placement.ts';
import type { Face } from './records.ts';
import {
  type AudioFacts,
  type AudioInput,
  type AudioSource,
  type AwaitedVideo,
  checkAudio,
  checkAwaitedVideo,
  checkVideoSource,
  knownLength,
  type SourceFacts,
  type VideoInput,
  type VideoSource,
} from './sources.ts';
import type { SpeechRequest } from './speech.ts';

/** The input of `createVoiceTask`, typed by GraphQL and not yet checked. Objects with `@oneOf` have exactly one key. */
export interface CreateVoiceTaskInput {
  readonly name: string;
  readonly sample: VideoInput;
  readonly externalId?: string | null;
  readonly label?: string | null;
  readonly metadata?: readonly Metadata[];
  readonly webhookUrl?: string | null;
}

/** A checked request to make a voice. Invariant: queued tasks store it as JSON, so its keys must not be renamed. */
export interface VoiceRequest {
  readonly name: string;
  /** An audio or video file at a URL, or a video that Kling made. */
  readonly source: VideoSource;
}

/** The most characters of a voice's name (Kling docs, custom voice page, 2026-09). */
const VOICE_NAME_CHARS_MAX = 20;

/**
 * Checks the input of `createVoiceTask`, and trims the name. Kling checks a recording at a URL: 5 to 30 s, one speaker.
 */
export function checkCreateVoiceTaskInput(
  input: CreateVoiceTaskInput,
  path: Path = ['input'],
  facts: SourceFacts = {},
): Validation<VoiceRequest> {
  return checkAll<VoiceRequest>(
    {
      name: checkText(input.name, { charsMax: VOICE_NAME_CHARS_MAX, lines: 'one' }, [...path, 'name']),
      source: checkVideoSource(input.sample, 'voice', [...path, 'sample'], facts),
    },
    [...issuesOf(checkCallerKey(input.externalId, [...path, 'externalId'])), ...issuesOf(checkNotes(input, path))],
  );
}

/** The input of `deleteVoice`. */
export interface DeleteVoiceInput {
  /** Null if the caller's id is not the id of a voice. */
  readonly voiceId: string | null;
  /** Also deletes a voice that is not the tenant's. Needs the scope `operator`. */
  readonly anyOwner: boolean;
}

/** The arguments of `identifyFaces`. */
export interface IdentifyFacesInput {
  readonly video: VideoInput;
  readonly externalId?: string | null;
}

/** A checked request to scan a video for faces. */
export interface FaceScanRequest {
  readonly video: VideoSource;
}

/**
 * Checks the arguments of `identifyFaces`. Kling checks size, length and resolution of a video at a URL, because the gateway
 * never fetches it.
 */
export function checkIdentifyFacesInput(
  input: IdentifyFacesInput,
  path: Path = [],
  facts: SourceFacts = {},
): Validation<FaceScanRequest> {
  return checkAll<FaceScanRequest>(
    { video: checkVideoSource(input.video, 'video', [...path, 'video'], facts) },
    issuesOf(checkCallerKey(input.externalId, [...path, 'externalId'])),
  );
}

/** The input of `createLipSyncTask`. */
export interface CreateLipSyncTaskInput extends PlacedInput {
  readonly face: FaceInput;
  readonly audio: AudioInput;
  readonly audioVolume?: number | null;
  readonly originalAudioVolume?: number | null;
  readonly watermark?: boolean | null;
  /** The most units that the task may cost, as a decimal number. */
  readonly maxUnits?: string | null;
  readonly externalId?: string | null;
  readonly label?: string | null;
  readonly metadata?: readonly Metadata[];
  readonly webhookUrl?: string | null;
}

/** A face as callers name it. Exactly one of the three is given. */
export interface FaceInput {
  /** `<scan id>:<Kling's face id>`; empty if the caller's id is not an id of a face. */
  readonly faceId?: string | null;
  readonly klingFace?: KlingFaceInput | null;
  readonly inVideo?: FaceInVideoInput | null;
}

/** A face of a video that the task scans. */
export interface FaceInVideoInput {
  readonly video: VideoInput;
  /** The place in Kling's list of faces; null for the face that is seen longest. */
  readonly index?: number | null;
}

/** A face by Kling's own ids. The scan may have been made elsewhere. */
export interface KlingFaceInput {
  readonly klingSessionId: string;
  readonly klingFaceId: string;
}

/** A checked request for a lip-sync. Invariant: queued tasks store it as JSON, so its keys must not be renamed. */
export interface LipSyncRequest {
  readonly sessionId: string;
  readonly faceId: string;
  readonly sound: AudioSource;
  readonly placement: Placement;
  /** 0 to 2; 1 is unchanged. */
  readonly soundVolume: number;
  readonly originalAudioVolume: number;
  readonly watermark: boolean;
}

/**
 * A checked lip-sync as far as it is known. It is a `LipSyncRequest` once nothing is open. Invariant: tasks that are prepared
 * store it as JSON, so its keys must not be renamed.
 */
export type LipSyncPlan = (ChosenFace | FaceInVideo) & {
  readonly sound: AudioSource | { readonly speech: SpeechRequest };
  readonly placement: OpenPlacement;
  readonly soundVolume: number;
  readonly originalAudioVolume: number;
  readonly watermark: boolean;
  /** The lengths that the caller states. Missing once nothing is open. */
  readonly audioDurationMs?: number | null;
  readonly videoDurationMs?: number | null;
};

/** A face that is known to Kling. */
export type ChosenFace = Pick<LipSyncRequest, 'sessionId' | 'faceId'> & { readonly video?: never };

/** A face that a scan has to find. */
export interface FaceInVideo {
  readonly video: VideoSource | AwaitedVideo;
  readonly index: number | null;
  readonly sessionId?: never;
  readonly faceId?: never;
}

/** The volume of audio. 1 is unchanged. */
export const VOLUME = { min: 0, max: 2, fallback: 1 } as const;

/** The most faces of a video that can be chosen from. Kling states no bound. */
const FACE_INDEX_MAX = 999;

/** The stored facts about the face and the audio that an input names. */
export interface LipSyncFacts extends AudioFacts {
  /** Null if the tenant has no such face, and before it is found. */
  readonly face: Face | null;
  /** Kling's session of the tenant's scan that has the face; null if the tenant has no such scan. */
  readonly sessionId: string | null;
  /** Null if `sessionId` is null. */
  readonly scanExpiresAtMs: number | null;
  /** The length of the video as the gateway has measured it. Missing unless the video is a file. */
  readonly videoFileMs?: number;
  readonly now: number;
}

/**
 * Checks the input of `createLipSyncTask` as far as possible without Kling. Reports a missing or expired face together with
 * all other issues. Leaves the face of a scan that was made elsewhere to Kling. The measured length of a WAV overrides the
 * caller's hint. A face that has to be found, and audio that has to be made, stay open.
 */
export function checkLipSyncInput(
  input: CreateLipSyncTaskInput,
  path: Path,
  facts: LipSyncFacts,
): Validation<LipSyncPlan> {
  const audioPath = [...path, 'audio'];
  const audio = checkAudio(input.audio, facts, audioPath);
  const face = checkFace(input.face, facts, [...path, 'face']);
  const checked = checkAll<{
    readonly face: ChosenFace | FaceInVideo;
    readonly rest: Omit<LipSyncPlan, keyof FaceInVideo>;
  }>(
    {
      face,
      rest: checkAll<Omit<LipSyncPlan, keyof FaceInVideo>>({
        sound: mapValidation(audio, ({ source }) => source),
        placement: checkPlacement(input, path, {
          face: toInterval(facts.face, pathOfFace(input.face, [...path, 'face'])),
          isFaceOpen: !face.ok || face.value.video !== undefined,
          audio: knownLength(audio, input.audio, audioPath, facts),
          isAudioOpen: !audio.ok || isAudioOpen(audio.value.source, facts),
          video: facts.videoFileMs === undefined ? null : { durationMs: facts.videoFileMs, marginMs: MEDIA_MARGIN_MS },
        }),
        soundVolume: checkRange(input.audioVolume, VOLUME, [...path, 'audioVolume']),
        originalAudioVolume: checkRange(input.originalAudioVolume, VOLUME, [...path, 'originalAudioVolume']),
        watermark: { ok: true, value: input.watermark ?? false },
      }),
    },
    [
      ...issuesOf(checkUnitsMax(input.maxUnits, [...path, 'maxUnits'])),
      ...issuesOf(checkCallerKey(input.externalId, [...path, 'externalId'])),
      ...issuesOf(checkNotes(input, path)),
    ],
  );
  return mapValidation(checked, (value) => {
    const plan: LipSyncPlan = { ...value.face, ...value.rest };
    const { audioDurationMs = null, videoDurationMs = null } = input;
    return isRequest(plan) ? plan : { ...plan, audioDurationMs, videoDurationMs };
  });
}

/** Returns true for a plan in which nothing is open. Kling can fetch each of its files. */
export function isRequest(plan: LipSyncPlan): plan is LipSyncPlan & LipSyncRequest {
  return plan.video === undefined && !('speech' in plan.sound) && isWhole(plan.placement);
}

/** Converts a face for `checkPlacement`. */
export function toInterval(face: Face | null, path: Path): PlacementFacts['face'] {
  return face === null ? null : { startMs: face.startMs, endMs: face.endMs, path };
}

/** Returns true for audio whose length the gateway learns later. */
function isAudioOpen(source: LipSyncPlan['sound'], { findMedia }: LipSyncFacts): boolean {
  if ('speech' in source) return true;
  const { mediaId } = source;
  return mediaId !== undefined && (findMedia?.(mediaId)?.facts ?? null) === null;
}

/** Checks a limit of the cost, and returns it in thousandths of a unit. */
function checkUnitsMax(units: string | null | undefined, path: Path): Validation<number | null> {
  if (units === null || units === undefined) return { ok: true, value: null };
  const milliunits = toMilliunits(units);
  if (milliunits !== null && milliunits > 0) return { ok: true, value: milliunits };
  return refused(path, 'OUT_OF_RANGE', 'must be a decimal number of units above 0, such as "1.5"');
}

/** Returns the path of what names the face within its scan. */
function pathOfFace({ faceId, inVideo }: FaceInput, path: Path): Path {
  if (inVideo !== null && inVideo !== undefined) return [...path, 'inVideo', 'index'];
  return typeof faceId === 'string' ? [...path, 'faceId'] : [...path, 'klingFace', 'klingFaceId'];
}

function checkFace(input: FaceInput, facts: LipSyncFacts, path: Path): Validation<ChosenFace | FaceInVideo> {
  const { faceId = null, klingFace = null, inVideo = null } = input;
  if ([faceId, klingFace, inVideo].filter((given) => given !== null).length === 1) {
    if (faceId !== null) return checkFaceId(faceId, facts, [...path, 'faceId']);
    if (klingFace !== null) return checkKlingFace(klingFace, facts, [...path, 'klingFace']);
    if (inVideo !== null) return checkFaceInVideo(inVideo, facts, [...path, 'inVideo']);
  }
  return refused(path, 'OUT_OF_RANGE', 'must have exactly one of faceId, inVideo and klingFace');
}

function checkFaceInVideo(
  { video, index = null }: FaceInVideoInput,
  facts: LipSyncFacts,
  path: Path,
): Validation<ChosenFace | FaceInVideo> {
  const checked = checkAll<FaceInVideo>({
    video: checkAwaitedVideo(video, 'video', [...path, 'video'], facts),
    index: index === null ? { ok: true, value: null } : checkIndex(index, [...path, 'index']),
  });
  const { face, sessionId } = facts;
  if (!checked.ok || sessionId === null) return checked;
  if (face !== null) return { ok: true, value: { sessionId, faceId: face.faceId } };
  const message =
    index === null
      ? 'no face of this video can be seen for 2 s'
      : `the video has no face at index ${index}: see \`faceScans\` for its faces`;
  return refused([...path, 'index'], 'NO_SUCH_FACE', message);
}

function checkIndex(index: number, path: Path): Validation<number> {
  if (Number.isSafeInteger(index)) return checkRange(index, { min: 0, max: FACE_INDEX_MAX, fallback: 0 }, path);
  return refused(path, 'OUT_OF_RANGE', `must be a whole number from 0 to ${FACE_INDEX_MAX}, was ${index}`);
}

function lengthOf({ startMs, endMs }: Face): number {
  return endMs - startMs;
}

/** Returns the face at an index, or the one that is seen longest. Null without one that can be lip-synced. */
export function chooseFace(faces: readonly Face[], index: number | null): Face | null {
  if (index !== null) return faces[index] ?? null;
  const usable = faces.filter((face) => lengthOf(face) >= AUDIO_MS_MIN);
  return usable.toSorted((a, b) => lengthOf(b) - lengthOf(a))[0] ?? null;
}

function checkFaceId(faceId: string, facts: LipSyncFacts, path: Path): Validation<ChosenFace> {
  const { face, sessionId, scanExpiresAtMs } = facts;
  const advice = 'identify the faces of the video, and choose one of them';
  if (faceId === '') return refused(path, 'WRONG_ID_TYPE', `is not the id of a Face: ${advice}`);
  if (face === null || sessionId === null || scanExpiresAtMs === null) {
    return refused(path, 'NOT_FOUND', `no such face: ${advice}`);
  }
  return checkAge({ sessionId, faceId: face.faceId }, scanExpiresAtMs, facts.now, path);
}

/** Only Kling knows the faces and the age of a session that is not of the tenant's own scans. */
function checkKlingFace(klingFace: KlingFaceInput, facts: LipSyncFacts, path: Path): Validation<ChosenFace> {
  const sessionPath = [...path, 'klingSessionId'];
  const facePath = [...path, 'klingFaceId'];
  const named = checkAll<ChosenFace>({
    sessionId: checkKlingId(klingFace.klingSessionId, sessionPath),
    faceId: checkKlingId(klingFace.klingFaceId, facePath),
  });
  if (!named.ok || facts.scanExpiresAtMs === null) return named;
  if (facts.face === null) return refused(facePath, 'NOT_FOUND', 'no such face in the scan of this session');
  return checkAge(named.value, facts.scanExpiresAtMs, facts.now, sessionPath);
}

function checkAge(chosen: ChosenFace, expiresAtMs: number, now: number, path: Path): Validation<ChosenFace> {
  if (now < expiresAtMs) return { ok: true, value: chosen };
  const message = `expired${isoTime(expiresAtMs)}: faces can be used for 24 hours; identify them again`;
  return refused(path, 'EXPIRED', message);
}

function isoTime(timeMs: number): string {
  const date = new Date(timeMs);
  return Number.isNaN(date.getTime()) ? '' : ` at ${date.toISOString()}`;
}

/** The fields by which Kling and the gateway find a task again. The gateway sets them on every create. */
export interface TaskIdentity {
  /** Sent as `external_task_id`. */
  readonly externalTaskId: string | null;
  /** Sent as `callback_url`; null if the gateway has no public address. */
  readonly callbackUrl: string | null;
}
