import { Button } from 'react-aria-components';
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
