import { useRef, useState, type FormEvent } from 'react';
import { flushSync } from 'react-dom';
import { useMutation } from 'urql';
import { issuesOf } from '../../domain/check.ts';
import { FACE_SCAN_UNITS } from '../../domain/cost.ts';
import { checkFileUrl } from '../../domain/url.ts';
import { IdentifyFacesDocument, type FaceScan } from '../api/documents.ts';
import { workOf } from '../api/failure.ts';
import { EXAMPLE_VIDEO, LOCAL_HOST } from '../examples.ts';
import { useDrafted } from '../session/draft.ts';
import { announce } from '../ui/announcer.tsx';
import { Button } from '../ui/button.tsx';
import { ExampleButton, Field, focusFirstProblem } from '../ui/field.tsx';
import { ErrorNotice, Notice } from '../ui/notice.tsx';

export interface Scanned {
  readonly videoUrl: string;
  readonly scan: FaceScan;
}

/** Whether the faces were found in the video at this link. */
export function isOf({ videoUrl }: Scanned, url: string): boolean {
  return videoUrl === url.trim();
}

/** The most videos whose scans are remembered. */
const ATTEMPTS_MAX = 20;

interface Attempt {
  readonly videoUrl: string;
  readonly externalId: string;
  /** When the scan expires. Null before the answer. */
  readonly expiresAtMs: number | null;
}

interface Props {
  readonly url: string;
  readonly onUrl: (url: string) => void;
  readonly scanned: Scanned | null;
  readonly onScanned: (scanned: Scanned) => void;
}

export function VideoStep({ url, onUrl, scanned, onScanned }: Props) {
  const [asked, setAsked] = useState(false);
  // A repeat for the same video has the same key, so it is charged once until the scan expires. Newest first.
  const [attempts, setAttempts] = useDrafted<readonly Attempt[]>('scan-attempts', []);
  const form = useRef<HTMLFormElement>(null);
  const [{ fetching, data, error }, identifyFaces] = useMutation(IdentifyFacesDocument);
  const [issue] = issuesOf(checkFileUrl(url.trim(), 'video', [], LOCAL_HOST));

  function undo(videoUrl: string): void {
    onUrl(videoUrl);
    // The pressed button disappears.
    form.current?.querySelector('input')?.focus();
  }

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    flushSync(() => setAsked(true));
    if (issue !== undefined) {
      focusFirstProblem(event.currentTarget);
      return;
    }
    const videoUrl = url.trim();
    const last = attempts.find((attempt) => attempt.videoUrl === videoUrl);
    const isUsable = last !== undefined && (last.expiresAtMs ?? Infinity) > Date.now();
    const externalId = isUsable ? last.externalId : crypto.randomUUID();
    const others = attempts.filter((attempt) => attempt !== last).slice(0, ATTEMPTS_MAX - 1);
    setAttempts([{ videoUrl, externalId, expiresAtMs: null }, ...others]);
    const answered = await identifyFaces({ video: { url: videoUrl }, externalId });
    const scan = workOf(answered.data?.identifyFaces);
    if (scan === null) return;
    setAttempts([{ videoUrl, externalId, expiresAtMs: new Date(scan.expiresAt).getTime() }, ...others]);
    onScanned({ videoUrl, scan });
    if (scan.faces.length > 0) announce(scan.faces.length === 1 ? '1 face found' : `${scan.faces.length} faces found`);
  }

  return (
    <section className="card step" aria-labelledby="video-step">
      <h2 id="video-step">Video</h2>
      <form ref={form} className="inline-form" onSubmit={(event) => void submit(event)} noValidate>
        <Field
          label="Video link"
          hint={`MP4 or MOV, https, 2 to 60 s. Finding its faces costs ${FACE_SCAN_UNITS} units.`}
          problem={asked && issue !== undefined ? `The link ${issue.message}.` : null}
          type="url"
          input={{ placeholder: 'https://…' }}
          value={url}
          onChange={onUrl}
        />
        <Button kind={scanned === null ? 'primary' : 'plain'} type="submit" busy={fetching} disabled={url === ''}>
          {fetching ? 'Finding faces' : 'Find faces'}
        </Button>
      </form>
      {url === '' ? <ExampleButton value={EXAMPLE_VIDEO} onUse={onUrl} /> : null}
      <ErrorNotice error={error} answer={data?.identifyFaces} />
      {scanned === null || isOf(scanned, url) ? null : (
        <div role="alert">
          <Notice tone="warning" title="The video link has changed">
            <p>Find the faces in the new video, or undo the change to continue with the last one.</p>
            <Button onPress={() => undo(scanned.videoUrl)}>Undo</Button>
          </Notice>
        </div>
      )}
      {scanned !== null && isOf(scanned, url) && scanned.scan.faces.length === 0 ? (
        <div role="alert">
          <Notice tone="warning" title="No face found in this video">
            Kling needs a face seen from the front for at least 2 seconds. Try another video.
          </Notice>
        </div>
      ) : null}
    </section>
  );
}
