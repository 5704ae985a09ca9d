import { allowedInsertRange } from '../../domain/placement.ts';
import { Notice } from '../ui/notice.tsx';
import { formatSeconds } from '../ui/format.ts';
import { Field } from '../ui/field.tsx';
import { type Cut, type CutFacts, leftOutMs } from './cut.ts';

interface Props {
  readonly cut: Cut;
  readonly facts: CutFacts;
  readonly problems: readonly string[];
  readonly onCut: (cut: Cut) => void;
}

/** The cut of the timeline as numbers, with its problems. */
export function CutFields({ cut, facts, problems, onCut }: Props) {
  const lengthMs = cut.cropEndMs - cut.cropStartMs;
  const isShortened = leftOutMs(cut, facts.audioMs, facts.videoMs) > 0;
  const range = allowedInsertRange(facts.face, lengthMs, facts.videoMs);
  const allowed =
    range === null ? 'In the video.' : `${formatSeconds(range.minMs)} to ${formatSeconds(range.maxMs)} is possible.`;
  return (
    <>
      <div className="cut-fields">
        <LengthField
          label="Starts in the video at"
          hint={allowed}
          ms={cut.insertAtMs}
          onChange={(insertAtMs) => onCut({ ...cut, insertAtMs })}
        />
        <LengthField
          label="Clip start"
          hint="In the audio."
          ms={cut.cropStartMs}
          onChange={(cropStartMs) => onCut({ ...cut, cropStartMs })}
        />
        <LengthField
          label="Clip end"
          hint={`The audio is ${formatSeconds(facts.audioMs)} long.`}
          ms={cut.cropEndMs}
          onChange={(cropEndMs) => onCut({ ...cut, cropEndMs })}
        />
      </div>
      <div role="status" className="cut-problems">
        {problems.length === 0 ? null : (
          <Notice tone="warning" title="The audio doesn’t fit there">
            {problems.map((problem) => (
              <p key={problem}>{problem}</p>
            ))}
          </Notice>
        )}
        {problems.length === 0 && isShortened ? (
          <Notice
            tone="info"
            title={`Only ${formatSeconds(lengthMs)} of the ${formatSeconds(facts.audioMs)} of audio are used`}
          >
            The video ends before the rest. To use another part, change the start and the end of the clip.
          </Notice>
        ) : null}
      </div>
    </>
  );
}

interface LengthProps {
  readonly label: string;
  readonly hint?: string;
  /** Null while it is unknown. */
  readonly ms: number | null;
  readonly onChange: (ms: number) => void;
}

/** An input in seconds for a value in milliseconds. */
export function LengthField({ label, hint = '', ms, onChange }: LengthProps) {
  return (
    <Field
      label={label}
      hint={hint}
      type="number"
      unit="s"
      input={{ min: 0, max: 60, step: 0.1 }}
      value={ms === null ? '' : String(ms / 1000)}
      onChange={(text) => {
        if (text.trim() !== '' && Number.isFinite(Number(text))) onChange(Math.round(Number(text) * 1000));
      }}
    />
  );
}
