import { builder } from './builder.ts';

/** Kling makes one video for each lip-sync (lip-sync pages, 2026-09). */
export const VIDEOS_PER_TASK = 1;

/** A video that was given or made. A field is null if it is unknown. */
interface Video {
  readonly url: string | null;
  readonly watermarkUrl: string | null;
  readonly expiresAtMs: number | null;
  readonly durationMs: number | null;
  readonly videoId: string | null;
}

export const VideoRef = builder.objectRef<Video>('Video').implement({
  description: 'A video, given or made. A field is null if it is unknown.',
  fields: (t) => ({
    url: t.expose('url', {
      type: 'URL',
      nullable: true,
      description: 'Where to download it: the URL that was given, or the one at Kling.',
    }),
    watermarkUrl: t.expose('watermarkUrl', {
      type: 'URL',
      nullable: true,
      description: "The copy with Kling's watermark. Null unless the task was made with `watermark: true`.",
    }),
    expiresAt: t.expose('expiresAtMs', {
      type: 'DateTime',
      nullable: true,
      description: 'When Kling deletes it, 30 days after the end of the task that made it. Null for a given video.',
    }),
    durationMs: t.exposeInt('durationMs', { nullable: true, description: 'Length in milliseconds.' }),
    klingVideoId: t.exposeString('videoId', {
      nullable: true,
      description: "Kling's id of the video. `VideoInput` and `VoiceSampleInput` take it.",
    }),
  }),
});

/** Converts what is known of a video. Kling may send a result without an id, which is stored as an empty one. */
export function toVideo(
  known: { readonly [Key in keyof Omit<Video, 'expiresAtMs'>]?: Video[Key] | undefined },
  expiresAtMs: number | null = null,
): Video {
  return {
    url: known.url ?? null,
    watermarkUrl: known.watermarkUrl ?? null,
    expiresAtMs,
    durationMs: known.durationMs ?? null,
    videoId: known.videoId || null,
  };
}
