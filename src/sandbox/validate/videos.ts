import type { AccountContext } from '../account-context.ts';
import { invalid } from '../codes.ts';
import { readVideoHints } from '../endpoints/sources.ts';

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
