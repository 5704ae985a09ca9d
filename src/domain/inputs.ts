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
} from './check.ts';
import { checkNotes, type Metadata } from './task.ts';
import { checkPlacement, MEDIA_MARGIN_MS, type PlacedInput, type Placement } from './placement.ts';
import type { Face } from './records.ts';
import {
  type AudioFacts,
  type AudioInput,
  type AudioSource,
  checkAudio,
  checkVideoSource,
  type FindMedia,
  knownLength,
  refused,
  type VideoInput,
  type VideoSource,
} from './sources.ts';
import { languagesOf, type SpeechLanguage } from './speech-voices.ts';

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
 * Without `find`, a file is not checked.
 */
export function checkCreateVoiceTaskInput(
  input: CreateVoiceTaskInput,
  path: Path = ['input'],
  localHost: string | null = null,
  find?: FindMedia,
): Validation<VoiceRequest> {
  return checkAll<VoiceRequest>(
    {
      name: checkText(input.name, { charsMax: VOICE_NAME_CHARS_MAX, lines: 'one' }, [...path, 'name']),
      source: checkVideoSource(input.sample, 'voice', [...path, 'sample'], localHost, find),
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
 * never fetches it. Without `find`, a file is not checked.
 */
export function checkIdentifyFacesInput(
  input: IdentifyFacesInput,
  path: Path = [],
  localHost: string | null = null,
  find?: FindMedia,
): Validation<FaceScanRequest> {
  return checkAll<FaceScanRequest>(
    { video: checkVideoSource(input.video, 'video', [...path, 'video'], localHost, find) },
    issuesOf(checkCallerKey(input.externalId, [...path, 'externalId'])),
  );
}

/** A text to speak. */
export interface SpeechInput {
  readonly text: string;
  readonly klingVoiceId: string;
  /** Null for the language of a listed voice. */
  readonly language?: SpeechLanguage | null;
  readonly speed?: number | null;
}

/** The arguments of `synthesizeSpeech`. */
export interface SynthesizeSpeechInput {
  readonly speech: SpeechInput;
  readonly externalId?: string | null;
  /** True if `klingVoiceId` is known to be a preset voice, or is the id of a `Voice`. */
  readonly isVideoVoice?: boolean;
}

/** A checked request to speak a text. */
export interface SpeechRequest {
  readonly text: string;
  /** A text-to-speech voice. Its ids differ from those of preset and custom voices. */
  readonly voiceId: string;
  readonly language: SpeechLanguage;
  /** 0.8 to 2.0. */
  readonly speed: number;
}

/** The most characters that Kling speaks. */
export const SPEECH_CHARS_MAX = 1000;

/** The speed of speech. 1 is the voice's own speed. */
export const SPEECH_SPEED = { min: 0.8, max: 2, fallback: 1 } as const;

/**
 * Checks the arguments of `synthesizeSpeech`. Keeps blanks around the text. Kling checks that the voice speaks a language
 * that was given.
 */
export function checkSynthesizeSpeechInput(
  { speech, externalId, isVideoVoice = false }: SynthesizeSpeechInput,
  path: Path = [],
): Validation<SpeechRequest> {
  const voicePath = [...path, 'speech', 'klingVoiceId'];
  const voiceId: Validation<string> = isVideoVoice
    ? refused(voicePath, 'VOICE_CANNOT_SPEAK', CANNOT_SPEAK)
    : checkKlingId(speech.klingVoiceId, voicePath);
  return checkAll<SpeechRequest>(
    {
      text: checkText(speech.text, { charsMax: SPEECH_CHARS_MAX, lines: 'many' }, [...path, 'speech', 'text']),
      voiceId,
      // Without a usable voice, a missing language is no problem of its own.
      language: voiceId.ok ? checkLanguage(speech, [...path, 'speech', 'language']) : { ok: true, value: 'en' },
      speed: checkRange(speech.speed, SPEECH_SPEED, [...path, 'speech', 'speed']),
    },
    issuesOf(checkCallerKey(externalId, [...path, 'externalId'])),
  );
}

const CANNOT_SPEAK =
  "is a voice for Kling's video models, which text-to-speech cannot use: take a klingVoiceId of `speechVoices`";

/** Returns the given language, or else that of the voice. Null if the voice is not listed, or is listed in several. */
export function languageOf({ language, klingVoiceId }: SpeechInput): SpeechLanguage | null {
  if (language !== undefined && language !== null) return language;
  const [only = null, ...others] = languagesOf(klingVoiceId);
  return others.length === 0 ? only : null;
}

function checkLanguage(speech: SpeechInput, path: Path): Validation<SpeechLanguage> {
  const value = languageOf(speech);
  if (value !== null) return { ok: true, value };
  const isListed = languagesOf(speech.klingVoiceId).length > 0;
  const message = `must be EN or ZH: this voice is ${isListed ? 'in `speechVoices` for both' : 'not in `speechVoices`'}`;
  return refused(path, 'OUT_OF_RANGE', message);
}

/** The input of `createLipSyncTask`. */
export interface CreateLipSyncTaskInput extends PlacedInput {
  readonly face: FaceInput;
  readonly audio: AudioInput;
  readonly audioVolume?: number | null;
  readonly originalAudioVolume?: number | null;
  readonly watermark?: boolean | null;
  readonly externalId?: string | null;
  readonly label?: string | null;
  readonly metadata?: readonly Metadata[];
  readonly webhookUrl?: string | null;
}

/** A face as callers name it. Exactly one of the two is given. */
export interface FaceInput {
  /** `<scan id>:<Kling's face id>`; empty if the caller's id is not an id of a face. */
  readonly faceId?: string | null;
  readonly klingFace?: KlingFaceInput | null;
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

/** The volume of audio. 1 is unchanged. */
export const VOLUME = { min: 0, max: 2, fallback: 1 } as const;

/** The stored facts about the face and the audio that an input names. */
export interface LipSyncFacts extends AudioFacts {
  /** Null if the tenant has no such face. */
  readonly face: Face | null;
  /** Kling's session of the tenant's scan that the input names; null if the tenant has no such scan. */
  readonly sessionId: string | null;
  /** Null if `sessionId` is null. */
  readonly scanExpiresAtMs: number | null;
  /** The length of the scanned video as the gateway has measured it. Missing unless the video is a file. */
  readonly videoFileMs?: number;
  readonly now: number;
}

/**
 * Checks the input of `createLipSyncTask` as far as possible without Kling. Reports a missing or expired face together with
 * all other issues. Leaves the face of a scan that was made elsewhere to Kling. The measured length of a WAV overrides the
 * caller's hint.
 */
export function checkLipSyncInput(
  input: CreateLipSyncTaskInput,
  path: Path,
  facts: LipSyncFacts,
): Validation<LipSyncRequest> {
  const { face } = facts;
  const facePath = pathOfFace(input.face, [...path, 'face']);
  const audioPath = [...path, 'audio'];
  const audio = checkAudio(input.audio, facts, audioPath);
  const checked = checkAll<{ readonly face: ChosenFace; readonly rest: Omit<LipSyncRequest, keyof ChosenFace> }>(
    {
      face: checkFace(input.face, facts, [...path, 'face']),
      rest: checkAll<Omit<LipSyncRequest, keyof ChosenFace>>({
        sound: mapValidation(audio, ({ source }) => source),
        placement: checkPlacement(input, path, {
          face: face === null ? null : { startMs: face.startMs, endMs: face.endMs, path: facePath },
          audio: knownLength(audio, input.audio, audioPath, facts),
          video: facts.videoFileMs === undefined ? null : { durationMs: facts.videoFileMs, marginMs: MEDIA_MARGIN_MS },
        }),
        soundVolume: checkRange(input.audioVolume, VOLUME, [...path, 'audioVolume']),
        originalAudioVolume: checkRange(input.originalAudioVolume, VOLUME, [...path, 'originalAudioVolume']),
        watermark: { ok: true, value: input.watermark ?? false },
      }),
    },
    [...issuesOf(checkCallerKey(input.externalId, [...path, 'externalId'])), ...issuesOf(checkNotes(input, path))],
  );
  return mapValidation(checked, (value) => ({ ...value.face, ...value.rest }));
}

type ChosenFace = Pick<LipSyncRequest, 'sessionId' | 'faceId'>;

/** Returns the path of the id that names the face within its scan. */
function pathOfFace({ faceId }: FaceInput, path: Path): Path {
  return typeof faceId === 'string' ? [...path, 'faceId'] : [...path, 'klingFace', 'klingFaceId'];
}

function checkFace(input: FaceInput, facts: LipSyncFacts, path: Path): Validation<ChosenFace> {
  const { faceId = null, klingFace = null } = input;
  if (faceId !== null && klingFace === null) return checkFaceId(faceId, facts, [...path, 'faceId']);
  if (klingFace !== null && faceId === null) return checkKlingFace(klingFace, facts, [...path, 'klingFace']);
  return refused(path, 'OUT_OF_RANGE', 'must have exactly one of faceId and klingFace');
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
