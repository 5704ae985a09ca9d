import { useState } from 'react';

interface Props {
  readonly url: string;
  /** Told once the browser knows how long the video is. */
  readonly onDuration: (ms: number | null) => void;
  readonly onTime: (ms: number) => void;
}

/** The video itself, where the browser can play it. */
export function Preview({ url, onDuration, onTime }: Props) {
  const [broken, setBroken] = useState(false);
  if (broken) return <p className="video-missing">This video cannot be played here. Kling can still use it.</p>;
  return (
    <video
      className="preview"
      aria-label="The video"
      src={url}
      controls
      playsInline
      preload="metadata"
      onLoadedMetadata={({ currentTarget: { duration } }) =>
        onDuration(Number.isFinite(duration) ? Math.floor(duration * 1000) : null)
      }
      onTimeUpdate={({ currentTarget }) => onTime(currentTarget.currentTime * 1000)}
      onError={() => {
        setBroken(true);
        onDuration(null);
      }}
    />
  );
}
