import { useMutation } from 'urql';
import { fromMilliunits, lipSyncMilliunits, milliunitsToUsd } from '../../domain/cost.ts';
import { VOLUME } from '../../domain/inputs.ts';
import { VIDEO_MS_MAX, VIDEO_MS_MIN } from '../../domain/placement.ts';
import { CreateLipSyncDocument, type Face, type Task } from '../api/documents.ts';
import { workOf } from '../api/failure.ts';
import { useDrafted } from '../session/draft.ts';
import { LIP_SYNC_UNITS_MAX, newExternalId } from '../tasks/task-words.ts';
import { Button } from '../ui/button.tsx';
import { CopyAs } from '../ui/copy-as.tsx';
import { Field } from '../ui/field.tsx';
import { ErrorNotice } from '../ui/notice.tsx';
import { formatSeconds, formatUnits } from '../ui/format.ts';
import type { Cut } from './cut.ts';
import type { Volumes } from './play-together.ts';
import type { ChosenAudio } from './read-audio.ts';

/** A lip-sync that is ready to be created, except for its audio. */
interface Draft {
  readonly face: Face;
  /** Null until the user has chosen audio of a known length. */
  readonly audio: ChosenAudio | null;
  readonly cut: Cut;
  readonly videoMs: number;
  /** Null if the length is a guess. The gateway gets only known lengths. */
  readonly knownVideoMs: number | null;
  readonly knownAudioMs: number | null;
}

/** The most characters of a task's label. */
const LABEL_CHARS_MAX = 80;

interface Props {
  readonly scanId: string;
  /** The name that is filled in first. */
  readonly givenLabel: string;
  readonly draft: Draft;
  readonly mix: MixValues;
  readonly onMix: (mix: MixValues) => void;
  readonly problems: readonly string[];
  /** The instruction that is shown without audio. */
  readonly missing: string;
  readonly onCreated: (task: Task) => void;
}

export function CreateStep({ scanId, givenLabel, draft, mix, onMix, problems, missing, onCreated }: Props) {
  const [{ fetching, data, error }, create] = useMutation(CreateLipSyncDocument);
  const [label, setLabel] = useDrafted('label', givenLabel, scanId);
  const [attempt, setAttempt] = useDrafted('create-attempt', { of: '', id: '' }, scanId);
  const { audio, cut, face, videoMs, knownVideoMs, knownAudioMs } = draft;
  const isReady = audio !== null && problems.length === 0;

  const notes = { label: label.trim() === '' ? null : label.trim() };

  function inputOf({ source }: ChosenAudio) {
    return {
      face: { faceId: face.id },
      audio: source,
      placement: { audioStartMs: cut.cropStartMs, audioEndMs: cut.cropEndMs, insertAtMs: cut.insertAtMs },
      videoDurationMs: knownVideoMs,
      audioDurationMs: knownAudioMs,
      ...mix,
    };
  }

  async function submit(): Promise<void> {
    if (audio === null) return;
    const input = inputOf(audio);
    // A repeat after a lost answer has the same id, so it returns the same task and is charged once.
    const of = JSON.stringify(input);
    const id = attempt.of === of ? attempt.id : newExternalId();
    setAttempt({ of, id });
    const answered = await create({ input: { ...input, ...notes, externalId: id } });
    const task = workOf(answered.data?.createLipSyncTask);
    if (task === null) return;
    setAttempt({ of: '', id: '' });
    setLabel('');
    onCreated(task);
  }

  return (
    <section className="card step create-step" aria-label="Cost and creation">
      <Field
        label="Name (optional)"
        hint="Shown in your list of tasks, instead of the file name of the video."
        input={{ maxLength: LABEL_CHARS_MAX }}
        value={label}
        onChange={setLabel}
      />
      <Mix values={mix} onChange={onMix} />
      <ErrorNotice error={error} answer={data?.createLipSyncTask} />
      <div className="form-foot">
        <Quote videoMs={videoMs} isKnown={knownVideoMs !== null} />
        <span className="create-action">
          {isReady ? null : (
            <span className="muted" id="not-ready">
              {audio === null ? `${missing} first` : 'Move the audio to where it fits'}
            </span>
          )}
          <Button
            kind="primary"
            disabled={!isReady}
            busy={fetching}
            {...(isReady ? {} : { 'aria-describedby': 'not-ready' })}
            onPress={() => void submit()}
          >
            Create lip-sync
          </Button>
        </span>
      </div>
      {audio !== null && isReady ? (
        <CopyAs
          action="Create lip-sync"
          document={CreateLipSyncDocument}
          variables={() => ({ input: { ...inputOf(audio), ...notes, externalId: newExternalId() } })}
        />
      ) : null}
    </section>
  );
}

/** The volumes of the result, and whether it has a watermarked copy. */
export interface MixValues extends Volumes {
  readonly watermark: boolean;
}

interface MixProps {
  readonly values: MixValues;
  readonly onChange: (values: MixValues) => void;
}

const VOLUMES = [
  { key: 'audioVolume', label: 'Audio volume' },
  { key: 'originalAudioVolume', label: 'Volume of the video’s own audio' },
] as const;

const percentOf = (volume: number) => `${Math.round(volume * 100)} %`;

function Mix({ values, onChange }: MixProps) {
  return (
    <details className="mix">
      <summary>Volumes and watermark</summary>
      <div className="mix-fields">
        {VOLUMES.map(({ key, label }) => (
          <label key={key} className="range">
            <span>
              {/* An `output` would take the label from the slider. */}
              {label} <span aria-hidden="true">{percentOf(values[key])}</span>
            </span>
            <input
              type="range"
              aria-valuetext={percentOf(values[key])}
              min={VOLUME.min}
              max={VOLUME.max}
              step={0.1}
              value={values[key]}
              onChange={({ target }) => onChange({ ...values, [key]: target.valueAsNumber })}
            />
          </label>
        ))}
        <label className="checkbox">
          <input
            type="checkbox"
            checked={values.watermark}
            onChange={({ target }) => onChange({ ...values, watermark: target.checked })}
          />
          <span>Also create a copy with Kling’s watermark</span>
        </label>
      </div>
    </details>
  );
}

interface QuoteProps {
  readonly videoMs: number;
  /** Whether `videoMs` is the length of the video, not only the shortest possible one. */
  readonly isKnown: boolean;
}

/**
 * Shows the estimated cost before the task is created, by the gateway's own rule: `lipSyncQuote` needs audio, which is chosen
 * last. A range if the length of the video is unknown.
 */
function Quote({ videoMs, isKnown }: QuoteProps) {
  const isLength = videoMs >= VIDEO_MS_MIN && videoMs <= VIDEO_MS_MAX;
  if (!isLength) return <p className="quote muted">The cost depends on the length of the video.</p>;
  const milliunits = lipSyncMilliunits(videoMs);
  const units = fromMilliunits(milliunits);
  if (!isKnown && units !== LIP_SYNC_UNITS_MAX) {
    return (
      <p className="quote">
        <strong>
          {units} to {formatUnits(LIP_SYNC_UNITS_MAX)}
        </strong>{' '}
        <span className="muted">Enter the length of the video for a better estimate</span>
      </p>
    );
  }
  return (
    <p className="quote">
      <strong>{formatUnits(units)}</strong>{' '}
      <span className="muted">
        about ${milliunitsToUsd(milliunits)}, estimated for {formatSeconds(videoMs)} of video
      </span>
    </p>
  );
}
