import type { Voice } from './voice.ts';

/** What the gateway asks Kling for: checked, in the domain's words and units. The Kling client puts it on the wire. */

/** Where a video comes from: exactly one of the two is set. */
export type VideoSource =
  | { readonly url: string; readonly videoId?: never }
  | { readonly videoId: string; readonly url?: never };

/** Where a sound comes from: made by text-to-speech, at a URL, or the bytes themselves in base64 (without a `data:` prefix). */
export type SoundSource =
  | { readonly audioId: string; readonly url?: never; readonly base64?: never }
  | { readonly url: string; readonly audioId?: never; readonly base64?: never }
  | { readonly base64: string; readonly audioId?: never; readonly url?: never };

/** Where a sound is cut and put on the video. All in milliseconds; crop from the sound's start, insert from the video's. */
export interface Placement {
  readonly cropStartMs: number;
  readonly cropEndMs: number;
  readonly insertAtMs: number;
}

/** How a task is found again: set on every create by the gateway, never by its callers. */
export interface TaskIdentity {
  /** Sent as `external_task_id`. */
  readonly externalTaskId: string | null;
  /** Sent as `callback_url`; null where the gateway has no public address. */
  readonly callbackUrl: string | null;
}

export interface VoiceRequest {
  readonly name: string;
  /** A sound or video file at a URL, or a video that Kling made. */
  readonly source: VideoSource;
}

export interface FaceScanRequest {
  readonly video: VideoSource;
}

export interface LipSyncRequest {
  readonly sessionId: string;
  readonly faceId: string;
  readonly sound: SoundSource;
  readonly placement: Placement;
  /** 0 to 2; 1 leaves it as it is. */
  readonly soundVolume: number;
  readonly originalAudioVolume: number;
  readonly watermark: boolean;
}

export interface SpeechRequest {
  readonly text: string;
  /** A text-to-speech voice: another id space than preset and custom voices. */
  readonly voiceId: string;
  readonly language: 'zh' | 'en';
  /** 0.8 to 2.0. */
  readonly speed: number;
}

/** One page of a list at Kling. `page` counts from 1. */
export interface PageRequest {
  readonly page: number;
  readonly pageSize: number;
}

/** One page as Kling answered it. */
export interface UpstreamPage<T> {
  readonly items: readonly T[];
  readonly klingRequestId: string | null;
}

/** A page of Kling's library. Kling sends items that hold no voice, one voice, or several. */
export interface PresetVoicePage extends UpstreamPage<Voice> {
  /** How many items Kling sent. 0: the page lies past the end of the library. */
  readonly itemsSent: number;
}
