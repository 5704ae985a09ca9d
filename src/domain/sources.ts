import type { IssueCode } from '../errors.ts';
import { checkInlineAudio } from './audio.ts';
import { checkKlingId, mapValidation, type Path, toValidation, type Validation } from './check.ts';
import type { MediaRecord } from './media.ts';
import { useProblems } from './media-check.ts';
import { MEDIA_MARGIN_MS, type PlacementFacts } from './placement.ts';
import { checkFileUrl, type UrlPurpose } from './url.ts';

/** A video, or the recording of a voice. Exactly one of the three is given. */
export interface VideoInput {
  /** The id of a file of the tenant; empty if the caller's id is not an id of a file. */
  readonly mediaId?: string | null;
  readonly url?: string | null;
  readonly klingVideoId?: string | null;
}

/** Audio as callers name it. Exactly one of the five is given. */
export interface AudioInput {
  /** As `VideoInput.mediaId`. */
  readonly mediaId?: string | null;
  readonly url?: string | null;
  readonly base64?: string | null;
  /** Kling's id of a speech of the tenant; empty if the caller's id is not an id of a speech. */
  readonly speechId?: string | null;
  readonly klingAudioId?: string | null;
}

/** A file of the tenant. Its URL is minted when the request is sent, and is stored nowhere. */
export interface FileSource {
  readonly mediaId: string;
  readonly url?: never;
  readonly videoId?: never;
  readonly audioId?: never;
  readonly base64?: never;
}

/** The source of a video. Exactly one of the three is set. Invariant: queued tasks store it, so its keys must not be renamed. */
export type VideoSource =
  | FileSource
  | { readonly url: string; readonly videoId?: never; readonly mediaId?: never }
  | { readonly videoId: string; readonly url?: never; readonly mediaId?: never };

/** The source of audio: a file, text-to-speech, a URL, or bytes in base64 without a `data:` prefix. Stored as `VideoSource`. */
export type AudioSource =
  | FileSource
  | { readonly audioId: string; readonly url?: never; readonly base64?: never; readonly mediaId?: never }
  | { readonly url: string; readonly audioId?: never; readonly base64?: never; readonly mediaId?: never }
  | { readonly base64: string; readonly audioId?: never; readonly url?: never; readonly mediaId?: never };

/** A request as Kling gets it: a file has become a URL. */
export type Sent<Request> = { readonly [Key in keyof Request]: Exclude<Request[Key], FileSource> };

/** Returns a file of the tenant; null if there is no such file. */
export type FindMedia = (mediaId: string) => MediaRecord | null;

/** Checks where Kling gets a video from, or the recording of a voice. Without `find`, a file is not checked. */
export function checkVideoSource(
  source: VideoInput,
  purpose: UrlPurpose,
  path: Path,
  localHost: string | null,
  find?: FindMedia,
): Validation<VideoSource> {
  const { mediaId = null, url = null, klingVideoId = null } = source;
  if ([mediaId, url, klingVideoId].filter((given) => given !== null).length === 1) {
    if (mediaId !== null) return checkFile(mediaId, purpose, [...path, 'mediaId'], find);
    if (url !== null) {
      return mapValidation(checkFileUrl(url, purpose, [...path, 'url'], localHost), (value) => ({ url: value }));
    }
    if (klingVideoId !== null) {
      const checked = checkKlingId(klingVideoId, [...path, 'klingVideoId']);
      return mapValidation(checked, (value) => ({ videoId: value }));
    }
  }
  return refused(path, 'OUT_OF_RANGE', 'must have exactly one of mediaId, url and klingVideoId');
}

function checkFile(
  mediaId: string,
  purpose: UrlPurpose,
  path: Path,
  find: FindMedia | undefined,
): Validation<FileSource> {
  if (mediaId === '') return refused(path, 'WRONG_ID_TYPE', 'is not the id of a Media');
  if (find === undefined) return { ok: true, value: { mediaId } };
  const media = find(mediaId);
  if (media === null) return refused(path, 'NOT_FOUND', 'no such file: see `media`');
  return toValidation({ mediaId }, useProblems(media, purpose, path));
}

/** The stored facts about the audio that an input names. */
export interface AudioFacts {
  /** Whether the tenant has the speech that the input names. */
  readonly hasSpeech: boolean;
  /** The length of the speech that the input names; null if unknown. */
  readonly audioDurationMs: number | null;
  /** The host of a sandbox that takes the place of Kling. See `checkFileUrl`. */
  readonly localHost?: string | null;
  /** Without it, a file is not checked. */
  readonly findMedia?: FindMedia;
}

/** The source of the audio, and its length; null if it was not measured. */
export interface ChosenAudio {
  readonly source: AudioSource;
  readonly durationMs: number | null;
}

/** Checks where Kling gets the audio of a lip-sync from. */
export function checkAudio(input: AudioInput, facts: AudioFacts, path: Path): Validation<ChosenAudio> {
  const { mediaId = null, speechId = null, klingAudioId = null, url = null, base64 = null } = input;
  if ([mediaId, speechId, klingAudioId, url, base64].filter((given) => given !== null).length === 1) {
    if (mediaId !== null) return checkAudioFile(mediaId, facts, [...path, 'mediaId']);
    if (speechId !== null) return checkSpeech(speechId, facts, [...path, 'speechId']);
    if (klingAudioId !== null) {
      const checked = checkKlingId(klingAudioId, [...path, 'klingAudioId']);
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
  return refused(path, 'OUT_OF_RANGE', 'must have exactly one of mediaId, url, base64, speechId and klingAudioId');
}

function checkAudioFile(mediaId: string, { findMedia }: AudioFacts, path: Path): Validation<ChosenAudio> {
  const durationMs = findMedia?.(mediaId)?.facts?.durationMs ?? null;
  return mapValidation(checkFile(mediaId, 'audio', path, findMedia), (source) => ({ source, durationMs }));
}

function checkSpeech(speechId: string, { hasSpeech }: AudioFacts, path: Path): Validation<ChosenAudio> {
  if (hasSpeech) return { ok: true, value: { source: { audioId: speechId }, durationMs: null } };
  if (speechId === '') return refused(path, 'WRONG_ID_TYPE', 'is not the id of a Speech');
  return refused(path, 'NOT_FOUND', 'no such speech: see `speeches`');
}

/** Returns Kling's id of the speech that an input names in either way. Null for other audio. */
export function spokenIdOf({ speechId, klingAudioId }: AudioInput): string | null {
  return speechId ?? klingAudioId ?? null;
}

/** Returns the length of the audio, and the path of the input that it is known from. Null if only the caller knows it. */
export function knownLength(
  audio: Validation<ChosenAudio>,
  input: AudioInput,
  path: Path,
  { audioDurationMs }: AudioFacts,
): PlacementFacts['audio'] {
  if (audio.ok && audio.value.durationMs !== null) {
    const { durationMs, source } = audio.value;
    if (source.mediaId === undefined) return { durationMs, path: [...path, 'base64'] };
    return { durationMs, marginMs: MEDIA_MARGIN_MS, path: [...path, 'mediaId'] };
  }
  if (audioDurationMs === null || spokenIdOf(input) === null) return null;
  const field = typeof input.speechId === 'string' ? 'speechId' : 'klingAudioId';
  return { durationMs: audioDurationMs, path: [...path, field] };
}

/** Returns one issue. */
export function refused(path: Path, code: IssueCode, message: string): Validation<never> {
  return { ok: false, issues: [{ path, code, message }] };
}
