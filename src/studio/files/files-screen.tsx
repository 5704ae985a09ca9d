import { useEffect, useRef, useState } from 'react';
import { useMutation, useQuery } from 'urql';
import { workOf } from '../api/failure.ts';
import type { VideoSource } from '../lip-sync/video-source.ts';
import { useScopes, useTenant } from '../session/api-context.ts';
import { openDraft, TALK_VIDEO, writeDraft } from '../session/draft.ts';
import { isOpenTo } from '../shell/route.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { Button } from '../ui/button.tsx';
import { formatBytes, formatRelative, formatSeconds } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { CopyAs } from '../ui/copy-as.tsx';
import { ErrorNotice } from '../ui/notice.tsx';
import { EmptyState, Skeleton } from '../ui/placeholder.tsx';
import { useNow } from '../ui/use-now.ts';
import { CreateMediaDocument, DeleteMediaDocument, MediaListDocument, type Media } from './file-documents.ts';
import { explainIssues } from './file-rules.ts';
import { atOwnOrigin } from './own-origin.ts';

/** The file that the copied code registers. The answer has the URL that takes the bytes, by the tus protocol. */
const EXAMPLE = {
  kind: 'VIDEO',
  source: { file: { bytes: 1_000_000, fileName: 'holiday.mp4', contentType: 'video/mp4' } },
} as const;

/** The screen of the files that the gateway keeps. */
export function FilesScreen() {
  const heading = useRef<HTMLHeadingElement>(null);
  const [leaving, setLeaving] = useState<Media | null>(null);
  const [deleted, setDeleted] = useState(0);

  useEffect(() => {
    // The button of the deleted file has disappeared.
    if (deleted > 0) heading.current?.focus();
  }, [deleted]);

  return (
    <>
      <div className="screen-head">
        <div>
          <h1 ref={heading} tabIndex={-1}>
            Files
          </h1>
          <p className="muted">Videos and audio that you have uploaded. Each is deleted after a while.</p>
        </div>
      </div>
      <FilePage after={null} onDelete={setLeaving} />
      <p className="file-code">
        <span className="muted">To upload a file with your own code:</span>
        <CopyAs action="Upload a file" document={CreateMediaDocument} variables={() => EXAMPLE} />
      </p>
      {leaving === null ? null : (
        <DeleteFile
          media={leaving}
          onClose={() => setLeaving(null)}
          onDeleted={() => {
            setLeaving(null);
            setDeleted((count) => count + 1);
          }}
        />
      )}
    </>
  );
}

interface PageProps {
  readonly after: string | null;
  readonly onDelete: (media: Media) => void;
}

/** One page of the list, and the next page if the user asks for it. */
function FilePage({ after, onDelete }: PageProps) {
  const [{ data, error }] = useQuery({ query: MediaListDocument, variables: after === null ? {} : { after } });
  const [more, setMore] = useState(false);
  if (!data)
    return error === undefined ? <Skeleton rows={3} label="Loading your files" /> : <ErrorNotice error={error} />;
  const { edges, pageInfo } = data.media;
  if (edges.length === 0 && after === null) {
    return (
      <EmptyState icon="film" title="No files yet" action={{ href: '#/talk', label: 'Make a video talk' }}>
        Files appear here when you add a video or audio to a lip-sync or a voice.
      </EmptyState>
    );
  }
  return (
    <>
      <ul className="task-list" aria-label={after === null ? 'Files, newest first' : 'Older files'}>
        {edges.map(({ node }) => (
          <FileRow key={node.id} media={node} onDelete={onDelete} />
        ))}
      </ul>
      {more && pageInfo.endCursor !== null ? <FilePage after={pageInfo.endCursor} onDelete={onDelete} /> : null}
      {!more && pageInfo.hasNextPage ? <Button onPress={() => setMore(true)}>Show older files</Button> : null}
    </>
  );
}

const STATUS = {
  UPLOADING: { label: 'Unfinished upload', look: 'QUEUED' },
  CHECKING: { label: 'Checking', look: 'PROCESSING' },
  READY: { label: 'Ready', look: 'SUCCEEDED' },
  REJECTED: { label: 'Can’t be used', look: 'FAILED' },
} as const satisfies Record<Media['status'], { readonly label: string; readonly look: string }>;

interface RowProps {
  readonly media: Media;
  readonly onDelete: (media: Media) => void;
}

function FileRow({ media, onDelete }: RowProps) {
  const now = useNow(60_000);
  const { kind, status, bytes, durationMs, width, height, url, expiresAt, problems } = media;
  const name = media.fileName ?? (kind === 'VIDEO' ? 'Video' : 'Audio');
  const mayTalk = isOpenTo('talk', useScopes() ?? []);
  const tenant = useTenant();

  /** Fills in the screen that the link opens. */
  function choose(): void {
    if (url === null || tenant === null) return;
    openDraft(tenant);
    const file = { mediaId: media.id, name, durationMs, playUrl: atOwnOrigin(url) };
    writeDraft(TALK_VIDEO, { file, link: '' } satisfies VideoSource);
  }

  const facts = [
    durationMs === null ? null : formatSeconds(durationMs),
    width === null || height === null ? null : `${width} × ${height}`,
    bytes === null ? null : formatBytes(bytes),
    `deleted ${formatRelative(expiresAt, now)}`,
  ];
  return (
    <li className="file-row">
      <span className="task-kind">
        <Icon name={kind === 'VIDEO' ? 'film' : 'wave'} />
      </span>
      <span className="task-what">
        <span className="task-title">{name}</span>
        <span className="muted">{facts.filter((fact) => fact !== null).join(' · ')}</span>
        {explainIssues(problems, kind === 'VIDEO' ? 'video' : 'audio', media).map((problem) => (
          <span key={problem} className="file-problem">
            {problem}
          </span>
        ))}
      </span>
      <span className="badge" data-status={STATUS[status].look}>
        {STATUS[status].label}
      </span>
      <span className="file-actions">
        {kind === 'VIDEO' && url !== null && status === 'READY' && mayTalk ? (
          <a className="button button-quiet" href="#/talk" aria-label={`Make ${name} talk`} onClick={choose}>
            <Icon name="talk" />
          </a>
        ) : null}
        {url === null ? null : (
          <a className="button button-quiet" href={atOwnOrigin(url)} download={name} aria-label={`Download ${name}`}>
            <Icon name="download" />
          </a>
        )}
        <Button kind="quiet" aria-label={`Delete ${name}`} onPress={() => onDelete(media)}>
          <Icon name="trash" />
        </Button>
      </span>
    </li>
  );
}

interface DeleteProps {
  readonly media: Media;
  readonly onClose: () => void;
  readonly onDeleted: () => void;
}

function DeleteFile({ media, onClose, onDeleted }: DeleteProps) {
  const [{ fetching, data, error }, deleteMedia] = useMutation(DeleteMediaDocument);

  async function confirm(): Promise<void> {
    const answered = await deleteMedia({ mediaId: media.id });
    if (workOf(answered.data?.deleteMedia) !== null) onDeleted();
  }

  return (
    <ConfirmDialog
      title={`Delete “${media.fileName ?? 'this file'}”?`}
      keepLabel="Cancel"
      confirmLabel="Delete file"
      busy={fetching}
      onClose={onClose}
      onConfirm={() => void confirm()}
    >
      <p className="muted">You can’t undo this. Tasks that Kling has received are not affected.</p>
      <CopyAs action="Delete file" document={DeleteMediaDocument} variables={() => ({ mediaId: media.id })} />
      <ErrorNotice error={error} answer={data?.deleteMedia} />
    </ConfirmDialog>
  );
}
