import type { KnownFacts } from './file-rules.ts';

/** The longest wait for a browser that never answers about a file. */
const MEASURE_MS_MAX = 5_000;

/** Reads length and picture of a video file. Empty if this browser cannot play it. */
export async function measureVideo(file: File): Promise<KnownFacts> {
  const url = URL.createObjectURL(file);
  const video = document.createElement('video');
  const { promise, resolve } = Promise.withResolvers<KnownFacts>();
  const timer = setTimeout(() => resolve({}), MEASURE_MS_MAX);
  video.preload = 'metadata';
  video.addEventListener('error', () => resolve({}));
  video.addEventListener('loadedmetadata', () => {
    const { duration, videoWidth, videoHeight } = video;
    // A recording may have no length at its start, and an audio file has no picture.
    resolve(
      Number.isFinite(duration) && videoWidth > 0
        ? { durationMs: Math.floor(duration * 1000), width: videoWidth, height: videoHeight }
        : {},
    );
  });
  video.src = url;
  const facts = await promise;
  clearTimeout(timer);
  video.removeAttribute('src');
  URL.revokeObjectURL(url);
  return facts;
}
