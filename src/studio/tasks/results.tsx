import type { LipSyncTask } from '../api/documents.ts';
import { formatRelative } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { VideoFrame } from '../ui/video-frame.tsx';
import { useNow } from '../ui/use-now.ts';

interface Props {
  readonly task: LipSyncTask;
  readonly originalUrl: string | null;
}

/** What was made, beside what it was made of. */
export function LipSyncResult({ task, originalUrl }: Props) {
  const now = useNow(60_000);
  const [video] = task.videos;
  const original = task.parentVideo?.url ?? originalUrl;
  return (
    <>
      <div className="compare">
        <VideoFrame title="Result" url={video?.url ?? null} missing="Kling sent no link to the result." />
        <VideoFrame title="Original" url={original} missing="Kling does not tell which video this was made of." />
      </div>
      {video?.url == null ? null : (
        <p className="result-actions">
          <a className="button button-primary" href={video.url} target="_blank" rel="noreferrer">
            <Icon name="download" />
            Open the result
          </a>
          {task.expiresAt === null ? null : (
            <span className="muted">Save it before Kling deletes it {formatRelative(task.expiresAt, now)}.</span>
          )}
        </p>
      )}
    </>
  );
}
