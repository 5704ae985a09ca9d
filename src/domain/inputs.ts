/** What callers hand in, as GraphQL has typed it and nothing has checked it. `@oneOf` objects have exactly one key. */

export interface CreateVoiceInput {
  readonly name: string;
  readonly source: { readonly url?: string | null; readonly videoId?: string | null };
  readonly externalId?: string | null;
}

export interface IdentifyFacesInput {
  readonly video: { readonly url?: string | null; readonly videoId?: string | null };
  readonly idempotencyKey?: string | null;
}

export interface CreateLipSyncTaskInput {
  /** `<scan id>:<Kling's face id>`; null when the caller's id was not a face's at all. */
  readonly faceId: string | null;
  readonly sound: {
    readonly audioId?: string | null;
    readonly url?: string | null;
    readonly base64?: string | null;
  };
  readonly placement: {
    readonly cropStartMs: number;
    readonly cropEndMs: number;
    readonly insertAtMs: number;
    readonly soundDurationMs?: number | null;
    readonly videoDurationMs?: number | null;
  };
  readonly soundVolume?: number | null;
  readonly originalAudioVolume?: number | null;
  readonly watermark?: boolean | null;
  readonly externalId?: string | null;
}

export interface SynthesizeSpeechInput {
  readonly text: string;
  readonly voiceId: string;
  readonly language: 'zh' | 'en';
  readonly speed?: number | null;
  readonly idempotencyKey?: string | null;
}

export interface DeleteVoiceInput {
  readonly voiceId: string;
}
