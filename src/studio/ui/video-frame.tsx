import { useState } from 'react';

interface Props {
  readonly title: string;
  /** Null when there is none to show. */
  readonly url: string | null;
  readonly missing: string;
}

/** A video, or why there is none to see. */
export function VideoFrame({ title, url, missing }: Props) {
  const [brokenUrl, setBrokenUrl] = useState<string | null>(null);
  const playable = url !== null && url !== brokenUrl;
  return (
    <figure className="video-frame">
      <figcaption>{title}</figcaption>
      {playable ? (
        <video aria-label={title} src={url} controls playsInline preload="metadata" onError={() => setBrokenUrl(url)} />
      ) : (
        <p className="video-missing">{url === null ? missing : 'This video cannot be played here.'}</p>
      )}
    </figure>
  );
}
