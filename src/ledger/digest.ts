/// <reference lib="esnext.typedarrays" />
import {
  type CreateLipSyncTaskInput,
  type CreateVoiceInput,
  type IdentifyFacesInput,
  SPEECH_SPEED,
  type SynthesizeSpeechInput,
  VOLUME,
} from '../domain/inputs.ts';
import { sha256 } from '../lib/hash.ts';

/**
 * Tells whether an external id or an idempotency key came again with the same request.
 *
 * Invariant: rows keep these digests for years, so the arrays and words in this file are frozen. They are independent of
 * the names in GraphQL and TypeScript. Append a new optional field only where it is not at its default. Any other change
 * needs a new version beside this one.
 */
export interface RequestDigest {
  /** What is stored: the version, a colon, and SHA-256 in hexadecimal. */
  readonly text: string;
  /** Whether a stored digest, of this version or without one, stands for the same request. */
  readonly matches: (stored: string) => Promise<boolean>;
}

/** Stored before each digest. Rows without a version are older, and compared with the layouts of their time. */
const VERSION = '2:';

/**
 * What a digest is taken over: the request as Kling is sent it, defaults applied, in arrays of fixed order. Nothing comes
 * from what the ledger has stored: a scan expires, and a repeat must be recognized all the same. Input that is not valid
 * has a digest too, so that what older rules accepted is still found.
 */
type Canonical = readonly (string | number | boolean | null | Canonical)[];

export async function digestOfVoice(input: CreateVoiceInput): Promise<RequestDigest> {
  const { name, source } = input;
  return toDigest(['voice', ['name', name.trim()], ['recording', ...videoOf(source)]], () =>
    legacyCreates('createVoice', input),
  );
}

/** Lengths that the caller tells are left out: they help to check and to estimate, and make no other video. */
export async function digestOfLipSync(input: CreateLipSyncTaskInput): Promise<RequestDigest> {
  const { placement, sound } = input;
  const canonical: Canonical = [
    'lip-sync',
    ['face', input.faceId],
    ['audio', urlOf(sound.url), ['audio-id', sound.audioId ?? null], await bytesOf(sound.base64)],
    ['cut-ms', placement.cropStartMs, placement.cropEndMs],
    ['insert-at-ms', placement.insertAtMs],
    ['audio-volume', input.soundVolume ?? VOLUME.fallback],
    ['original-audio-volume', input.originalAudioVolume ?? VOLUME.fallback],
    ['watermark', input.watermark ?? false],
  ];
  return toDigest(canonical, () => legacyCreates('createLipSyncTask', input));
}

export async function digestOfFaceScan({ video }: IdentifyFacesInput): Promise<RequestDigest> {
  const { url, videoId } = video;
  const source = typeof url === 'string' ? { url: canonicalUrl(url) } : { videoId };
  return toDigest(['face-scan', ['video', ...videoOf(video)]], () => [
    { call: 'identifyFaces', request: { video: source } },
  ]);
}

/** The text counts as it came, blanks at its ends too: Kling is sent them. */
export async function digestOfSpeech(input: SynthesizeSpeechInput): Promise<RequestDigest> {
  const { text, voiceId, language } = input;
  const speed = input.speed ?? SPEECH_SPEED.fallback;
  return toDigest(['speech', ['text', text], ['voice-id', voiceId], ['language', language], ['speed', speed]], () => [
    { call: 'synthesizeSpeech', request: { text, voiceId, language, speed } },
  ]);
}

/** A URL in the one spelling of the WHATWG algorithm, which Kling is sent; a text that is no URL stays as it is. */
function canonicalUrl(text: string): string {
  return URL.canParse(text) ? new URL(text).href : text;
}

function urlOf(url: string | null | undefined): Canonical {
  return ['url', typeof url === 'string' ? canonicalUrl(url) : null];
}

function videoOf({ url, videoId }: CreateVoiceInput['source']): Canonical {
  return [urlOf(url), ['video-id', videoId ?? null]];
}

/** Audio is told by its bytes; a text that is not base64, by its characters. */
async function bytesOf(base64: string | null | undefined): Promise<Canonical> {
  if (typeof base64 !== 'string') return ['bytes', null];
  const bytes = decodeBase64(base64);
  return bytes === null ? ['text', await sha256(base64)] : ['bytes', await sha256(bytes)];
}

function decodeBase64(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.fromBase64(text);
  } catch (error) {
    // A runtime without the method must fail, or its digests would differ.
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

async function toDigest(canonical: Canonical, legacy: () => readonly unknown[]): Promise<RequestDigest> {
  const text = VERSION + (await sha256(JSON.stringify(canonical)));
  return {
    text,
    async matches(stored) {
      if (stored.includes(':')) return stored === text;
      const before = await Promise.all(legacy().map((request) => sha256(JSON.stringify(request))));
      return before.includes(stored);
    },
  };
}

/**
 * The keys of inputs in the orders that rows without a version were hashed in: as the schema defines them, and before
 * 2026-11-21 sorted by name. What was hashed is JSON of the input as it came, with the defaults of GraphQL.
 */
const AS_DEFINED = (
  'name source faceId sound audioId url base64 videoId ' +
  'placement cropStartMs cropEndMs insertAtMs soundDurationMs videoDurationMs ' +
  'soundVolume originalAudioVolume watermark externalId'
).split(' ');
const BY_NAME = AS_DEFINED.toSorted();

function legacyCreates(call: 'createVoice' | 'createLipSyncTask', input: object): readonly unknown[] {
  const whole = { ...input, externalId: null };
  return [AS_DEFINED, BY_NAME].map((order) => ({ [call]: inOrder(whole, order) }));
}

function inOrder(value: unknown, order: readonly string[]): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const fields = new Map<string, unknown>(Object.entries(value));
  const present = order.filter((name) => fields.has(name));
  return Object.fromEntries(present.map((name) => [name, inOrder(fields.get(name), order)]));
}
