import { useEffect, useRef, type ReactNode } from 'react';
import { Button as AriaButton, DropZone, FileTrigger, isFileDropItem, ProgressBar } from 'react-aria-components';
import { CONTENT_TYPES } from '../../domain/media.ts';
import { Button } from '../ui/button.tsx';
import { CopyAs } from '../ui/copy-as.tsx';
import { formatBytes } from '../ui/format.ts';
import { Notice } from '../ui/notice.tsx';
import { CreateMediaDocument } from './file-documents.ts';
import { FILE_RULES, type FileUse } from './file-rules.ts';
import { pendingOf, type FileState, type FileUpload } from './use-upload.ts';

interface Props {
  readonly use: FileUse;
  /** The file in words, such as `a video`. */
  readonly noun: string;
  readonly upload: FileUpload;
  /** Other ways to get a file, such as a recorder. */
  readonly children?: ReactNode;
}

/** Takes a file that is dropped, pasted or chosen, and shows its upload, or why Kling would refuse it. */
export function FilePicker({ use, noun, upload, children }: Props) {
  const { state } = upload;
  const frame = useRef<HTMLDivElement>(null);
  const isTaken = state.step === 'preparing' || state.step === 'uploading' || state.step === 'checking';

  const shown = useRef(state.step);

  useEffect(() => {
    // The pressed button has disappeared, and a keyboard user would start again at the top.
    const isLost = document.activeElement === document.body;
    if (shown.current !== state.step && isLost) frame.current?.focus({ preventScroll: true });
    shown.current = state.step;
  }, [state.step]);

  return (
    <div className="file-picker" ref={frame} tabIndex={-1}>
      {isTaken ? <UploadRow state={state} upload={upload} /> : <Drop use={use} noun={noun} onFile={upload.send} />}
      {isTaken ? null : children}
      {isTaken || upload.unfinished === null ? null : (
        <Unfinished name={upload.unfinished} onDiscard={upload.discard} />
      )}
      <Outcome state={state} />
    </div>
  );
}

interface UnfinishedProps {
  readonly name: string;
  readonly onDiscard: () => void;
}

/** Says how to continue an upload after the page was loaded again. */
function Unfinished({ name, onDiscard }: UnfinishedProps) {
  return (
    <Notice tone="info" title={`The upload of ${name} was interrupted`}>
      <p>Choose the same file again. It continues where it stopped.</p>
      <Button onPress={onDiscard}>Discard</Button>
    </Notice>
  );
}

const PURPOSES = { video: 'the video', audio: 'the audio', sample: 'the voice' } as const satisfies Record<
  FileUse,
  string
>;

const LIMITS = {
  video: '720p or 1080p, up to 100 MB',
  audio: 'up to 5 MB',
  sample: 'one person, without noise',
} as const satisfies Record<FileUse, string>;

interface DropProps {
  readonly use: FileUse;
  readonly noun: string;
  readonly onFile: (file: File) => void;
}

function Drop({ use, noun, onFile }: DropProps) {
  const { extensions, formats, minMs, maxMs } = FILE_RULES[use];
  const accepted = extensions.flatMap((extension) => [`.${extension}`, CONTENT_TYPES[extension]]);
  return (
    <DropZone
      className="file-drop"
      aria-label={`Drop ${noun}`}
      onDrop={({ items }) => {
        const item = items.find(isFileDropItem);
        if (item !== undefined) void item.getFile().then(onFile);
      }}
    >
      <span>Drop {noun} here, or </span>
      <FileTrigger
        acceptedFileTypes={accepted}
        onSelect={(files) => {
          const file = files?.item(0);
          if (file) onFile(file);
        }}
      >
        <AriaButton className="file-drop-action">
          choose a file<span className="visually-hidden"> for {PURPOSES[use]}</span>
        </AriaButton>
      </FileTrigger>
      <span className="file-drop-hint">
        {formats}, {minMs / 1000} to {maxMs / 1000} s, {LIMITS[use]}
      </span>
    </DropZone>
  );
}

interface RowProps {
  readonly state: FileState;
  readonly upload: FileUpload;
}

/** The file that is being uploaded or checked. */
export function UploadRow({ state, upload }: RowProps) {
  const registration = pendingOf(state)?.registration ?? null;
  return (
    <div className="upload">
      <UploadProgress state={state} upload={upload} />
      {registration === null ? null : (
        <CopyAs action="Upload a file" document={CreateMediaDocument} variables={() => registration} />
      )}
    </div>
  );
}

function UploadProgress({ state, upload }: RowProps) {
  if (state.step === 'uploading') {
    const { name, bytes, sentBytes, pause } = state;
    return (
      <>
        <ProgressBar className="upload-progress" aria-label={`Upload of ${name}`} value={(sentBytes / bytes) * 100}>
          {({ percentage }) => (
            <>
              <span className="upload-head">
                <span className="chosen-name">{name}</span>
                <span className="muted upload-bytes">
                  {formatBytes(sentBytes)} of {formatBytes(bytes)}
                </span>
              </span>
              <progress className="progress-bar" aria-hidden="true" max={100} value={percentage ?? 0} />
            </>
          )}
        </ProgressBar>
        <span className="upload-actions">
          <span className="muted" role="status">
            {PAUSES[pause]}
          </span>
          {pause === 'none' ? (
            <Button kind="quiet" onPress={upload.pause}>
              Pause
            </Button>
          ) : (
            <Button kind="quiet" onPress={upload.resume}>
              Resume
            </Button>
          )}
          <Button kind="quiet" onPress={upload.cancel}>
            Cancel
          </Button>
        </span>
      </>
    );
  }
  if (state.step !== 'preparing' && state.step !== 'checking') return null;
  return (
    <>
      <span className="upload-head">
        <span className="chosen-name">{state.name}</span>
      </span>
      <progress className="progress-bar" aria-label={WAITS[state.step]} />
      <span className="upload-actions">
        <span className="muted" role="status">
          {WAITS[state.step]}
        </span>
        <Button kind="quiet" onPress={upload.cancel}>
          Cancel
        </Button>
      </span>
    </>
  );
}

const PAUSES = {
  none: 'Uploading',
  'by-user': 'Paused',
  interrupted: 'Connection lost. The upload resumes when you are back online.',
} as const;

const WAITS = { preparing: 'Preparing the upload', checking: 'Checking the file' } as const;

/** Shows why the file cannot be used. */
function Outcome({ state }: { readonly state: FileState }) {
  if (state.step === 'refused') {
    return (
      <div role="alert">
        <Notice tone="warning" title={`${state.name} can’t be used`}>
          {state.problems.map((problem) => (
            <p key={problem}>{problem}</p>
          ))}
          <p className="muted">Nothing was charged.</p>
        </Notice>
      </div>
    );
  }
  if (state.step !== 'failed') return null;
  const { title, details, requestId } = state.texts;
  return (
    <div role="alert">
      <Notice tone="danger" title={title}>
        {details.map((detail) => (
          <p key={detail}>{detail}</p>
        ))}
        {requestId === null ? null : <p className="request-id">Request {requestId}</p>}
      </Notice>
    </div>
  );
}
