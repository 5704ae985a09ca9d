import type { AccountContext } from '../account-context.ts';
import { invalid } from '../envelope.ts';
import { readAudioMs, readVideoHints } from '../media/hints.ts';
import { checkUrl, readExactlyOne, type Body } from './fields.ts';

const extensions = ['mp3', 'wav', 'm4a', 'aac'];
const durationMinMs = 2000;
const durationMaxMs = 60_000;
const bytesMax = 5 * 1024 * 1024;

/** Returns the length of a lip-sync's audio, in milliseconds. The audio comes from text-to-speech, a URL or base64. */
export function readAudio(choice: Body, account: AccountContext, now: number): number {
  const source = readExactlyOne(choice, 'audio_id', 'sound_file');
  if (source.field === 'audio_id') return findAudio(account, source.value, now);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(source.value)) {
    return readAudioMs(checkUrl(source.value, 'sound_file', extensions));
  }
  return readBase64(source.value);
}

/** Refuses audio shorter than 2 s or longer than 60 s. */
export function checkAudioLength(durationMs: number): number {
  if (durationMs < durationMinMs || durationMs > durationMaxMs) {
    throw invalid(`input.soundFile: duration must be between 2s and 60s, but got ${durationMs / 1000}s`);
  }
  return durationMs;
}

function findAudio(account: AccountContext, audioId: string, now: number): number {
  if (audioId.startsWith('sandbox-audio')) return readAudioMs(audioId);
  const audio = account.things.get('audio', audioId);
  if (audio === null) throw invalid(`Audio id not found: ${audioId}`);
  if (now - audio.createdAt > resultLifeMs) throw invalid(`Audio ${audioId} was generated more than 30 days ago`);
  return audio.data.durationMs;
}

/** Reads audio in base64. Kling accepts no `data:` prefix. */
function readBase64(text: string): number {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4 === 1) {
    throw invalid('input.soundFile: must be a valid URL or Base64');
  }
  // Four characters hold three bytes. Audio that is too large is refused before it is decoded.
  if (Math.floor((text.replace(/=+$/, '').length * 3) / 4) > bytesMax) {
    throw invalid('input.soundFile: file size must be less than or equal to 5MB');
  }
  const durationMs = readAudioBytesMs(Uint8Array.from(atob(text), (character) => character.charCodeAt(0)));
  if (durationMs === null) throw invalid('input.soundFile: unsupported format, only .mp3/.wav/.m4a/.aac');
  return durationMs;
}

/** Kling deletes results after this time. */
export const resultLifeMs = 30 * 24 * 3600 * 1000;

/** Finds a video that Kling made: the result of this account's lip-sync, or any id that starts with `sandbox-video`. */
export function findVideo(account: AccountContext, videoId: string, now: number): { readonly durationMs: number } {
  if (videoId.startsWith('sandbox-video')) return { durationMs: readVideoHints(videoId).durationMs };
  const video = account.things.get('video', videoId);
  if (video === null) throw invalid(`Video id not found: ${videoId}`);
  if (now - video.createdAt > resultLifeMs) throw invalid(`Video ${videoId} was generated more than 30 days ago`);
  return video.data;
}

/** Returns the length of audio from its bytes, in milliseconds. Null if Kling does not accept the format. */
function readAudioBytesMs(bytes: Uint8Array): number | null {
  const ascii = (from: number, to: number): string => String.fromCharCode(...bytes.subarray(from, to));
  if (ascii(0, 4) === 'RIFF' && ascii(8, 12) === 'WAVE') return readWavMs(bytes);
  const [first = 0, second = 0] = bytes;
  const isMp3 = ascii(0, 3) === 'ID3' || (first === 0xff && (second & 0xe0) === 0xe0);
  const isM4a = ascii(4, 8) === 'ftyp';
  return isMp3 || isM4a ? readAudioMs('') : null;
}

/** Divides the length of the data chunk by the byte rate of the format chunk. */
function readWavMs(bytes: Uint8Array): number | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let byteRate = 0;
  for (let offset = 12; offset + 8 <= bytes.byteLength;) {
    const name = String.fromCharCode(...bytes.subarray(offset, offset + 4));
    const size = view.getUint32(offset + 4, true);
    if (name === 'fmt ' && offset + 20 <= bytes.byteLength) byteRate = view.getUint32(offset + 16, true);
    if (name === 'data') {
      // A streamed WAV has the highest number as its size. The bytes present are then counted.
      const dataBytes = Math.min(size, bytes.byteLength - offset - 8);
      return byteRate === 0 ? null : Math.round((dataBytes * 1000) / byteRate);
    }
    offset += 8 + size + (size % 2);
  }
  return null;
}
