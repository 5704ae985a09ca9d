import { Activity, useEffect, useRef, useState } from 'react';
import type { Task } from '../api/documents.ts';
import { UploadRow } from '../files/file-picker.tsx';
import { pendingOf, useUpload } from '../files/use-upload.ts';
import type { VideoSource } from '../lip-sync/video-source.ts';
import { useTenant } from '../session/api-context.ts';
import { openDraft, readDraft, TALK, TALK_VIDEO, useDrafted } from '../session/draft.ts';
import { createLazyScreen } from '../shell/lazy-screen.tsx';
import { announce } from '../ui/announcer.tsx';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import { Skeleton } from '../ui/placeholder.tsx';
import { TalkForm } from './talk-form.tsx';

/** Loaded after the form, which is shown first. */
const CreatedTask = createLazyScreen(async () => (await import('../tasks/task-view.tsx')).CreatedTask);

/** The screen that makes a video say a sentence. It is the first one, and sends one mutation. */
export function TalkScreen() {
  const tenant = useTenant();
  return tenant === null ? <Skeleton rows={3} label="Loading the screen" /> : <Talk key={tenant} tenant={tenant} />;
}

function Talk({ tenant }: { readonly tenant: string }) {
  useState(() => openDraft(tenant));
  const [source, setSource] = useDrafted<VideoSource>(TALK_VIDEO, { file: null, link: '' });
  const [created, setCreated] = useState<Task | null>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const upload = useUpload({
    use: 'video',
    keptAs: `${TALK}upload`,
    onReady(file) {
      setSource({ file, link: '' });
      announce(`${file.name} is uploaded`);
    },
  });

  useEffect(() => {
    // The screen is shown again. The list of files may have chosen another video.
    setSource(readDraft(TALK_VIDEO, source));
  }, []);

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
            Make it talk
          </h1>
          <p className="muted">Add a video of a person and type a sentence. You get the video in which they say it.</p>
        </div>
        {created === null ? null : <Button onPress={startAgain}>Make another</Button>}
      </div>
      {/* Hidden instead of removed, so that the inputs are kept and the upload continues. */}
      <Activity mode={created === null ? 'visible' : 'hidden'}>
        <TalkForm tenant={tenant} source={source} onSource={setSource} upload={upload} onCreated={setCreated} />
      </Activity>
      {created === null ? null : (
        <>
          {pendingOf(upload.state) === null ? null : (
            <div className="talk-upload">
              <Notice tone="info" title="Keep this page open until the upload is complete">
                The task waits for the video.
              </Notice>
              <UploadRow state={upload.state} upload={upload} />
            </div>
          )}
          <CreatedTask task={created} onRetry={startAgain} />
        </>
      )}
    </>
  );
}
