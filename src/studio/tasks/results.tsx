import { useState } from 'react';
import type { LipSyncTask, Task } from '../api/documents.ts';
import { atOwnOrigin } from '../files/own-origin.ts';
import { formatDateTime, formatRelative } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { useNow } from '../ui/use-now.ts';
import { titleOf } from './task-words.ts';
import { PlayButton } from '../voices/play-button.tsx';

interface Props {
  readonly task: LipSyncTask;
}

/** Shows the result beside the original video. */
export function LipSyncResult({ task }: Props) {
  const now = useNow(60_000);
  const [video] = task.videos;
  const ends = video?.expiresAt ?? task.expiresAt;
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
          {video.isArchived ? (
            <a className="button button-primary" href={atOwnOrigin(video.url)} download={resultName(task)}>
              <Icon name="download" />
              Download result
            </a>
          ) : (
            <a className="button button-primary" href={video.url} target="_blank" rel="noreferrer">
              <Icon name="download" />
              Open result
            </a>
          )}
          {ends === null ? null : (
            <span className="muted">
              {video.isArchived
                ? `Kept here until ${formatDateTime(ends)}.`
                : `Download it before Kling deletes it ${formatRelative(ends, now)}.`}
            </span>
          )}
        </p>
      )}
    </>
  );
}

/** Returns the file name of a result, such as `holiday-lip-sync.mp4`. */
function resultName(task: LipSyncTask): string {
  return `${titleOf(task).replace(/\.\w{2,4}$/, '')}-lip-sync.mp4`;
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
