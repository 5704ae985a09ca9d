import { useState } from 'react';
import type { LipSyncTask, Task } from '../api/documents.ts';
import { formatRelative } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { useNow } from '../ui/use-now.ts';
import { PlayButton } from '../voices/play-button.tsx';

interface Props {
  readonly task: LipSyncTask;
  readonly originalUrl: string | null;
}

/** Shows the result beside the original video. */
export function LipSyncResult({ task, originalUrl }: Props) {
  const now = useNow(60_000);
  const [video] = task.videos;
  const original = task.parentVideo?.url ?? originalUrl;
  return (
    <>
      <div className="compare">
        <VideoFrame title="Result" url={video?.url ?? null} missing="Kling sent no link to the result." />
        <VideoFrame title="Original" url={original} missing="The original video is not available." />
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
          <PlayButton name={voice.name} url={voice.trialUrl} />
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

const KEY = 'studio.originals';
const KEPT_MAX = 50;

function read(): Readonly<Record<string, string>> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nobody but this file writes there
  return JSON.parse(sessionStorage.getItem(KEY) ?? '{}') as Record<string, string>;
}

/** Remembers the original video of a task, for this tab. Kling does not always report it. */
export function rememberOriginal(taskId: string, url: string): void {
  const kept = Object.entries({ ...read(), [taskId]: url }).slice(-KEPT_MAX);
  sessionStorage.setItem(KEY, JSON.stringify(Object.fromEntries(kept)));
}

/** Returns the original video of a task. Null if the task was not made in this tab. */
export function originalOf(taskId: string): string | null {
  return read()[taskId] ?? null;
}
