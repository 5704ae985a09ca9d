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
import { checkUrl, type UrlPurpose } from './url.ts';

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
): Validation<VoiceRequest> {
  return checkAll<VoiceRequest>(
    {
      name: checkText(input.name, { charsMax: VOICE_NAME_CHARS_MAX, lines: 'one' }, [...path, 'name']),
      source: checkVideoSource(input.sample, 'voice', [...path, 'sample']),
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
export function checkIdentifyFacesInput(input: IdentifyFacesInput, path: Path = []): Validation<FaceScanRequest> {
  return checkAll<FaceScanRequest>(
    { video: checkVideoSource(input.video, 'video', [...path, 'video']) },
    issuesOf(checkCallerKey(input.externalId, [...path, 'externalId'])),
  );
}

/** The source of a video. Exactly one of the two is set. */
export type VideoSource =
  | { readonly url: string; readonly videoId?: never }
  | { readonly videoId: string; readonly url?: never };

/** Checks where Kling gets a video from, or the recording of a voice. */
function checkVideoSource(source: VideoInput, purpose: UrlPurpose, path: Path): Validation<VideoSource> {
  const url = source.url ?? null;
  const videoId = source.klingVideoId ?? null;
  if (url !== null && videoId === null) {
    return mapValidation(checkUrl(url, purpose, [...path, 'url']), (value) => ({ url: value }));
  }
  if (videoId !== null && url === null) {
    return mapValidation(checkKlingId(videoId, [...path, 'klingVideoId']), (value) => ({ videoId: value }));
  }
  return {
    ok: false,
    issues: [{ path, code: 'OUT_OF_RANGE', message: 'must have exactly one of url and klingVideoId' }],
  };
}

/** A text to speak. */
export interface SpeechInput {
  readonly text: string;
  readonly klingVoiceId: string;
  readonly language: 'zh' | 'en';
  readonly speed?: number | null;
}

/** The arguments of `synthesizeSpeech`. */
export interface SynthesizeSpeechInput {
  readonly speech: SpeechInput;
  readonly externalId?: string | null;
}

/** A checked request to speak a text. */
export interface SpeechRequest {
  readonly text: string;
  /** A text-to-speech voice. Its ids differ from those of preset and custom voices. */
  readonly voiceId: string;
  readonly language: 'zh' | 'en';
  /** 0.8 to 2.0. */
  readonly speed: number;
}

/** The most characters that Kling speaks. */
export const SPEECH_CHARS_MAX = 1000;

/** The speed of speech. 1 is the voice's own speed. */
export const SPEECH_SPEED = { min: 0.8, max: 2, fallback: 1 } as const;

/** Checks the arguments of `synthesizeSpeech`. Keeps blanks around the text. Kling checks that the voice speaks the language. */
export function checkSynthesizeSpeechInput(
  { speech, externalId }: SynthesizeSpeechInput,
  path: Path = [],
): Validation<SpeechRequest> {
  return checkAll<SpeechRequest>(
    {
      text: checkText(speech.text, { charsMax: SPEECH_CHARS_MAX, lines: 'many' }, [...path, 'speech', 'text']),
      voiceId: checkKlingId(speech.klingVoiceId, [...path, 'speech', 'klingVoiceId']),
      language: { ok: true, value: speech.language },
      speed: checkRange(speech.speed, SPEECH_SPEED, [...path, 'speech', 'speed']),
    },
    issuesOf(checkCallerKey(externalId, [...path, 'externalId'])),
  );
}

/** The input of `createLipSyncTask`. */
export interface CreateLipSyncTaskInput extends PlacedInput {
  /** `<scan id>:<Kling's face id>`; null if the caller's id is not an id of a face. */
  readonly faceId: string | null;
  readonly audio: AudioInput;
  readonly audioVolume?: number | null;
  readonly originalAudioVolume?: number | null;
  readonly watermark?: boolean | null;
  readonly externalId?: string | null;
  readonly label?: string | null;
  readonly metadata?: readonly Metadata[];
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
  /** Null if the face does not exist or belongs to another tenant. */
  readonly face: Face | null;
  /** Kling's session of the face's scan; null if `face` is null. */
  readonly sessionId: string | null;
  readonly scanExpiresAtMs: number | null;
  readonly now: number;
  /** Whether the tenant has the speech that the input names. */
  readonly hasSpeech: boolean;
  /** The length of the speech that the input names; null if unknown. */
  readonly audioDurationMs: number | null;
}

/**
 * Checks the input of `createLipSyncTask` as far as possible without Kling. Reports a missing or expired face together with
 * all other issues. The measured length of a WAV overrides the caller's hint.
 */
export function checkLipSyncInput(
  input: CreateLipSyncTaskInput,
  path: Path,
  facts: LipSyncFacts,
): Validation<LipSyncRequest> {
  const { face } = facts;
  const facePath = [...path, 'faceId'];
  const audioPath = [...path, 'audio'];
  const audio = checkAudio(input.audio, facts, audioPath);
  const checked = checkAll<{ readonly face: ChosenFace; readonly rest: Omit<LipSyncRequest, keyof ChosenFace> }>(
    {
      face: checkFace(input.faceId, facts, facePath),
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
      const checked = checkUrl(url, 'audio', [...path, 'url']);
      return mapValidation(checked, (value) => ({ source: { url: value }, durationMs: null }));
    }
    if (base64 !== null) {
      const checked = checkInlineAudio(base64, [...path, 'base64']);
      return mapValidation(checked, (value) => ({ source: { base64: value.base64 }, durationMs: value.durationMs }));
    }
  }
  const message = 'must have exactly one of url, base64, speechId and klingAudioId';
  return { ok: false, issues: [{ path, code: 'OUT_OF_RANGE', message }] };
}

function checkSpeech(speechId: string, { hasSpeech }: LipSyncFacts, path: Path): Validation<ChosenAudio> {
  if (hasSpeech) return { ok: true, value: { source: { audioId: speechId }, durationMs: null } };
  const issue =
    speechId === ''
      ? { path, code: 'WRONG_ID_TYPE' as const, message: 'is not the id of a Speech' }
      : { path, code: 'NOT_FOUND' as const, message: 'no such speech: see `speeches`' };
  return { ok: false, issues: [issue] };
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

function checkFace(
  faceId: string | null,
  { face, sessionId, scanExpiresAtMs, now }: LipSyncFacts,
  path: Path,
): Validation<ChosenFace> {
  if (faceId === null) {
    const message = 'is not the id of a Face: identify the faces of the video, and choose one of them';
    return { ok: false, issues: [{ path, code: 'WRONG_ID_TYPE', message }] };
  }
  if (face === null || sessionId === null || scanExpiresAtMs === null) {
    const message = 'no such face: identify the faces of the video, and choose one of them';
    return { ok: false, issues: [{ path, code: 'NOT_FOUND', message }] };
  }
  if (now < scanExpiresAtMs) return { ok: true, value: { sessionId, faceId: face.faceId } };
  const message = `expired${isoTime(scanExpiresAtMs)}: faces can be used for 24 hours; identify them again`;
  return { ok: false, issues: [{ path, code: 'EXPIRED', message }] };
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
