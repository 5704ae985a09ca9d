import { useQuery } from 'urql';
import { SPEECH_CHARS_MAX, SPEECH_SPEED } from '../../domain/speech.ts';
import { SpeechVoicesDocument, type SpeechVoice } from '../api/voice-documents.ts';
import { useDrafted } from '../session/draft.ts';
import { Field } from '../ui/field.tsx';
import { Segments } from '../ui/segments.tsx';
import { SpeechVoiceField } from './speech-voice-field.tsx';

const LANGUAGES = [
  { value: 'EN', label: 'English' },
  { value: 'ZH', label: 'Chinese' },
] as const;

type Language = (typeof LANGUAGES)[number]['value'];

/** The start of the names of the editor's speech in the draft. */
export const SPEECH = 'speech-';

/** A text to speak, as the gateway takes it. */
export interface SpeechInput {
  readonly text: string;
  readonly klingVoiceId: string;
  readonly language: Language;
  readonly speed: number;
}

/** The text and the voice that the user has chosen, and how they are changed. */
export interface SpeechChoice {
  readonly input: SpeechInput;
  /** The known voices of the language. Empty until they are loaded. */
  readonly voices: readonly SpeechVoice[];
  /** Whether the voices are being loaded, so that none is chosen yet. */
  readonly isLoading: boolean;
  readonly setText: (text: string) => void;
  readonly setLanguage: (language: Language) => void;
  readonly setVoiceId: (id: string) => void;
  readonly setSpeed: (speed: number) => void;
}

/** Returns what the user has chosen on a screen. `prefix` starts the names of the draft's values. */
export function useSpeechChoice(prefix: string): SpeechChoice {
  const [text, setText] = useDrafted(`${prefix}text`, '');
  const [language, setLanguage] = useDrafted<Language>(`${prefix}language`, 'EN');
  const [speed, setSpeed] = useDrafted<number>(`${prefix}speed`, SPEECH_SPEED.fallback);
  // Null for the first voice of the language.
  const [chosenId, setChosenId] = useDrafted<string | null>(`${prefix}voice`, null);
  const [{ data, fetching }] = useQuery({
    query: SpeechVoicesDocument,
    variables: { language },
    requestPolicy: 'cache-first',
  });
  const voices = data?.speechVoices ?? [];
  return {
    input: { text, klingVoiceId: chosenId ?? voices[0]?.klingVoiceId ?? '', language, speed },
    voices,
    isLoading: fetching && chosenId === null,
    setText,
    setLanguage(chosen) {
      setLanguage(chosen);
      setChosenId(null);
    },
    setVoiceId: setChosenId,
    setSpeed,
  };
}

/** Returns the draft in which the editor shows the same speech. */
export function toSpeechDraft({ text, klingVoiceId, language, speed }: SpeechInput): Readonly<Record<string, unknown>> {
  return {
    [`${SPEECH}text`]: text,
    [`${SPEECH}language`]: language,
    [`${SPEECH}voice`]: klingVoiceId === '' ? null : klingVoiceId,
    [`${SPEECH}speed`]: speed,
  };
}

interface Props {
  readonly label: string;
  readonly choice: SpeechChoice;
  /** Returns the problem with a field of the speech. Null if it is valid or not checked yet. */
  readonly problemOf: (field: keyof SpeechInput) => string | null;
}

/** The fields of a text and its voice. */
export function SpeechFields({ label, choice, problemOf }: Props) {
  const { input, voices, setText, setLanguage, setVoiceId, setSpeed } = choice;
  const { text, klingVoiceId, language, speed } = input;
  const languageProblem = problemOf('language');
  return (
    <>
      <Field
        label={label}
        hint={`Up to ${SPEECH_CHARS_MAX} characters. The audio must be at least 2 s long.`}
        problem={problemOf('text')}
        multiline
        value={text}
        onChange={setText}
      />
      <Segments label="Language" options={LANGUAGES} value={language} onChange={setLanguage} />
      {languageProblem === null ? null : <p className="field-problem">{languageProblem}</p>}
      <SpeechVoiceField
        key={language}
        voices={voices}
        voiceId={klingVoiceId}
        onVoiceId={setVoiceId}
        problem={problemOf('klingVoiceId')}
      />
      <label className="range">
        <span>
          {/* An `output` would take the label from the slider. */}
          Speed <span aria-hidden="true">{speed} ×</span>
        </span>
        <input
          type="range"
          aria-valuetext={`${speed} times the voice’s own speed`}
          min={SPEECH_SPEED.min}
          max={SPEECH_SPEED.max}
          step={0.1}
          value={speed}
          onChange={({ target }) => setSpeed(target.valueAsNumber)}
        />
      </label>
    </>
  );
}
