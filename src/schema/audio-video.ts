import type { StoredFile } from '../domain/media.ts';
import type { Placement } from '../domain/placement.ts';
import type { Archive, KeptAudio } from '../domain/records.ts';
import type { GeneratedVideo } from '../domain/task.ts';
import { withCost } from '../lib/field-cost.ts';
import { builder } from './builder.ts';
import { fileOf, fileUrlOf, MediaRef } from './media.ts';
import { SpeechInputRef, SpeechRef } from './speech.ts';

/** Kling makes one video for each lip-sync (lip-sync pages, 2026-09). */
export const VIDEOS_PER_TASK = 1;

/** A video that was given or made. A field is null if it is unknown. */
interface Video {
  readonly url: string | null;
  readonly watermarkUrl: string | null;
  /** When the video and its copy are deleted. */
  readonly expiresAtMs: number | null;
  readonly durationMs: number | null;
  readonly videoId: string | null;
  /** The file, if it was given as one. */
  readonly file: StoredFile | null;
  /** The task that makes it, if it was given as one. */
  readonly taskId: string | null;
  /** Missing unless it is a result of the caller's. */
  readonly result?: Result;
}

/** The parts of a result that the bucket keeps. */
interface Result {
  readonly file: StoredFile | null;
  readonly watermarkFile: StoredFile | null;
  /** When Kling deletes the video. A link to it is not shown after that. */
  readonly deletedAtMs: number | null;
}

export const VideoRef = builder.objectRef<Video>('Video').implement({
  description: 'A video, given or made. A field is null if it is unknown.',
  fields: (t) => ({
    url: t.field({
      type: 'URL',
      nullable: true,
      description:
        "Where to download it: the gateway's copy if there is one, else the URL that was given, that of the given file, or the one at Kling. Read it again instead of storing it. Null once it is deleted.",
      resolve: (video, _args, context) =>
        video.file === null
          ? (fileUrlOf(video.result?.file, context) ?? linkOf(video, 'url', context))
          : fileUrlOf(video.file, context),
    }),
    watermarkUrl: t.field({
      type: 'URL',
      nullable: true,
      description: "The copy with Kling's watermark. Null unless the task was made with `watermark: true`.",
      resolve: (video, _args, context) =>
        fileUrlOf(video.result?.watermarkFile, context) ?? linkOf(video, 'watermarkUrl', context),
    }),
    expiresAt: t.expose('expiresAtMs', {
      type: 'DateTime',
      nullable: true,
      description:
        'When `url` ends for good. Kling deletes its files 30 days after the end of the task; a copy may be kept longer. Null for a given video.',
    }),
    isArchived: t.boolean({
      description: "Whether `url` is that of the gateway's own copy. It is made soon after the end of the task.",
      resolve: ({ result }, _args, { files }) => files !== null && result !== undefined && result.file !== null,
    }),
    durationMs: t.exposeInt('durationMs', { nullable: true, description: 'Length in milliseconds.' }),
    media: t.field({
      type: MediaRef,
      nullable: true,
      description: 'The file, if it was given as one and is still kept.',
      extensions: withCost({ call: true }),
      resolve: ({ file }, _args, { ledger }) => (file === null ? null : ledger.mediaById(file.id)),
    }),
    klingVideoId: t.exposeString('videoId', {
      nullable: true,
      description: "Kling's id of the video. `VideoInput` and `VoiceSampleInput` take it.",
    }),
  }),
});

/** Returns a link of a video; null once Kling has deleted what it led to. */
function linkOf(video: Video, key: 'url' | 'watermarkUrl', { now }: { readonly now: () => number }): string | null {
  const deletedAtMs = video.result?.deletedAtMs ?? null;
  return deletedAtMs !== null && deletedAtMs <= now() ? null : video[key];
}

/** Converts what is known of a video. Kling may send a result without an id, which is stored as an empty one. */
export function toVideo(
  known: { readonly [Key in keyof Omit<Video, 'expiresAtMs' | 'result'>]?: Video[Key] | undefined },
  expiresAtMs: number | null = null,
): Video {
  return {
    url: known.url ?? null,
    watermarkUrl: known.watermarkUrl ?? null,
    expiresAtMs,
    durationMs: known.durationMs ?? null,
    videoId: known.videoId || null,
    file: known.file ?? null,
    taskId: known.taskId ?? null,
  };
}

/** Converts a result of a task. `deletedAtMs` is when Kling deletes it, and `at` its place among the results. */
export function toResultVideo(
  video: GeneratedVideo,
  at: number,
  deletedAtMs: number | null,
  archive: Archive | undefined,
): Video {
  const file = archive?.files[`video:${at}`] ?? null;
  const watermarkFile = archive?.files[`watermark:${at}`] ?? null;
  const expiresAtMs = file === null ? deletedAtMs : Math.max(archive?.expiresAtMs ?? 0, deletedAtMs ?? 0);
  return { ...toVideo(video, expiresAtMs), result: { file, watermarkFile, deletedAtMs } };
}

