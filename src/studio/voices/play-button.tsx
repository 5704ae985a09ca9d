import { Icon } from '../ui/icon.tsx';
import { togglePlaying, usePlaying } from '../ui/player.ts';

interface Props {
  readonly name: string;
  /** Null when there is nothing to listen to. */
  readonly url: string | null;
}

export function PlayButton({ name, url }: Props) {
  const playing = usePlaying(url);
  return (
    <button
      type="button"
      className="play"
      aria-label={playing ? `Stop ${name}` : `Listen to ${name}`}
      aria-pressed={playing}
      disabled={url === null}
      onClick={() => url !== null && togglePlaying(url)}
    >
      <Icon name={playing ? 'pause' : 'play'} />
    </button>
  );
}
