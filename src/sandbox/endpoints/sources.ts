import type { AccountContext } from '../account-context.ts';
import { invalid } from '../envelope.ts';
import { checkUrl, readExactlyOne, type Body } from './fields.ts';

const extensions = ['mp3', 'wav', 'm4a', 'aac'];
const durationMinMs = 2000;
const durationMaxMs = 60_000;
const bytesMax = 5 * 1024 * 1024;

/** The length of the sound that a lip-sync names: made by text-to-speech, at a URL, or there in base64. */
export function readSound(choice: Body, account: AccountContext, now: number): number {
  const source = readExactlyOne(choice, 'audio_id', 'sound_file');
  if (source.field === 'audio_id') return findSound(account, source.value, now);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(source.value)) {
    return readSoundMs(checkUrl(source.value, 'sound_file', extensions));
  }
  return readBase64(source.value);
}

/** 2 s to 60 s. */
export function checkSoundLength(durationMs: number): number {
  if (durationMs < durationMinMs || durationMs > durationMaxMs) {
    throw invalid(`input.soundFile: duration must be between 2s and 60s, but got ${durationMs / 1000}s`);
  }
  return durationMs;
}

function findSound(account: AccountContext, audioId: string, now: number): number {
  if (audioId.startsWith('sandbox-audio')) return readSoundMs(audioId);
  const sound = account.things.get('sound', audioId);
  if (sound === null) throw invalid(`Audio id not found: ${audioId}`);
  if (now - sound.createdAt > resultLifeMs) throw invalid(`Audio ${audioId} was generated more than 30 days ago`);
  return sound.data.durationMs;
}

/** Bare base64: Kling takes no `data:` prefix. */
function readBase64(text: string): number {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4 === 1) {
    throw invalid('input.soundFile: must be a valid URL or Base64');
  }
  // Four characters hold three bytes: too much is refused before it is decoded.
  if (Math.floor((text.replace(/=+$/, '').length * 3) / 4) > bytesMax) {
    throw invalid('input.soundFile: file size must be less than or equal to 5MB');
  }
  const durationMs = readSoundBytesMs(Uint8Array.from(atob(text), (character) => character.charCodeAt(0)));
  if (durationMs === null) throw invalid('input.soundFile: unsupported format, only .mp3/.wav/.m4a/.aac');
  return durationMs;
}

/** How long Kling keeps what it made. */
export const resultLifeMs = 30 * 24 * 3600 * 1000;

/** A video that Kling made: by a lip-sync of this account, or with an id that starts with `sandbox-video`. */
export function findVideo(account: AccountContext, videoId: string, now: number): { readonly durationMs: number } {
  if (videoId.startsWith('sandbox-video')) return { durationMs: readVideoHints(videoId).durationMs };
  const video = account.things.get('video', videoId);
  if (video === null) throw invalid(`Video id not found: ${videoId}`);
  if (now - video.createdAt > resultLifeMs) throw invalid(`Video ${videoId} was generated more than 30 days ago`);
  return video.data;
}

/** The sandbox fetches nothing: what it knows of a file it reads from the file's name, or from the bytes of a WAV. */

/** What a video's URL or id says of it: `clip-15s-1280x720-120mb.mp4`. */
export interface VideoHints {
  readonly durationMs: number;
  readonly width: number;
  readonly height: number;
  readonly megabytes: number;
}

const videoDefaultMs = 10_000;
const soundDefaultMs = 5000;

/** Reads a video's measures from its name: 10 s, 1280 x 720 and 10 MB where it says nothing. */
export function readVideoHints(name: string): VideoHints {
  const size = /-(\d{2,5})x(\d{2,5})(?![\dx])/.exec(name);
  return {
    durationMs: readSeconds(name) ?? videoDefaultMs,
    width: Number(size?.[1] ?? 1280),
    height: Number(size?.[2] ?? 720),
    megabytes: Number(/-(\d+)mb(?![a-z0-9])/i.exec(name)?.[1] ?? 10),
  };
}

/** Reads a sound's length from its name: 5 s where it says nothing. */
export function readSoundMs(name: string): number {
  return readSeconds(name) ?? soundDefaultMs;
}

/** `-15s` or `-2.5s`, in milliseconds. */
function readSeconds(name: string): number | null {
  const seconds = /-(\d+(?:\.\d+)?)s(?![a-z0-9])/i.exec(name)?.[1];
  return seconds === undefined ? null : Math.round(Number(seconds) * 1000);
}

/** A sound given as bytes: its format by the first of them, null if it is none that Kling takes. */
export function readSoundBytesMs(bytes: Uint8Array): number | null {
  const ascii = (from: number, to: number): string => String.fromCharCode(...bytes.subarray(from, to));
  if (ascii(0, 4) === 'RIFF' && ascii(8, 12) === 'WAVE') return readWavMs(bytes);
  const [first = 0, second = 0] = bytes;
  const isMp3 = ascii(0, 3) === 'ID3' || (first === 0xff && (second & 0xe0) === 0xe0);
  const isM4a = ascii(4, 8) === 'ftyp';
  return isMp3 || isM4a ? soundDefaultMs : null;
}

/** Length of the data chunk over the byte rate of the format chunk. */
function readWavMs(bytes: Uint8Array): number | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let byteRate = 0;
  for (let offset = 12; offset + 8 <= bytes.byteLength;) {
    const name = String.fromCharCode(...bytes.subarray(offset, offset + 4));
    const size = view.getUint32(offset + 4, true);
    if (name === 'fmt ' && offset + 20 <= bytes.byteLength) byteRate = view.getUint32(offset + 16, true);
    if (name === 'data') {
      // A streamed WAV writes its size as the highest number: then the bytes that are there count.
      const dataBytes = Math.min(size, bytes.byteLength - offset - 8);
      return byteRate === 0 ? null : Math.round((dataBytes * 1000) / byteRate);
    }
    offset += 8 + size + (size % 2);
  }
  return null;
}
