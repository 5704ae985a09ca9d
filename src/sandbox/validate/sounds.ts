import type { AccountContext } from '../account-context.ts';
import { invalid } from '../codes.ts';
import { checkUrl, readExactlyOne, type Body } from '../endpoints/fields.ts';
import { readSoundBytesMs, readSoundMs } from '../endpoints/sources.ts';
import { resultLifeMs } from './videos.ts';

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
