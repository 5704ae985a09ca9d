import { useEffect, useState, type RefObject } from 'react';
import type { Cut } from './cut.ts';

/** The largest distance between the audio and its place in the video, before it is corrected. People notice about 100 ms. */
const DRIFT_MS_MAX = 80;

/** Returns the position in the audio while the video is at `videoMs`. Null outside the clip. */
export function audioMsAt({ cropStartMs, cropEndMs, insertAtMs }: Cut, videoMs: number): number | null {
  const sinceMs = videoMs - insertAtMs;
  return sinceMs < 0 || sinceMs >= cropEndMs - cropStartMs ? null : cropStartMs + sinceMs;
}

/** The volumes of a lip-sync, from 0 to 2. */
export interface Volumes {
  readonly audioVolume: number;
  readonly originalAudioVolume: number;
}

/** Returns volumes that a browser can play, 0 to 1, in the same ratio. */
export function playableVolumes({ audioVolume, originalAudioVolume }: Volumes): Volumes {
  const loudest = Math.max(1, audioVolume, originalAudioVolume);
  return { audioVolume: audioVolume / loudest, originalAudioVolume: originalAudioVolume / loudest };
}

/** Plays, seeks or pauses the audio so that it fits the video. */
function follow(video: HTMLVideoElement, audio: HTMLAudioElement, cut: Cut): void {
  audio.muted = video.muted;
  const ms = audioMsAt(cut, video.currentTime * 1000);
  const isRunning = !video.paused && !video.seeking && video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA;
  if (ms === null || !isRunning || audio.error !== null) {
    if (!audio.paused) audio.pause();
    return;
  }
  if (audio.readyState < HTMLMediaElement.HAVE_METADATA || audio.seeking) return;
  audio.playbackRate = video.playbackRate;
  if (Math.abs(audio.currentTime * 1000 - ms) > DRIFT_MS_MAX) audio.currentTime = ms / 1000;
  // A pause before the audio starts aborts it.
  if (audio.paused) audio.play().catch(() => {});
}

interface Together {
  readonly video: RefObject<HTMLVideoElement | null>;
  /** The URL of the audio. Null without audio. */
  readonly audioUrl: string | null;
  readonly cut: Cut;
  readonly volumes: Volumes;
}

/** Plays the audio with the video, at its place. Returns whether the browser cannot load the audio. */
export function usePlayTogether({ video, audioUrl, cut, volumes }: Together): boolean {
  const [brokenUrl, setBrokenUrl] = useState<string | null>(null);
  const [audio] = useState(() => new Audio());

  useEffect(() => {
    if (audioUrl === null) return undefined;
    const onError = () => setBrokenUrl(audioUrl);
    audio.addEventListener('error', onError);
    audio.preload = 'auto';
    audio.src = audioUrl;
    return () => {
      audio.removeEventListener('error', onError);
      audio.pause();
      audio.removeAttribute('src');
    };
  }, [audio, audioUrl]);

  useEffect(() => {
    const { audioVolume, originalAudioVolume } = playableVolumes(volumes);
    audio.volume = audioVolume;
    if (video.current !== null) video.current.volume = originalAudioVolume;
  }, [audio, video, volumes]);

  useEffect(() => {
    const element = video.current;
    if (element === null || audioUrl === null) return undefined;
    let frame = 0;
    function step(): void {
      if (element === null) return;
      follow(element, audio, cut);
      frame = element.paused ? 0 : requestAnimationFrame(step);
    }
    function start(): void {
      cancelAnimationFrame(frame);
      step();
    }
    const events = ['play', 'playing', 'pause', 'seeking', 'waiting', 'ended', 'volumechange'] as const;
    for (const event of events) element.addEventListener(event, start);
    start();
    return () => {
      cancelAnimationFrame(frame);
      for (const event of events) element.removeEventListener(event, start);
      audio.pause();
    };
  }, [audio, audioUrl, cut, video]);

  return audioUrl !== null && brokenUrl === audioUrl;
}
