import type { AccountContext, Call } from '../account-context.ts';
import { invalid } from '../envelope.ts';
import { readAudioMs, readVideoHints } from '../media/hints.ts';
import type { Measured } from '../media/measure.ts';
import { audioBytesMax, type Source } from '../media/source.ts';
import { checkUrl, readExactlyOne, toInternalName, type Body } from './fields.ts';

const extensions = ['mp3', 'wav', 'm4a', 'aac'];
const durationMinMs = 2000;
const durationMaxMs = 60_000;

/** Returns the length of a lip-sync's audio, in milliseconds. The audio comes from text-to-speech, a URL or base64. */
export function readAudio(choice: Body, { source, now }: Call, account: AccountContext): number {
  const given = readExactlyOne(choice, 'audio_id', 'sound_file');
  if (given.field === 'audio_id') return findAudio(account, given.value, now);
  const isUrl = /^[a-z][a-z0-9+.-]*:\/\//i.test(given.value);
  if (isUrl) checkUrl(given.value, 'sound_file', extensions);
  else checkBase64(given.value);
  const file = readFile(source, 'sound_file', extensions);
  if (file === null) return readAudioMs(isUrl ? given.value : '');
  if (file.bytes > audioBytesMax) throw invalid('input.soundFile: file size must be less than or equal to 5MB');
  return file.durationMs;
}

/** Returns the measures of the file of a call; null if its name says them. Refuses a file that Kling cannot use. */
export function readFile(source: Source, field: string, formats: readonly string[]): Measured | null {
  if (source === null) return null;
  const name = toInternalName(field);
  if ('problem' in source && source.problem === 'unreachable') throw invalid(`${name}: failed to download the file`);
  if ('problem' in source || !formats.includes(source.measured.format)) {
    throw invalid(`${name}: unsupported format, only .${formats.join('/.')}`);
  }
  return source.measured;
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

/** Checks audio in base64. Kling accepts no `data:` prefix. */
function checkBase64(text: string): void {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4 === 1) {
    throw invalid('input.soundFile: must be a valid URL or Base64');
  }
  // Four characters hold three bytes.
  if (Math.floor((text.replace(/=+$/, '').length * 3) / 4) > audioBytesMax) {
    throw invalid('input.soundFile: file size must be less than or equal to 5MB');
  }
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
