/// <reference lib="esnext.typedarrays" />
import {
  type CreateLipSyncTaskInput,
  type CreateVoiceTaskInput,
  type IdentifyFacesInput,
  VOLUME,
} from '../domain/inputs.ts';
import { languageOf, SPEECH_SPEED, type SpeechInput, type SynthesizeSpeechInput } from '../domain/speech.ts';
import { spokenIdOf, type VideoInput } from '../domain/sources.ts';
import { toMilliunitsMax } from '../domain/cost.ts';
import { sha256 } from '../lib/hash.ts';

/**
 * Tells whether an external id is repeated with the same request.
 *
 * Invariant: rows keep digests for years, so the arrays and words in this file never change. They do not depend on names
 * in GraphQL or TypeScript. Append a new optional field only if it is not at its default. Any other change needs a new
 * version next to this one.
 */
export interface RequestDigest {
  /** The text to store: the version, a colon, and SHA-256 in hexadecimal. */
  readonly text: string;
  /** Returns true if a stored digest, of this version or without one, is of the same request. */
  readonly matches: (stored: string) => Promise<boolean>;
}

/** The digest of a lip-sync, with a hash that it needs on the way. */
export interface LipSyncDigest extends RequestDigest {
  /** SHA-256 in hexadecimal of audio that came in base64; null for other audio. */
  readonly audioSha256: string | null;
}

/** The prefix of each stored digest. Rows without one are older, and compared with the layouts of their time. */
const VERSION = '2:';

/**
 * The digested form of a request: as Kling gets it, with defaults, in arrays of fixed order. It contains nothing that the
 * ledger stores, because a scan expires and a repeat must still be recognized. Invalid input has a digest too, so that a
 * request that older rules accepted is found.
 */
type Canonical = readonly (string | number | boolean | null | Canonical)[];

/** Returns the digest of the creation of a voice. */
export async function digestOfVoice(input: CreateVoiceTaskInput): Promise<RequestDigest> {
  const { name, sample } = input;
  const canonical: Canonical = ['voice', ['name', name.trim()], ['recording', ...videoOf(sample)], ...webhookOf(input)];
  return toDigest(canonical, () => legacyCreates('createVoice', input));
}

/** Leaves out the lengths that the caller states: they serve checks and estimates, and do not change the video. */
export async function digestOfLipSync(input: CreateLipSyncTaskInput): Promise<LipSyncDigest> {
  const { face, audio } = input;
  const { audioStartMs = 0, audioEndMs = null, insertAtMs = null } = input.placement ?? {};
  const bytes = await bytesOf(audio.base64);
  const { klingSessionId, klingFaceId } = face.klingFace ?? {};
  const canonical: Canonical = [
    'lip-sync',
    ['face', face.faceId ?? null],
    ['audio', urlOf(audio.url), ['audio-id', spokenIdOf(audio)], bytes],
    ['cut-ms', audioStartMs, audioEndMs],
    ['insert-at-ms', insertAtMs],
    ['audio-volume', input.audioVolume ?? VOLUME.fallback],
    ['original-audio-volume', input.originalAudioVolume ?? VOLUME.fallback],
    ['watermark', input.watermark ?? false],
    ...(klingSessionId === undefined || klingFaceId === undefined ? [] : [['kling-face', klingSessionId, klingFaceId]]),
    ...fileOf(audio),
    ...webhookOf(input),
    ...faceInVideoOf(face),
    ...spokenOf(audio),
    ...maxUnitsOf(input),
  ];
  const digest = await toDigest(canonical, () => legacyCreates('createLipSyncTask', asBefore(input)));
  const [form, sha256OfAudio] = bytes;
  return { ...digest, audioSha256: form === 'bytes' ? sha256OfAudio : null };
}

/** Returns the digest of a new attempt. It depends on the old task alone. */
export async function digestOfRetry(taskId: string): Promise<LipSyncDigest> {
  return { ...(await toDigest(['retry', taskId], () => [])), audioSha256: null };
}

function faceInVideoOf({ inVideo = null }: CreateLipSyncTaskInput['face']): Canonical {
  if (inVideo === null) return [];
  const { video, index = null } = inVideo;
  const { id = null, externalId = null } = video.task ?? {};
  const task = id === null && externalId === null ? [] : [['task', id, externalId]];
  return [
    ['in-video', ...videoOf(video), ...task],
    ['face-index', index],
  ];
}

function spokenOf({ speech = null }: CreateLipSyncTaskInput['audio']): Canonical {
  return speech === null ? [] : [['speech', ...textOf(speech)]];
}

/** A limit of 1 and one of 1.0 are the same. */
function maxUnitsOf({ maxUnits = null }: CreateLipSyncTaskInput): Canonical {
  return maxUnits === null ? [] : [['max-milliunits', toMilliunitsMax(maxUnits) ?? maxUnits]];
}

