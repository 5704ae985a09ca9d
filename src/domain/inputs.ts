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
import { checkPlacement, type Placement, type PlacementInput } from './placement.ts';
import type { Face } from './records.ts';
import { checkUrl, type UrlPurpose } from './url.ts';

/** What callers hand in, as GraphQL has typed it and nothing has checked it. `@oneOf` objects have exactly one key. */

export interface CreateVoiceInput {
  readonly name: string;
  readonly source: { readonly url?: string | null; readonly videoId?: string | null };
  readonly externalId?: string | null;
}

export interface VoiceRequest {
  readonly name: string;
  /** A sound or video file at a URL, or a video that Kling made. */
  readonly source: VideoSource;
}

/** The longest name of a voice, in characters (Kling's custom voice page, 2026-09). */
export const VOICE_NAME_CHARS_MAX = 20;

/** The name comes back trimmed. How long the recording is (5 to 30 s), and whether one person speaks, Kling finds out. */
export function checkCreateVoiceInput(input: CreateVoiceInput, path: Path = ['input']): Validation<VoiceRequest> {
  return checkAll<VoiceRequest>(
    {
      name: checkText(input.name, { charsMax: VOICE_NAME_CHARS_MAX, lines: 'one' }, [...path, 'name']),
      source: checkVideoSource(input.source, 'voice', [...path, 'source']),
    },
    issuesOf(checkCallerKey(input.externalId, [...path, 'externalId'])),
  );
}

export interface DeleteVoiceInput {
  readonly voiceId: string;
}

export interface IdentifyFacesInput {
  readonly video: { readonly url?: string | null; readonly videoId?: string | null };
  readonly idempotencyKey?: string | null;
}

export interface FaceScanRequest {
  readonly video: VideoSource;
}

/** Size, length and resolution of the video are Kling's to judge: the gateway never fetches it. */
export function checkIdentifyFacesInput(
  input: IdentifyFacesInput,
  path: Path = ['input'],
): Validation<FaceScanRequest> {
  return checkAll<FaceScanRequest>(
    { video: checkVideoSource(input.video, 'video', [...path, 'video']) },
    issuesOf(checkCallerKey(input.idempotencyKey, [...path, 'idempotencyKey'])),
  );
}

/** Where a video comes from: exactly one of the two is set. */
export type VideoSource =
  | { readonly url: string; readonly videoId?: never }
  | { readonly videoId: string; readonly url?: never };

/** Where Kling is to get the video from (for a voice: the video or the sound). */
export function checkVideoSource(
  source: IdentifyFacesInput['video'],
  purpose: UrlPurpose,
  path: Path,
): Validation<VideoSource> {
  const url = source.url ?? null;
  const videoId = source.videoId ?? null;
  if (url !== null && videoId === null) {
    return mapValidation(checkUrl(url, purpose, [...path, 'url']), (value) => ({ url: value }));
  }
  if (videoId !== null && url === null) {
    return mapValidation(checkKlingId(videoId, [...path, 'videoId']), (value) => ({ videoId: value }));
  }
  return { ok: false, issues: [{ path, message: 'must have exactly one of url and videoId' }] };
}

export interface SynthesizeSpeechInput {
  readonly text: string;
  readonly voiceId: string;
  readonly language: 'zh' | 'en';
  readonly speed?: number | null;
  readonly idempotencyKey?: string | null;
}

export interface SpeechRequest {
  readonly text: string;
  /** A text-to-speech voice: another id space than preset and custom voices. */
  readonly voiceId: string;
  readonly language: 'zh' | 'en';
  /** 0.8 to 2.0. */
  readonly speed: number;
}

/** The longest text that Kling speaks, in characters. */
export const SPEECH_CHARS_MAX = 1000;

/** How fast Kling speaks: 1 is the voice's own speed. */
export const SPEECH_SPEED = { min: 0.8, max: 2, fallback: 1 } as const;

/** The text is kept as it came, blanks at its ends too. Whether the voice exists and speaks the language, Kling tells. */
export function checkSynthesizeSpeechInput(
  input: SynthesizeSpeechInput,
  path: Path = ['input'],
): Validation<SpeechRequest> {
  return checkAll<SpeechRequest>(
    {
      text: checkText(input.text, { charsMax: SPEECH_CHARS_MAX, lines: 'many' }, [...path, 'text']),
      voiceId: checkKlingId(input.voiceId, [...path, 'voiceId']),
      language: { ok: true, value: input.language },
      speed: checkRange(input.speed, SPEECH_SPEED, [...path, 'speed']),
    },
    issuesOf(checkCallerKey(input.idempotencyKey, [...path, 'idempotencyKey'])),
  );
}

export interface CreateLipSyncTaskInput {
  /** `<scan id>:<Kling's face id>`; null when the caller's id was not a face's at all. */
  readonly faceId: string | null;
  readonly sound: {
    readonly audioId?: string | null;
    readonly url?: string | null;
    readonly base64?: string | null;
  };
  readonly placement: PlacementInput;
  readonly soundVolume?: number | null;
  readonly originalAudioVolume?: number | null;
  readonly watermark?: boolean | null;
  readonly externalId?: string | null;
}

