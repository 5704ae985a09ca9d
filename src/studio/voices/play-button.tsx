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
      aria-label={playing ? `Stop ${name}` : `Listen to ${name}`}
      isDisabled={url === null}
      onPress={() => url !== null && togglePlaying(url)}
    >
      <Icon name={playing ? 'pause' : 'play'} />
    </Button>
  );
}

/** One sound at a time: what plays stops when another is begun. */
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
  // Refused without a gesture, or broken off by the next one: either way it does not play.
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
