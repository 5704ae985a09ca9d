import { useState } from 'react';
import type { LipSyncTask, Task } from '../api/documents.ts';
import { formatRelative } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { useNow } from '../ui/use-now.ts';
import { PlayButton } from '../voices/play-button.tsx';

interface Props {
  readonly task: LipSyncTask;
}

/** Shows the result beside the original video. */
export function LipSyncResult({ task }: Props) {
  const now = useNow(60_000);
  const [video] = task.videos;
  return (
    <>
      <div className="compare">
        <VideoFrame title="Result" url={video?.url ?? null} missing="Kling sent no link to the result." />
        <VideoFrame
          title="Original"
          url={task.sourceVideo?.url ?? null}
          missing="The original video is not available."
        />
      </div>
      {video?.url == null ? null : (
        <p className="result-actions">
          <a className="button button-primary" href={video.url} target="_blank" rel="noreferrer">
            <Icon name="download" />
            Open result
          </a>
          {task.expiresAt === null ? null : (
            <span className="muted">Download it before Kling deletes it {formatRelative(task.expiresAt, now)}.</span>
          )}
        </p>
      )}
    </>
  );
}

type VoiceTask = Extract<Task, { __typename: 'VoiceTask' }>;

export function VoiceResult({ task }: { readonly task: VoiceTask }) {
  return (
    <ul className="voice-list" aria-label="Created voices">
      {task.voices.map((voice) => (
        <li key={voice.id} className="voice">
          <PlayButton name={voice.name} url={voice.sampleUrl} />
          <span className="voice-name">{voice.name}</span>
        </li>
      ))}
    </ul>
  );
}

interface FrameProps {
  readonly title: string;
  /** Null if there is no video. */
  readonly url: string | null;
  readonly missing: string;
}

/** Shows a video, or why it cannot be shown. */
function VideoFrame({ title, url, missing }: FrameProps) {
  const [brokenUrl, setBrokenUrl] = useState<string | null>(null);
  const playable = url !== null && url !== brokenUrl;
  return (
    <figure className="video-frame">
      <figcaption>{title}</figcaption>
      {playable ? (
        <video aria-label={title} src={url} controls playsInline preload="metadata" onError={() => setBrokenUrl(url)} />
      ) : (
        <p className="video-missing">{url === null ? missing : 'Couldn’t play this video.'}</p>
      )}
    </figure>
  );
}
