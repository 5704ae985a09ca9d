import { useEffect, useId, useRef, useState, type FormEvent } from 'react';
import { flushSync } from 'react-dom';
import { useMutation } from 'urql';
import { issuesOf } from '../../domain/check.ts';
import { VIDEO_MS_MAX, VIDEO_MS_MIN } from '../../domain/placement.ts';
import { checkFileUrl } from '../../domain/url.ts';
import { CreateLipSyncDocument, type LipSyncInput, type Task } from '../api/documents.ts';
import { workOf } from '../api/failure.ts';
import { EXAMPLE_VIDEO, LOCAL_HOST } from '../examples.ts';
import { OwnVideos } from '../files/own-files.tsx';
import { pendingOf, type FileUpload, type PendingFile } from '../files/use-upload.ts';
import { SpeechFields, toSpeechDraft, useSpeechChoice, type SpeechInput } from '../lip-sync/speech-fields.tsx';
import { VideoFileField, VideoLinkField } from '../lip-sync/video-fields.tsx';
import { playUrlOf, toVideoInput, type VideoSource } from '../lip-sync/video-source.ts';
import { FROM_TALK, replaceDraft, TALK, useDrafted } from '../session/draft.ts';
import { newExternalId } from '../tasks/task-words.ts';
import { Button } from '../ui/button.tsx';
import { CopyAs } from '../ui/copy-as.tsx';
import { ExampleButton, focusFirstProblem } from '../ui/field.tsx';
import { ErrorNotice, Notice } from '../ui/notice.tsx';
import { Price } from './price.tsx';
import { problemsIn, type Problem, type ProblemField } from './problems.ts';
import { useQuote } from './use-quote.ts';

interface Props {
  readonly tenant: string;
  readonly source: VideoSource;
  readonly onSource: (source: VideoSource) => void;
  readonly upload: FileUpload;
  readonly onCreated: (task: Task) => void;
}

/** The length of a linked video. Null if this browser cannot play it. */
interface Measured {
  readonly url: string;
  readonly ms: number | null;
}

/** The problems that the gateway found in the input that it was sent. */
interface Refused {
  readonly of: string;
  readonly problems: readonly Problem[];
}

/** A video, a text and a voice, with the price, and the button that makes the video talk. */
export function TalkForm({ tenant, source, onSource, upload, onCreated }: Props) {
  const form = useRef<HTMLFormElement>(null);
  const notReady = useId();
  const choice = useSpeechChoice(TALK);
  const [measured, setMeasured] = useState<Measured | null>(null);
  const [asked, setAsked] = useState(false);
  const [refused, setRefused] = useState<Refused | null>(null);
  const [attempt, setAttempt] = useDrafted(`${TALK}attempt`, { of: '', id: '' });
  const [{ fetching, data, error }, create] = useMutation(CreateLipSyncDocument);

  const { file } = source;
  const pending = file === null ? pendingOf(upload.state) : null;
  const playUrl = usePlayUrl(source, pending);
  const linkMs = measured !== null && measured.url === playUrl ? measured.ms : null;
  const input = choice.isLoading ? null : toInput(source, pending, choice.input, linkMs);
  const of = JSON.stringify(input);
  const quote = useQuote(input, file === null ? 'unchecked' : 'checked');
  const isPreparing = upload.state.step === 'preparing';
  const hasVideo = file !== null || pending !== null || isPreparing || source.link.trim() !== '';

  const problems = problemsOf();
  const others = problems.filter(({ field }) => field === 'other');

  useEffect(() => {
    // The upload has disappeared with the focus. The next step is the text.
    if (file !== null && document.activeElement === document.body) focusIn('textarea');
  }, [file]);

  function focusIn(selector: string): void {
    form.current?.querySelector<HTMLElement>(selector)?.focus();
  }

  /** Returns the known problems. An empty field is one only after the first attempt. */
  function problemsOf(): readonly Problem[] {
    const isBlank = choice.input.text.trim() === '';
    const found = quote.state === 'refused' ? quote.problems : refused?.of === of ? refused.problems : [];
    const missing: Problem[] = [];
    if (asked && !hasVideo) missing.push({ field: 'video', text: 'Choose a video first.' });
    if (asked && isBlank) missing.push({ field: 'text', text: 'Type what the person should say.' });
    return [...missing, ...found.filter(({ field }) => field !== 'text' || !isBlank)];
  }

  function problemOf(field: ProblemField): string | null {
    return problems.find((problem) => problem.field === field)?.text ?? null;
  }

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const shown = event.currentTarget;
    flushSync(() => setAsked(true));
    if (input === null || choice.input.text.trim() === '' || quote.state === 'refused') {
      focusFirstProblem(shown);
      return;
    }
    // A repeat after a lost answer has the same id, so it returns the same task and is charged once.
    const id = attempt.of === of ? attempt.id : newExternalId();
    setAttempt({ of, id });
    const answered = await create({ input: { ...input, externalId: id } });
    const answer = answered.data?.createLipSyncTask;
    if (answer?.__typename === 'InvalidInputError') {
      flushSync(() => setRefused({ of, problems: problemsIn(answer) }));
      focusFirstProblem(shown);
      return;
    }
    const task = workOf(answer);
    if (task === null) return;
    setAttempt({ of: '', id: '' });
    setAsked(false);
    onCreated(task);
  }

  function editDetails(): void {
    replaceDraft(tenant, { video: source, ...toSpeechDraft(choice.input), [FROM_TALK]: true });
    location.hash = '#/lip-sync';
  }

  function remove(): void {
    flushSync(() => onSource({ file: null, link: '' }));
    // The pressed button disappears.
    focusIn('input[type=url]');
  }

  const answer = data?.createLipSyncTask;
  return (
    <form ref={form} className="card talk" onSubmit={(event) => void submit(event)} noValidate>
      <div className="talk-columns">
        <section className="talk-part" aria-labelledby="talk-video">
          <h2 id="talk-video">Video</h2>
          <VideoFileField source={source} upload={upload} />
          {pending === null && !isPreparing ? (
            <VideoLinkField
              source={source}
              onLink={(link) => onSource({ file: null, link })}
              onRemove={remove}
              hint="One person, seen from the front."
              problem={problemOf('video')}
            />
          ) : null}
          {file === null && pending === null && !isPreparing ? (
            <OwnVideos onChoose={(chosen) => onSource({ file: chosen, link: '' })} />
          ) : null}
          {hasVideo ? null : <ExampleButton value={EXAMPLE_VIDEO} onUse={(link) => onSource({ file: null, link })} />}
          {pending !== null && problemOf('video') !== null ? (
            <p className="field-problem" role="alert">
              {problemOf('video')}
            </p>
          ) : null}
          {playUrl === null ? null : (
            <Preview key={playUrl} url={playUrl} onDuration={(ms) => setMeasured({ url: playUrl, ms })} />
          )}
        </section>
        <section className="talk-part" aria-labelledby="talk-text">
          <h2 id="talk-text">Words and voice</h2>
          <SpeechFields label="What the person says" choice={choice} problemOf={problemOf} />
        </section>
      </div>
      {others.length === 0 ? null : (
        <div role="alert">
          <Notice tone="warning" title="Check your input">
            {others.map(({ text }) => (
              <p key={text}>{text}</p>
            ))}
          </Notice>
        </div>
      )}
      <ErrorNotice error={error} answer={answer?.__typename === 'InvalidInputError' ? null : answer} />
      <div className="form-foot">
        <Price quote={quote} isLengthKnown={file !== null || (pending?.durationMs ?? linkMs) !== null} />
        <Button
          kind="primary"
          type="submit"
          busy={fetching}
          disabled={isPreparing || choice.isLoading}
          {...(pending === null ? {} : { 'aria-describedby': notReady })}
        >
          Make it talk
        </Button>
      </div>
      {pending === null ? null : (
        <p className="muted" id={notReady}>
          You don’t have to wait for the upload: the task waits for it. Keep this page open until it is complete.
        </p>
      )}
      <div className="talk-more">
        <Button kind="quiet" disabled={pending !== null || isPreparing} onPress={editDetails}>
          Edit details
        </Button>
        {input === null ? null : (
          <CopyAs
            action="Make it talk"
            document={CreateLipSyncDocument}
            variables={() => ({ input: { ...input, externalId: newExternalId() } })}
          />
        )}
      </div>
    </form>
  );
}

