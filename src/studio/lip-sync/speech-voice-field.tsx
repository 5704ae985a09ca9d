import { useId, useState } from 'react';
import type { SpeechVoice } from '../api/voice-documents.ts';
import { Field } from '../ui/field.tsx';

interface Props {
  readonly voices: readonly SpeechVoice[];
  readonly voiceId: string;
  readonly onVoiceId: (id: string) => void;
  /** The problem with the id. Null if it is valid or not checked yet. */
  readonly problem: string | null;
}

/** The value of the last option. No id is empty. */
const OTHER = '';

/** Chooses a text-to-speech voice. Another id is allowed, because Kling publishes no complete list. */
export function SpeechVoiceField({ voices, voiceId, onVoiceId, problem }: Props) {
  const id = useId();
  const [wantsOther, setOther] = useState(false);
  // A voice of a draft may not be listed.
  const isListed = voiceId === '' || voices.some(({ klingVoiceId }) => klingVoiceId === voiceId);
  const isOther = wantsOther || (voices.length > 0 && !isListed);
  const shown = isOther || voices.length === 0 ? null : problem;

  function choose(value: string): void {
    setOther(value === OTHER);
    onVoiceId(value);
  }

  return (
    <>
      <div className="field">
        <label htmlFor={id}>Text-to-speech voice</label>
        <select
          id={id}
          aria-invalid={shown !== null}
          aria-describedby={isOther ? undefined : `${id}-hint`}
          value={isOther ? OTHER : voiceId}
          onChange={({ target }) => choose(target.value)}
        >
          {voices.map((voice) => (
            <option key={voice.klingVoiceId} value={voice.klingVoiceId}>
              {voice.gender === null ? voice.name : `${voice.name}, ${GENDERS[voice.gender]}`}
            </option>
          ))}
          <option value={OTHER}>Another voice…</option>
        </select>
        {isOther ? null : (
          <p id={`${id}-hint`} className={shown === null ? 'field-hint' : 'field-problem'}>
            {shown ?? 'Cloned and preset voices can’t be used here.'}
          </p>
        )}
      </div>
      {isOther || voices.length === 0 ? (
        <Field
          label="Voice id"
          hint="Kling’s id of a text-to-speech voice, such as uk_boy1."
          problem={problem}
          value={voiceId}
          onChange={onVoiceId}
        />
      ) : null}
    </>
  );
}

const GENDERS = { FEMALE: 'female', MALE: 'male' } as const;
