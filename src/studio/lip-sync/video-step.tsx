import { useEffect, useRef, useState, type FormEvent } from 'react';
import { flushSync } from 'react-dom';
import { useMutation } from 'urql';
import { issuesOf } from '../../domain/check.ts';
import { FACE_SCAN_UNITS } from '../../domain/cost.ts';
import { checkFileUrl } from '../../domain/url.ts';
import { IdentifyFacesDocument } from '../api/documents.ts';
import { workOf } from '../api/failure.ts';
import { EXAMPLE_VIDEO, LOCAL_HOST } from '../examples.ts';
import { useUpload } from '../files/use-upload.ts';
import { useDrafted } from '../session/draft.ts';
import { announce } from '../ui/announcer.tsx';
import { Button } from '../ui/button.tsx';
import { CopyAs } from '../ui/copy-as.tsx';
import { ExampleButton, focusFirstProblem } from '../ui/field.tsx';
import { ErrorNotice, Notice } from '../ui/notice.tsx';
import { VideoFileField, VideoLinkField } from './video-fields.tsx';
import { isOf, keyOf, toVideoInput, type Scanned, type VideoSource } from './video-source.ts';

/** The most videos whose scans are remembered. */
const ATTEMPTS_MAX = 20;

interface Attempt {
  readonly video: string;
  readonly externalId: string;
  /** When the scan expires. Null before the answer. */
  readonly expiresAtMs: number | null;
}

interface Props {
  readonly source: VideoSource;
  readonly onSource: (source: VideoSource) => void;
  readonly scanned: Scanned | null;
  readonly onScanned: (scanned: Scanned) => void;
}

export function VideoStep({ source, onSource, scanned, onScanned }: Props) {
  const [asked, setAsked] = useState(false);
  // A repeat for the same video has the same key, so it is charged once until the scan expires. Newest first.
  const [attempts, setAttempts] = useDrafted<readonly Attempt[]>('scan-attempts', []);
  const form = useRef<HTMLFormElement>(null);
  const [{ fetching, data, error }, identifyFaces] = useMutation(IdentifyFacesDocument);
  const upload = useUpload({
    use: 'video',
    onReady(ready) {
      onSource({ ...source, file: ready });
      announce(`${ready.name} is uploaded`);
    },
  });
  const { file, link } = source;
  const [issue] = file === null ? issuesOf(checkFileUrl(link.trim(), 'video', [], LOCAL_HOST)) : [];
  const isChanged = scanned !== null && !isOf(scanned, source);

  useEffect(() => {
    // The upload has disappeared with the focus. The next step is the button.
    if (file !== null && document.activeElement === document.body) focusIn('button[type=submit]');
  }, [file]);

  function focusIn(selector: string): void {
    form.current?.querySelector<HTMLElement>(selector)?.focus();
  }

  function undo(last: VideoSource): void {
    onSource(last);
    // The pressed button disappears.
    focusIn('input, button[type=submit]');
  }

  function remove(): void {
    flushSync(() => onSource({ ...source, file: null }));
    focusIn('input');
  }

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    flushSync(() => setAsked(true));
    if (issue !== undefined) {
      focusFirstProblem(event.currentTarget);
      return;
    }
    const video = keyOf(source);
    const last = attempts.find((attempt) => attempt.video === video);
    const isUsable = last !== undefined && (last.expiresAtMs ?? Infinity) > Date.now();
    const externalId = isUsable ? last.externalId : crypto.randomUUID();
    const others = attempts.filter((attempt) => attempt !== last).slice(0, ATTEMPTS_MAX - 1);
    setAttempts([{ video, externalId, expiresAtMs: null }, ...others]);
    const answered = await identifyFaces({ video: toVideoInput(source), externalId });
    const scan = workOf(answered.data?.identifyFaces);
    if (scan === null) return;
    setAttempts([{ video, externalId, expiresAtMs: new Date(scan.expiresAt).getTime() }, ...others]);
    onScanned({ source, scan });
    if (scan.faces.length > 0) announce(scan.faces.length === 1 ? '1 face found' : `${scan.faces.length} faces found`);
  }

  return (
    <section className="card step" aria-labelledby="video-step">
      <h2 id="video-step">Video</h2>
      <VideoFileField source={source} upload={upload} />
      <form ref={form} className="inline-form" onSubmit={(event) => void submit(event)} noValidate>
        <VideoLinkField
          source={source}
          onLink={(changed) => onSource({ ...source, link: changed })}
          onRemove={remove}
          hint={`Finding its faces costs ${FACE_SCAN_UNITS} units.`}
          problem={asked && issue !== undefined ? `The link ${issue.message}.` : null}
        />
        <Button
          kind={scanned === null ? 'primary' : 'plain'}
          type="submit"
          busy={fetching}
          disabled={file === null && link === ''}
        >
          {fetching ? 'Finding faces' : 'Find faces'}
        </Button>
      </form>
      {file === null && link === '' ? null : (
        <CopyAs
          action="Find faces"
          document={IdentifyFacesDocument}
          variables={() => ({ video: toVideoInput(source), externalId: crypto.randomUUID() })}
        />
      )}
      {file === null && link === '' ? (
        <ExampleButton value={EXAMPLE_VIDEO} onUse={(example) => onSource({ ...source, link: example })} />
      ) : null}
      <ErrorNotice error={error} answer={data?.identifyFaces} />
      {isChanged ? (
        <div role="alert">
          <Notice tone="warning" title="The video has changed">
            <p>Find the faces in the new video, or undo the change to continue with the last one.</p>
            <Button onPress={() => undo(scanned.source)}>Undo</Button>
          </Notice>
        </div>
      ) : null}
      {scanned !== null && !isChanged && scanned.scan.faces.length === 0 ? (
        <div role="alert">
          <Notice tone="warning" title="No face found in this video">
            Kling needs a face seen from the front for at least 2 seconds. Try another video.
          </Notice>
        </div>
      ) : null}
    </section>
  );
}