/** Returns the input of the task. Null without a video. The gateway chooses the face and the placement. */
function toInput(
  source: VideoSource,
  pending: PendingFile | null,
  speech: SpeechInput,
  linkMs: number | null,
): LipSyncInput | null {
  const { file, link } = source;
  if (file === null && pending === null && link.trim() === '') return null;
  const video = pending === null ? toVideoInput(source) : { mediaId: pending.mediaId };
  const knownMs = pending === null ? linkMs : usableMs(pending.durationMs);
  return {
    face: { inVideo: { video } },
    audio: { speech },
    // The gateway has measured a checked file itself.
    ...(file === null && knownMs !== null && { videoDurationMs: knownMs }),
  };
}

/** A file that was not refused is at most some milliseconds beyond the limits. */
function usableMs(durationMs: number | null): number | null {
  return durationMs === null ? null : Math.min(VIDEO_MS_MAX, Math.max(VIDEO_MS_MIN, durationMs));
}

/** The link must be unchanged for this time before its video is loaded. */
const LOAD_AFTER_MS = 500;

/** Returns where this page can play the chosen video. Null for a link that is not valid, or still typed. */
function usePlayUrl(source: VideoSource, pending: PendingFile | null): string | null {
  const { file, link } = source;
  const isUsable = file !== null || issuesOf(checkFileUrl(link.trim(), 'video', [], LOCAL_HOST)).length === 0;
  const url = pending === null && isUsable ? playUrlOf(source) : null;
  const [settled, setSettled] = useState(url);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(url), LOAD_AFTER_MS);
    return () => clearTimeout(timer);
  }, [url]);
  return settled === url || file !== null ? url : null;
}

interface PreviewProps {
  readonly url: string;
  /** Called with the length of the video. Null if the browser cannot play it. */
  readonly onDuration: (ms: number | null) => void;
}

function Preview({ url, onDuration }: PreviewProps) {
  const [isBroken, setBroken] = useState(false);
  const video = useRef<HTMLVideoElement>(null);

  useEffect(() => {
    const element = video.current;
    // Hidden, not removed, so it would continue to play behind another screen.
    return () => element?.pause();
  }, []);

  if (isBroken)
    return <p className="video-missing">Couldn’t load the video here. Kling may still be able to use it.</p>;
  return (
    <video
      ref={video}
      className="preview"
      aria-label="Video"
      src={url}
      controls
      playsInline
      preload="metadata"
      onLoadedMetadata={({ currentTarget: { duration } }) =>
        onDuration(Number.isFinite(duration) ? Math.floor(duration * 1000) : null)
      }
      onError={() => {
        setBroken(true);
        onDuration(null);
      }}
    />
  );
}
