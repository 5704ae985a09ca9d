import type { AccountContext, Call } from '../account-context.ts';
import { invalid } from '../codes.ts';
import { checkUrl, readCallbackUrl, readRequiredTextUpTo, readText } from '../endpoints/fields.ts';
import { readSoundMs, readVideoHints } from '../endpoints/sources.ts';
import { findVideo } from './videos.ts';

/** A custom voice that may be made. */
export interface VoiceInput {
  readonly name: string;
  readonly externalTaskId: string | null;
  readonly callbackUrl: string | null;
}

const nameCharactersMax = 20;
const soundMinMs = 5000;
const soundMaxMs = 30_000;
const extensions = ['mp3', 'wav', 'mp4', 'mov', 'm4v'];

/** Checks what the custom voice page asks for. Both sources at once are not forbidden there: the URL then wins. */
export function validateVoice({ body, now }: Call, account: AccountContext): VoiceInput {
  const name = readRequiredTextUpTo(body, 'voice_name', nameCharactersMax);
  const url = readText(body, 'voice_url');
  const videoId = readText(body, 'video_id');
  const externalTaskId = readText(body, 'external_task_id');
  const callbackUrl = readCallbackUrl(body);
  if (url === null && videoId === null) throw invalid('input.voiceUrl and input.videoId cannot both be empty');
  const durationMs = url === null ? findVideo(account, videoId ?? '', now).durationMs : readFileMs(url);
  if (durationMs < soundMinMs || durationMs > soundMaxMs) {
    throw invalid(`input.voiceUrl: duration must be between 5s and 30s, but got ${durationMs / 1000}s`);
  }
  return { name, externalTaskId, callbackUrl };
}

function readFileMs(url: string): number {
  checkUrl(url, 'voice_url', extensions);
  const isVideo = /\.(mp4|mov)$/i.test(new URL(url).pathname);
  return isVideo ? readVideoHints(url).durationMs : readSoundMs(url);
}
