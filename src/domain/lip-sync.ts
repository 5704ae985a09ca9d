import type { TaskSnapshot } from './task.ts';

/** The video that a lip-sync was made from. Each field is null when Kling does not send it. */
export interface ParentVideo {
  readonly videoId: string | null;
  readonly url: string | null;
  readonly durationMs: number | null;
}

/** A video that a lip-sync made. Kling deletes it 30 days later. */
export interface GeneratedVideo {
  readonly videoId: string;
  readonly url: string | null;
  /** Set only when the task was made with a watermark. */
  readonly watermarkUrl: string | null;
  readonly durationMs: number | null;
}

/** What Kling says of a lip-sync task. `videos` is empty until it has succeeded. */
export interface LipSyncSnapshot extends TaskSnapshot {
  readonly parentVideo: ParentVideo | null;
  readonly videos: readonly GeneratedVideo[];
  /** Null when Kling does not tell. */
  readonly watermarkEnabled: boolean | null;
}
