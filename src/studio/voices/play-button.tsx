import { Button } from 'react-aria-components';
import { useSyncExternalStore } from 'react';
import { Icon } from '../ui/icon.tsx';

interface Props {
  readonly name: string;
  /** Null when there is nothing to listen to. */
  readonly url: string | null;
}

export function PlayButton({ name, url }: Props) {
  const playing = usePlaying(url);
  return (
    <Button
      className="play"
      aria-label={playing ? `Stop ${name}` : `Play ${name}`}
      isDisabled={url === null}
      onPress={() => url !== null && togglePlaying(url)}
    >
      <Icon name={playing ? 'pause' : 'play'} />
    </Button>
  );
}

/** The one audio player of the page. Starting another file stops the current one. */
const audio = new Audio();
let playing: string | null = null;
const listeners = new Set<() => void>();

function set(url: string | null): void {
  playing = url;
  for (const listener of listeners) listener();
}

audio.addEventListener('ended', () => set(null));
audio.addEventListener('error', () => set(null));

function togglePlaying(url: string): void {
  if (playing === url) {
    audio.pause();
    set(null);
    return;
  }
  audio.src = url;
  set(url);
  // A browser refuses to play without a gesture, and the next file aborts this one. In both cases it does not play.
  audio.play().catch(() => {
    if (playing === url) set(null);
  });
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

function usePlaying(url: string | null): boolean {
  return useSyncExternalStore(subscribe, () => url !== null && playing === url);
}
