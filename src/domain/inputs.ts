import type { IssueCode } from '../errors.ts';
import { checkInlineAudio } from './audio.ts';
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
import { checkNotes, type Metadata } from './notes.ts';
import { checkPlacement, type PlacedInput, type Placement } from './placement.ts';
import type { Face } from './records.ts';
import { languagesOf, type SpeechLanguage } from './speech-voices.ts';
import { checkFileUrl, type UrlPurpose } from './url.ts';

/** The input of `createVoiceTask`, typed by GraphQL and not yet checked. Objects with `@oneOf` have exactly one key. */
export interface CreateVoiceTaskInput {
  readonly name: string;
  readonly sample: VideoInput;
  readonly externalId?: string | null;
  readonly label?: string | null;
  readonly metadata?: readonly Metadata[];
}

/** A checked request to make a voice. Invariant: queued tasks store it as JSON, so its keys must not be renamed. */
export interface VoiceRequest {
  readonly name: string;
  /** An audio or video file at a URL, or a video that Kling made. */
  readonly source: VideoSource;
}

/** The most characters of a voice's name (Kling docs, custom voice page, 2026-09). */
const VOICE_NAME_CHARS_MAX = 20;

/** Checks the input of `createVoiceTask`, and trims the name. Kling checks the recording: 5 to 30 s, one speaker. */
export function checkCreateVoiceTaskInput(
  input: CreateVoiceTaskInput,
  path: Path = ['input'],
  localHost: string | null = null,
): Validation<VoiceRequest> {
  return checkAll<VoiceRequest>(
    {
      name: checkText(input.name, { charsMax: VOICE_NAME_CHARS_MAX, lines: 'one' }, [...path, 'name']),
      source: checkVideoSource(input.sample, 'voice', [...path, 'sample'], localHost),
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

/** A video, or the recording of a voice. Exactly one of the two is given. */
export interface VideoInput {
  readonly url?: string | null;
  readonly klingVideoId?: string | null;
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

/** Checks the arguments of `identifyFaces`. Kling checks size, length and resolution, because the gateway never fetches the video. */
export function checkIdentifyFacesInput(
  input: IdentifyFacesInput,
  path: Path = [],
  localHost: string | null = null,
): Validation<FaceScanRequest> {
  return checkAll<FaceScanRequest>(
    { video: checkVideoSource(input.video, 'video', [...path, 'video'], localHost) },
    issuesOf(checkCallerKey(input.externalId, [...path, 'externalId'])),
  );
}

/** The source of a video. Exactly one of the two is set. */
export type VideoSource =
  | { readonly url: string; readonly videoId?: never }
  | { readonly videoId: string; readonly url?: never };

function checkVideoSource(
  source: VideoInput,
  purpose: UrlPurpose,
  path: Path,
  localHost: string | null,
): Validation<VideoSource> {
  const url = source.url ?? null;
  const videoId = source.klingVideoId ?? null;
  if (url !== null && videoId === null) {
    return mapValidation(checkFileUrl(url, purpose, [...path, 'url'], localHost), (value) => ({ url: value }));
  }
  if (videoId !== null && url === null) {
    return mapValidation(checkKlingId(videoId, [...path, 'klingVideoId']), (value) => ({ videoId: value }));
  }
  return refused(path, 'OUT_OF_RANGE', 'must have exactly one of url and klingVideoId');
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

/** Audio as callers name it. Exactly one of the four is given. */
export interface AudioInput {
  readonly url?: string | null;
  readonly base64?: string | null;
  /** Kling's id of a speech of the tenant; empty if the caller's id is not an id of a speech. */
  readonly speechId?: string | null;
  readonly klingAudioId?: string | null;
}

/** The source of audio: text-to-speech, a URL, or bytes in base64 without a `data:` prefix. */
export type AudioSource =
  | { readonly audioId: string; readonly url?: never; readonly base64?: never }
  | { readonly url: string; readonly audioId?: never; readonly base64?: never }
  | { readonly base64: string; readonly audioId?: never; readonly url?: never };

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
export interface LipSyncFacts {
  /** Null if the tenant has no such face. */
  readonly face: Face | null;
  /** Kling's session of the tenant's scan that the input names; null if the tenant has no such scan. */
  readonly sessionId: string | null;
  /** Null if `sessionId` is null. */
  readonly scanExpiresAtMs: number | null;
  readonly now: number;
  /** Whether the tenant has the speech that the input names. */
  readonly hasSpeech: boolean;
  /** The length of the speech that the input names; null if unknown. */
  readonly audioDurationMs: number | null;
  /** The host of a sandbox that takes the place of Kling. See `checkFileUrl`. */
  readonly localHost?: string | null;
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

/** The source of the audio, and its length; null if it was not measured. */
interface ChosenAudio {
  readonly source: AudioSource;
  readonly durationMs: number | null;
}

function checkAudio(input: AudioInput, facts: LipSyncFacts, path: Path): Validation<ChosenAudio> {
  const speechId = input.speechId ?? null;
  const audioId = input.klingAudioId ?? null;
  const url = input.url ?? null;
  const base64 = input.base64 ?? null;
  if ([speechId, audioId, url, base64].filter((given) => given !== null).length === 1) {
    if (speechId !== null) return checkSpeech(speechId, facts, [...path, 'speechId']);
    if (audioId !== null) {
      const checked = checkKlingId(audioId, [...path, 'klingAudioId']);
      return mapValidation(checked, (value) => ({ source: { audioId: value }, durationMs: null }));
    }
    if (url !== null) {
      const checked = checkFileUrl(url, 'audio', [...path, 'url'], facts.localHost ?? null);
      return mapValidation(checked, (value) => ({ source: { url: value }, durationMs: null }));
    }
    if (base64 !== null) {
      const checked = checkInlineAudio(base64, [...path, 'base64']);
      return mapValidation(checked, (value) => ({ source: { base64: value.base64 }, durationMs: value.durationMs }));
    }
  }
  return refused(path, 'OUT_OF_RANGE', 'must have exactly one of url, base64, speechId and klingAudioId');
}

function checkSpeech(speechId: string, { hasSpeech }: LipSyncFacts, path: Path): Validation<ChosenAudio> {
  if (hasSpeech) return { ok: true, value: { source: { audioId: speechId }, durationMs: null } };
  if (speechId === '') return refused(path, 'WRONG_ID_TYPE', 'is not the id of a Speech');
  return refused(path, 'NOT_FOUND', 'no such speech: see `speeches`');
}

/** Returns Kling's id of the speech that an input names in either way. Null for other audio. */
export function spokenIdOf({ speechId, klingAudioId }: AudioInput): string | null {
  return speechId ?? klingAudioId ?? null;
}

function knownLength(audio: Validation<ChosenAudio>, input: AudioInput, path: Path, facts: LipSyncFacts) {
  if (audio.ok && audio.value.durationMs !== null) {
    return { durationMs: audio.value.durationMs, path: [...path, 'base64'] };
  }
  if (facts.audioDurationMs === null || spokenIdOf(input) === null) return null;
  const field = typeof input.speechId === 'string' ? 'speechId' : 'klingAudioId';
  return { durationMs: facts.audioDurationMs, path: [...path, field] };
}

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

function refused(path: Path, code: IssueCode, message: string): Validation<never> {
  return { ok: false, issues: [{ path, code, message }] };
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
