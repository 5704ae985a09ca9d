import { checkInlineAudio } from './audio.ts';
import { checkKlingId, mapValidation, type Path, refused, toValidation, type Validation } from './check.ts';
import { type MediaRecord, mediaNotReady, useProblems } from './media.ts';
import { MEDIA_MARGIN_MS, type PlacementFacts } from './placement.ts';
import type { LipSyncTask } from './records.ts';
import { checkSpoken, type SpeechRequest, type SpokenInput } from './speech.ts';
import { isFinal } from './task.ts';
import { checkFileUrl, type UrlPurpose } from './url.ts';

/** A task as callers name it. Exactly one of the two is given. */
export interface TaskReferenceInput {
  /** The id of a lip-sync task; empty if the caller's id is not an id of one. */
  readonly id?: string | null;
  readonly externalId?: string | null;
}

/** A video, or the recording of a voice. Exactly one of the four is given. */
export interface VideoInput {
  /** The id of a file of the tenant; empty if the caller's id is not an id of a file. */
  readonly mediaId?: string | null;
  readonly url?: string | null;
  readonly klingVideoId?: string | null;
  /** The lip-sync task whose result is the video. */
  readonly task?: TaskReferenceInput | null;
}

/** Audio as callers name it. Exactly one of the six is given. */
export interface AudioInput {
  /** As `VideoInput.mediaId`. */
  readonly mediaId?: string | null;
  readonly url?: string | null;
  readonly base64?: string | null;
  /** Kling's id of a speech of the tenant; empty if the caller's id is not an id of a speech. */
  readonly speechId?: string | null;
  readonly klingAudioId?: string | null;
  /** A text that is still to be spoken. */
  readonly speech?: SpokenInput | null;
}

/** A file of the tenant. Its URL is minted when the request is sent, and is stored nowhere. */
export interface FileSource {
  readonly mediaId: string;
  readonly url?: never;
  readonly taskId?: never;
  readonly videoId?: never;
  readonly audioId?: never;
  readonly base64?: never;
}

/** The source of a video. Exactly one of the three is set. Invariant: queued tasks store it, so its keys must not be renamed. */
export type VideoSource =
  | FileSource
  | { readonly url: string; readonly videoId?: never; readonly mediaId?: never; readonly taskId?: never }
  | { readonly videoId: string; readonly url?: never; readonly mediaId?: never; readonly taskId?: never };

/** The source of audio: a file, text-to-speech, a URL, or bytes in base64 without a `data:` prefix. Stored as `VideoSource`. */
export type AudioSource =
  | FileSource
  | { readonly audioId: string; readonly url?: never; readonly base64?: never; readonly mediaId?: never }
  | { readonly url: string; readonly audioId?: never; readonly base64?: never; readonly mediaId?: never }
  | { readonly base64: string; readonly audioId?: never; readonly url?: never; readonly mediaId?: never };

/** A request as Kling gets it: a file has become a URL. */
export type Sent<Request> = { readonly [Key in keyof Request]: Exclude<Request[Key], FileSource> };

/** The result of a task that has not succeeded yet. */
export interface AwaitedVideo {
  readonly taskId: string;
  readonly url?: never;
  readonly videoId?: never;
  readonly mediaId?: never;
}

/** Returns a file of the tenant; null if there is no such file. */
export type FindMedia = (mediaId: string) => MediaRecord | null;

/** Returns a lip-sync of the tenant; null if there is no such task. */
export type FindLipSync = (reference: TaskReferenceInput) => LipSyncTask | null;

/** The objects of the tenant that an input may name. Without a function, such an object is not checked. */
export interface SourceFacts {
  readonly findMedia?: FindMedia | undefined;
  readonly findLipSync?: FindLipSync | undefined;
  /** The host of a sandbox that takes the place of Kling. See `checkFileUrl`. */
  readonly localHost?: string | null;
}

/** Checks where Kling gets a video from, or the recording of a voice. A file and a task must be ready. */
export function checkVideoSource(
  source: VideoInput,
  purpose: UrlPurpose,
  path: Path,
  facts: SourceFacts,
): Validation<VideoSource> {
  const checked = checkAwaitedVideo(source, purpose, path, facts);
  if (!checked.ok) return checked;
  const { value } = checked;
  if (value.taskId === undefined) return notReady(value, facts, [...path, 'mediaId']) ?? { ok: true, value };
  return refused([...path, 'task'], 'MEDIA_NOT_READY', 'has not succeeded yet: only a lip-sync task waits for it');
}

