import { useId } from 'react';
import { useQuery } from 'urql';
import { formatSeconds } from '../ui/format.ts';
import { MediaListDocument } from './file-documents.ts';
import { atOwnOrigin } from './own-origin.ts';
import type { ReadyFile } from './use-upload.ts';

/** Chooses one of the videos that were uploaded before, the newest first. Shows nothing without one. */
export function OwnVideos({ onChoose }: { readonly onChoose: (file: ReadyFile) => void }) {
  const id = useId();
  const [{ data }] = useQuery({ query: MediaListDocument, variables: {} });
  const videos = (data?.media.edges ?? []).flatMap(({ node }) => {
    const { id: mediaId, kind, status, url, fileName, durationMs } = node;
    if (kind !== 'VIDEO' || status !== 'READY' || url === null) return [];
    return [{ mediaId, name: fileName ?? 'Video', durationMs, playUrl: atOwnOrigin(url) }];
  });
  if (videos.length === 0) return null;
  return (
    <div className="field">
      <label htmlFor={id}>Or one of your files</label>
      <select
        id={id}
        value=""
        onChange={({ target }) => {
          const chosen = videos.find(({ mediaId }) => mediaId === target.value);
          if (chosen !== undefined) onChoose(chosen);
        }}
      >
        <option value="">Choose a video…</option>
        {videos.map(({ mediaId, name, durationMs }) => (
          <option key={mediaId} value={mediaId}>
            {durationMs === null ? name : `${name}, ${formatSeconds(durationMs)}`}
          </option>
        ))}
      </select>
    </div>
  );
}