/** Audio that a task was made of. A task keeps no bytes. */
export const AudioRef = builder.objectRef<KeptAudio>('Audio').implement({
  description:
    'Audio that work is made from. A field is null if it is unknown, or if the audio was given in another way.',
  fields: (t) => ({
    url: t.field({
      type: 'URL',
      nullable: true,
      description: 'The URL that was given, or that of the given file. Read it again instead of storing it.',
      resolve(audio, _args, context) {
        const file = fileOf(audio);
        return file === null ? audio.url : fileUrlOf(file, context);
      },
    }),
    durationMs: t.int({
      nullable: true,
      description: 'Length in milliseconds. Known for a file, for WAV in base64, and for a speech.',
      resolve: ({ durationMs }) => durationMs,
    }),
    bytes: t.int({
      nullable: true,
      description: 'Size in bytes of the file that was given in base64.',
      resolve: ({ bytes }) => bytes,
    }),
    sha256: t.string({
      nullable: true,
      description: 'SHA-256, in hexadecimal, of the file that was given in base64.',
      resolve: ({ sha256 }) => sha256,
    }),
    media: t.field({
      type: MediaRef,
      nullable: true,
      description: 'The file, if it was given as one and is still kept.',
      extensions: withCost({ call: true }),
      resolve: ({ mediaId }, _args, { ledger }) => (mediaId === undefined ? null : ledger.mediaById(mediaId)),
    }),
    speech: t.field({
      type: SpeechRef,
      nullable: true,
      description: 'The speech, if it is one that is still kept.',
      extensions: withCost({ call: true }),
      resolve: ({ audioId }, _args, { ledger }) => (audioId === undefined ? null : ledger.speech(audioId)),
    }),
    klingAudioId: t.string({
      nullable: true,
      description: "Kling's id of the speech.",
      resolve: ({ audioId }) => audioId,
    }),
    klingVideoId: t.string({
      nullable: true,
      description: "Kling's id of the video whose sound is used.",
      resolve: ({ videoId }) => videoId,
    }),
  }),
});

/** Audio for a lip-sync. */
export const AudioInputRef = builder.inputType('AudioInput', {
  description: 'Audio: MP3, WAV, M4A or AAC, 2 to 60 s, at most 5 MB.',
  isOneOf: true,
  fields: (t) => ({
    mediaId: t.globalID({
      required: false,
      description:
        'The `id` of a `Media`. An upload that is not finished is waited for. Kling gets a URL of the file that ends after a day, or when the file is deleted.',
    }),
    url: t.string({ required: false, description: 'A public `https` URL. Kling fetches it, not the gateway.' }),
    base64: t.string({
      required: false,
      description: 'The file itself in padded base64, on one line without a `data:` prefix.',
      // Only this field may make the body of a request large.
      extensions: { isAudio: true },
    }),
    speech: t.field({
      type: SpeechInputRef,
      required: false,
      description: 'A text that the task turns into audio. Costs 0.05 units.',
    }),
    speechId: t.globalID({ required: false, description: 'The `id` of a `Speech` made in the last 30 days.' }),
    klingAudioId: t.string({
      required: false,
      description:
        "Audio that Kling's text-to-speech made in the last 30 days, here or elsewhere. Audio that another tenant made here does not exist.",
    }),
  }),
});

export const PlacementRef = builder.objectRef<Placement>('Placement').implement({
  description: 'The clip of the audio, and where it is heard in the video.',
  fields: (t) => ({
    audioStartMs: t.exposeInt('cropStartMs', {
      description: 'Start of the clip, in milliseconds from the start of the audio.',
    }),
    audioEndMs: t.exposeInt('cropEndMs', {
      description: 'End of the clip, in milliseconds from the start of the audio.',
    }),
    insertAtMs: t.exposeInt('insertAtMs', {
      description: 'Start of the clip, in milliseconds from the start of the video.',
    }),
  }),
});

export const PlacementInputRef = builder.inputType('PlacementInput', {
  description:
    "The clip, at least 2 s of the audio, is heard from `insertAtMs` on and overlaps the face's interval by at least 2 s.",
  fields: (t) => ({
    audioStartMs: t.int({
      defaultValue: 0,
      description: 'Start of the clip, in milliseconds from the start of the audio.',
    }),
    audioEndMs: t.int({
      required: false,
      description:
        'End of the clip, in milliseconds from the start of the audio. Null means as late as fits: 50 ms before the end of the audio, of the video or, if its length is unknown, of the face.',
    }),
    insertAtMs: t.int({
      required: false,
      description: 'Start of the clip, in milliseconds from the start of the video. Null means where the face begins.',
    }),
  }),
});
