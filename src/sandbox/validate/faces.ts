import type { AccountContext, Call } from '../account-context.ts';
import { invalid } from '../codes.ts';
import { createDigitsId } from '../ids.ts';
import type { ParentVideo } from '../tasks/task.ts';
import { fileUrl } from '../tasks/wire.ts';
import { checkUrl, readExactlyOne } from '../endpoints/fields.ts';
import { readVideoHints } from '../endpoints/sources.ts';
import { findVideo } from './videos.ts';

const extensions = ['mp4', 'mov', 'm4v'];
const durationMinMs = 2000;
const durationMaxMs = 60_000;
const sidePixelsMin = 512;
const sidePixelsMax = 2160;
const megabytesMax = 100;

/** Checks what the lip-sync page asks of a video that faces are looked for in. */
export function validateFaceScan({ body, now, origin }: Call, account: AccountContext): ParentVideo {
  const source = readExactlyOne(body, 'video_url', 'video_id');
  if (source.field === 'video_id') {
    const { durationMs } = findVideo(account, source.value, now);
    checkDuration(durationMs);
    return { id: source.value, url: fileUrl(origin, 'video', source.value, now), durationMs };
  }
  checkUrl(source.value, 'video_url', extensions);
  const hints = readVideoHints(source.value);
  checkDuration(hints.durationMs);
  const sides = [hints.width, hints.height];
  if (sides.some((pixels) => pixels < sidePixelsMin || pixels > sidePixelsMax)) {
    throw invalid(`input.videoUrl: width and height must be between 512px and 2160px, but got ${sides.join('x')}`);
  }
  if (hints.megabytes > megabytesMax) throw invalid('input.videoUrl: file size must be less than or equal to 100MB');
  return { id: createDigitsId(), url: source.value, durationMs: hints.durationMs };
}

function checkDuration(durationMs: number): void {
  if (durationMs < durationMinMs || durationMs > durationMaxMs) {
    throw invalid(`input.videoUrl: duration must be between 2s and 60s, but got ${durationMs / 1000}s`);
  }
}