/** Returns the digest of a face scan. */
export async function digestOfFaceScan({ video }: IdentifyFacesInput): Promise<RequestDigest> {
  const { url, klingVideoId } = video;
  const source = typeof url === 'string' ? { url: canonicalUrl(url) } : { videoId: klingVideoId };
  return toDigest(['face-scan', ['video', ...videoOf(video)]], () => [
    { call: 'identifyFaces', request: { video: source } },
  ]);
}

/**
 * Keeps blanks at the ends of the text, because Kling gets them. Trade-off: if a later version does not list a voice any
 * more, a repeat without a language is a `CONFLICT`.
 */
export async function digestOfSpeech({ speech }: SynthesizeSpeechInput): Promise<RequestDigest> {
  const { text, klingVoiceId: voiceId } = speech;
  const language = languageOf(speech);
  const speed = speech.speed ?? SPEECH_SPEED.fallback;
  return toDigest(['speech', ...textOf(speech)], () => [
    { call: 'synthesizeSpeech', request: { text, voiceId, language, speed } },
  ]);
}

function textOf(speech: SpeechInput): readonly Canonical[] {
  return [
    ['text', speech.text],
    ['voice-id', speech.klingVoiceId],
    ['language', languageOf(speech)],
    ['speed', speech.speed ?? SPEECH_SPEED.fallback],
  ];
}

/** Returns a URL in the WHATWG spelling, which Kling gets. A text that is no URL is returned unchanged. */
function canonicalUrl(text: string): string {
  return URL.canParse(text) ? new URL(text).href : text;
}

function urlOf(url: string | null | undefined): Canonical {
  return ['url', typeof url === 'string' ? canonicalUrl(url) : null];
}

function videoOf({ url, klingVideoId, mediaId }: VideoInput): Canonical {
  return [urlOf(url), ['video-id', klingVideoId ?? null], ...fileOf({ mediaId })];
}

/** Identifies a file by its id: its bytes never change, and its URL does. */
function fileOf({ mediaId }: { readonly mediaId?: string | null | undefined }): Canonical {
  return typeof mediaId === 'string' ? [['media', mediaId]] : [];
}

function webhookOf({ webhookUrl }: { readonly webhookUrl?: string | null }): Canonical {
  return typeof webhookUrl === 'string' ? [['webhook', canonicalUrl(webhookUrl)]] : [];
}

/** Identifies audio by its bytes, and a text that is not base64 by its characters. */
async function bytesOf(base64: string | null | undefined): Promise<readonly ['bytes' | 'text', string | null]> {
  if (typeof base64 !== 'string') return ['bytes', null];
  const bytes = decodeBase64(base64);
  return bytes === null ? ['text', await sha256(base64)] : ['bytes', await sha256(bytes)];
}

function decodeBase64(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.fromBase64(text);
  } catch (error) {
    // A runtime without the method must fail here: its digests would differ.
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
 * The two orders of input keys in the digests of rows without a version: as the schema defines them, and before 2026-11-21
 * sorted by name. Those digests are of the JSON of the input as it came, with the defaults of GraphQL.
 */
const AS_DEFINED = (
  'name source faceId sound audioId url base64 videoId ' +
  'placement cropStartMs cropEndMs insertAtMs soundDurationMs videoDurationMs ' +
  'soundVolume originalAudioVolume watermark externalId'
).split(' ');
const BY_NAME = AS_DEFINED.toSorted();

/** The names of version 0.1 that have changed since. */
const NAMES_BEFORE: Readonly<Record<string, string>> = {
  sample: 'source',
  klingVideoId: 'videoId',
  audio: 'sound',
  klingAudioId: 'audioId',
  audioStartMs: 'cropStartMs',
  audioEndMs: 'cropEndMs',
  audioDurationMs: 'soundDurationMs',
  audioVolume: 'soundVolume',
};

/** Returns no layout for an input with a `webhookUrl` or `maxUnits`, which version 0.1 did not have. */
function legacyCreates(
  call: 'createVoice' | 'createLipSyncTask',
  input: { readonly webhookUrl?: string | null; readonly maxUnits?: string | null },
): readonly unknown[] {
  if (typeof input.webhookUrl === 'string' || typeof input.maxUnits === 'string') return [];
  const whole = withNamesBefore({ ...input, externalId: null });
  return [AS_DEFINED, BY_NAME].map((order) => ({ [call]: inOrder(whole, order) }));
}

/** Moves the face and the lengths that the caller states to where version 0.1 had them. */
function asBefore({ face, audioDurationMs, videoDurationMs, ...input }: CreateLipSyncTaskInput) {
  const lengths = Object.entries({ audioDurationMs, videoDurationMs }).filter(([, value]) => value !== undefined);
  return { ...input, faceId: face.faceId, placement: { ...input.placement, ...Object.fromEntries(lengths) } };
}

function withNamesBefore(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([name, field]) => [NAMES_BEFORE[name] ?? name, withNamesBefore(field)]);
  return Object.fromEntries(fields) as unknown;
}

function inOrder(value: unknown, order: readonly string[]): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const fields = new Map<string, unknown>(Object.entries(value));
  const present = order.filter((name) => fields.has(name));
  return Object.fromEntries(present.map((name) => [name, inOrder(fields.get(name), order)]));
}
