import { Activity, useEffect, useRef, useState, type ReactNode } from 'react';
import type { Task } from '../api/documents.ts';
import { CreatedTask } from '../tasks/task-view.tsx';
import type { Again } from '../tasks/task-input.ts';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import { useTenant } from '../session/api-context.ts';
import { canRestoreDraft, FROM_TALK, openDraft, restoreDraft, useDrafted, useDraftVersion } from '../session/draft.ts';
import { Skeleton } from '../ui/placeholder.tsx';
import { Editor } from './editor.tsx';
import { isOf, type Scanned, type VideoSource } from './video-source.ts';
import { VideoStep } from './video-step.tsx';

/** The screen that makes a lip-sync from a video. */
export function LipSyncScreen() {
  const tenant = useTenant();
  const version = useDraftVersion();
  return tenant === null ? (
    <Skeleton rows={3} label="Loading the screen" />
  ) : (
    <LipSyncForm key={`${version} ${tenant}`} tenant={tenant} />
  );
}

function LipSyncForm({ tenant }: { readonly tenant: string }) {
  useState(() => openDraft(tenant));
  const [source, setSource] = useDrafted<VideoSource>('video', { file: null, link: '' });
  const [kept, setScanned] = useDrafted<Scanned | null>('scanned', null);
  // A scan that expired before the page was loaded is not restored, because Kling refuses its faces.
  const [expired] = useState(() => (kept !== null && Date.parse(kept.scan.expiresAt) <= Date.now() ? kept : null));
  const scanned = kept === expired ? null : kept;
  const [again, setAgain] = useDrafted<Again | null>('again', null);
  const [isFromTalk, setFromTalk] = useDrafted(FROM_TALK, false);
  const [created, setCreated] = useState<Task | null>(null);

  const heading = useRef<HTMLHeadingElement>(null);

  // A user who returns wants to make a new one. Created tasks are in the list.
  useEffect(() => () => setCreated(null), []);

  function startAgain(): void {
    setCreated(null);
    // The pressed button disappears.
    heading.current?.focus();
  }

  return (
    <>
      <div className="screen-head">
        <div>
          <h1 ref={heading} tabIndex={-1}>
            New lip-sync
          </h1>
          <p className="muted">Choose a face in a video, then add the audio that it speaks.</p>
        </div>
        {created === null ? null : <Button onPress={startAgain}>Create another from this video</Button>}
      </div>
      {/* Hidden instead of removed, to keep audio and placement for another attempt. */}
      <Activity mode={created === null ? 'visible' : 'hidden'}>
        {again === null ? null : (
          <FilledInNotice title={`This is the input of “${again.title}”`} onClose={() => setAgain(null)}>
            {again.video === '' ? <p>Its video is no longer available. Choose it again.</p> : null}
            {again.audio === null ? <p>Its audio is not kept by the gateway. Add it again.</p> : null}
            <p>Change what you like. The new task is charged like any other.</p>
          </FilledInNotice>
        )}
        {isFromTalk ? (
          <FilledInNotice title="Filled in from “Make it talk”" onClose={() => setFromTalk(false)}>
            <p>Find the faces, then create the audio from your text, and place it.</p>
          </FilledInNotice>
        ) : null}
        <VideoStep source={source} onSource={setSource} scanned={scanned} onScanned={setScanned} />
        {scanned !== null && scanned.scan.faces.length > 0 ? (
          // A lip-sync is created only from the video that is shown.
          <Activity mode={isOf(scanned, source) ? 'visible' : 'hidden'}>
            <Editor key={scanned.scan.id} scanned={scanned} again={again} onCreated={setCreated} />
          </Activity>
        ) : null}
      </Activity>
      {created === null ? null : <CreatedTask task={created} onRetry={startAgain} />}
    </>
  );
}

interface FilledInProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** Says where the values come from. They may have replaced a draft, which can be brought back. */
function FilledInNotice({ title, onClose, children }: FilledInProps) {
  return (
    <div className="again">
      <Notice tone="info" title={title}>
        {children}
        <p className="again-actions">
          {canRestoreDraft() ? (
            <Button onPress={restoreDraft}>Go back to my last draft</Button>
          ) : (
            <Button onPress={onClose}>OK</Button>
          )}
        </p>
      </Notice>
    </div>
  );
}