/** Where a sound comes from: made by text-to-speech, at a URL, or the bytes themselves in base64 (without a `data:` prefix). */
export type AudioSource =
  | { readonly audioId: string; readonly url?: never; readonly base64?: never }
  | { readonly url: string; readonly audioId?: never; readonly base64?: never }
  | { readonly base64: string; readonly audioId?: never; readonly url?: never };

export interface LipSyncRequest {
  readonly sessionId: string;
  readonly faceId: string;
  readonly sound: AudioSource;
  readonly placement: Placement;
  /** 0 to 2; 1 leaves it as it is. */
  readonly soundVolume: number;
  readonly originalAudioVolume: number;
  readonly watermark: boolean;
}

/** How loud a sound is: 1 leaves it as it is. */
export const VOLUME = { min: 0, max: 2, fallback: 1 } as const;

/** What the gateway has stored about the things that the input names. */
export interface LipSyncFacts {
  /** Null when there is no such face, or none that the caller may see. */
  readonly face: Face | null;
  /** Of the face's scan; null along with the face. */
  readonly sessionId: string | null;
  readonly scanExpiresAtMs: number | null;
  readonly now: number;
  /** Of the speech that `audioId` names; null when not known. */
  readonly audioDurationMs: number | null;
}

/**
 * Everything about a lip-sync that can be told before Kling is asked. A face that is missing or has expired is reported
 * together with whatever else is wrong. The length of a WAV is measured, and wins over what anyone says of it.
 */
export function checkLipSyncInput(
  input: CreateLipSyncTaskInput,
  path: Path,
  facts: LipSyncFacts,
): Validation<LipSyncRequest> {
  const { face } = facts;
  const facePath = [...path, 'faceId'];
  const audioPath = [...path, 'sound'];
  const audio = checkAudio(input.sound, audioPath);
  const checked = checkAll<{ readonly face: ChosenFace; readonly rest: Omit<LipSyncRequest, keyof ChosenFace> }>(
    {
      face: checkFace(facts, facePath),
      rest: checkAll<Omit<LipSyncRequest, keyof ChosenFace>>({
        sound: mapValidation(audio, ({ source }) => source),
        placement: checkPlacement(input.placement, [...path, 'placement'], {
          face: face === null ? null : { startMs: face.startMs, endMs: face.endMs, path: facePath },
          audio: knownLength(audio, input.sound, audioPath, facts),
        }),
        soundVolume: checkRange(input.soundVolume, VOLUME, [...path, 'soundVolume']),
        originalAudioVolume: checkRange(input.originalAudioVolume, VOLUME, [...path, 'originalAudioVolume']),
        watermark: { ok: true, value: input.watermark ?? false },
      }),
    },
    issuesOf(checkCallerKey(input.externalId, [...path, 'externalId'])),
  );
  return mapValidation(checked, (value) => ({ ...value.face, ...value.rest }));
}

type AudioInput = CreateLipSyncTaskInput['sound'];

type ChosenFace = Pick<LipSyncRequest, 'sessionId' | 'faceId'>;

/** `durationMs` is null where it could not be measured. */
interface ChosenAudio {
  readonly source: AudioSource;
  readonly durationMs: number | null;
}

function checkAudio(input: AudioInput, path: Path): Validation<ChosenAudio> {
  const audioId = input.audioId ?? null;
  const url = input.url ?? null;
  const base64 = input.base64 ?? null;
  if ([audioId, url, base64].filter((given) => given !== null).length === 1) {
    if (audioId !== null) {
      const checked = checkKlingId(audioId, [...path, 'audioId']);
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
  return { ok: false, issues: [{ path, message: 'must have exactly one of audioId, url and base64' }] };
}

function knownLength(audio: Validation<ChosenAudio>, input: AudioInput, path: Path, facts: LipSyncFacts) {
  if (audio.ok && audio.value.durationMs !== null) {
    return { durationMs: audio.value.durationMs, path: [...path, 'base64'] };
  }
  const spoken = (input.audioId ?? null) !== null && facts.audioDurationMs !== null;
  return spoken ? { durationMs: facts.audioDurationMs, path: [...path, 'audioId'] } : null;
}

function checkFace({ face, sessionId, scanExpiresAtMs, now }: LipSyncFacts, path: Path): Validation<ChosenFace> {
  if (face === null || sessionId === null || scanExpiresAtMs === null) {
    const message = 'no such face: identify the faces of the video, and choose one of them';
    return { ok: false, issues: [{ path, message }] };
  }
  if (now < scanExpiresAtMs) return { ok: true, value: { sessionId, faceId: face.faceId } };
  const message = `expired${isoTime(scanExpiresAtMs)}: faces can be used for 24 hours; identify them again`;
  return { ok: false, issues: [{ path, message }] };
}

function isoTime(timeMs: number): string {
  const date = new Date(timeMs);
  return Number.isNaN(date.getTime()) ? '' : ` at ${date.toISOString()}`;
}

/** How a task is found again: set on every create by the gateway, never by its callers. */
export interface TaskIdentity {
  /** Sent as `external_task_id`. */
  readonly externalTaskId: string | null;
  /** Sent as `callback_url`; null where the gateway has no public address. */
  readonly callbackUrl: string | null;
}
