import { type Checked, mapChecked, type Path } from './check.ts';
import { checkKlingId } from './id-check.ts';
import type { IdentifyFacesInput } from './inputs.ts';
import type { VideoSource } from './requests.ts';
import { checkUrl, type UrlPurpose } from './url.ts';

/** Where Kling is to get the video from (for a voice: the video or the sound). */
export function checkVideoSource(
  source: IdentifyFacesInput['video'],
  purpose: UrlPurpose,
  path: Path,
): Checked<VideoSource> {
  const url = source.url ?? null;
  const videoId = source.videoId ?? null;
  if (url !== null && videoId === null) {
    return mapChecked(checkUrl(url, purpose, [...path, 'url']), (value) => ({ url: value }));
  }
  if (videoId !== null && url === null) {
    return mapChecked(checkKlingId(videoId, [...path, 'videoId']), (value) => ({ videoId: value }));
  }
  return { ok: false, issues: [{ path, message: 'must have exactly one of url and videoId' }] };
}