/** As `checkVideoSource`, for a caller that waits for an upload and for a task that makes the video. */
export function checkAwaitedVideo(
  source: VideoInput,
  purpose: UrlPurpose,
  path: Path,
  facts: SourceFacts,
): Validation<VideoSource | AwaitedVideo> {
  const { findMedia: find, localHost = null } = facts;
  const { mediaId = null, url = null, klingVideoId = null, task = null } = source;
  if ([mediaId, url, klingVideoId, task].filter((given) => given !== null).length === 1) {
    if (mediaId !== null) return checkFile(mediaId, purpose, [...path, 'mediaId'], find);
    if (task !== null) return checkMakingTask(task, facts, [...path, 'task']);
    if (url !== null) {
      return mapValidation(checkFileUrl(url, purpose, [...path, 'url'], localHost), (value) => ({ url: value }));
    }
    if (klingVideoId !== null) {
      const checked = checkKlingId(klingVideoId, [...path, 'klingVideoId']);
      return mapValidation(checked, (value) => ({ videoId: value }));
    }
  }
  const names = purpose === 'voice' ? 'mediaId, url and klingVideoId' : 'mediaId, url, task and klingVideoId';
  return refused(path, 'OUT_OF_RANGE', `must have exactly one of ${names}`);
}

/** Checks the task that makes a video. The result of one that has succeeded is a video at Kling. */
function checkMakingTask(
  reference: TaskReferenceInput,
  { findLipSync }: SourceFacts,
  path: Path,
): Validation<VideoSource | AwaitedVideo> {
  if (reference.id === '') return refused([...path, 'id'], 'WRONG_ID_TYPE', 'is not the id of a LipSyncTask');
  const task = findLipSync?.(reference) ?? null;
  if (task === null) return refused(path, 'NOT_FOUND', 'no such lip-sync task: see `tasks`');
  if (!isFinal(task.status)) return { ok: true, value: { taskId: task.id } };
  const [video] = task.videos;
  if (task.status === 'SUCCEEDED' && video !== undefined && video.videoId !== '') {
    return { ok: true, value: { videoId: video.videoId } };
  }
  return refused(path, 'NOT_FOUND', `this task has made no video: it is ${task.status}`);
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
  const problems = useProblems(media, purpose, path).filter(({ code }) => code !== 'MEDIA_NOT_READY');
  return toValidation({ mediaId }, problems);
}

/** Returns the refusal of a file that is not ready; null for any other source. */
function notReady(
  { mediaId }: { readonly mediaId?: string | undefined },
  { findMedia }: SourceFacts,
  path: Path,
): Validation<never> | null {
  const media = mediaId === undefined ? null : (findMedia?.(mediaId) ?? null);
  if (media === null || media.status === 'READY') return null;
  return { ok: false, issues: [mediaNotReady(media.status, path)] };
}

/** The stored facts about the audio that an input names. */
export interface AudioFacts extends SourceFacts {
  /** Whether the tenant has the speech that the input names. */
  readonly hasSpeech: boolean;
  /** The length of the speech that the input names; null if unknown. */
  readonly audioDurationMs: number | null;
}

/** The source of the audio, and its length; null if it was not measured, or not yet. */
export interface ChosenAudio {
  readonly source: AudioSource | { readonly speech: SpeechRequest };
  readonly durationMs: number | null;
}

/** Checks where Kling gets the audio of a lip-sync from. An upload that is not finished is waited for. */
export function checkAudio(input: AudioInput, facts: AudioFacts, path: Path): Validation<ChosenAudio> {
  const { mediaId = null, speechId = null, klingAudioId = null, url = null, base64 = null, speech = null } = input;
  if ([mediaId, speechId, klingAudioId, url, base64, speech].filter((given) => given !== null).length === 1) {
    if (speech !== null) {
      return mapValidation(checkSpoken(speech, [...path, 'speech']), (value) => ({
        source: { speech: value },
        durationMs: null,
      }));
    }
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
  return refused(
    path,
    'OUT_OF_RANGE',
    'must have exactly one of mediaId, url, base64, speech, speechId and klingAudioId',
  );
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
    if (!('mediaId' in source) || source.mediaId === undefined) return { durationMs, path: [...path, 'base64'] };
    return { durationMs, marginMs: MEDIA_MARGIN_MS, path: [...path, 'mediaId'] };
  }
  if (audioDurationMs === null || spokenIdOf(input) === null) return null;
  const field = typeof input.speechId === 'string' ? 'speechId' : 'klingAudioId';
  return { durationMs: audioDurationMs, path: [...path, field] };
}
