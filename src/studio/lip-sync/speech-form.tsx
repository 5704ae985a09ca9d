import { useRef, useState, type FormEvent } from 'react';
import { flushSync } from 'react-dom';
import { useMutation } from 'urql';
import { issuesOf } from '../../domain/check.ts';
import { SPEECH_UNITS } from '../../domain/cost.ts';
import { checkSynthesizeSpeechInput, SPEECH_CHARS_MAX } from '../../domain/inputs.ts';
import { SynthesizeSpeechDocument } from '../api/voice-documents.ts';
import { Button } from '../ui/button.tsx';
import { Field, focusFirstProblem } from '../ui/field.tsx';
import { ErrorNotice } from '../ui/notice.tsx';
import { Segments } from '../ui/segments.tsx';
import type { ChosenAudio } from './read-audio.ts';

const LANGUAGES = [
  { value: 'EN', label: 'English' },
  { value: 'ZH', label: 'Chinese' },
] as const;

/** The languages in the gateway's own rules. */
const DOMAIN_LANGUAGES = { EN: 'en', ZH: 'zh' } as const;

/** The longest name, which is the start of the text. */
const NAME_CHARS = 40;

interface Props {
  readonly onAudio: (audio: ChosenAudio) => void;
}

/** Makes audio from a text. */
export function SpeechForm({ onAudio }: Props) {
  const [text, setText] = useState('');
  const [voiceId, setVoiceId] = useState('oversea_male1');
  const [language, setLanguage] = useState<'EN' | 'ZH'>('EN');
  const [asked, setAsked] = useState(false);
  // A repeat after a lost answer has the same key, so it is charged once.
  const attempt = useRef({ of: '', key: '' });
  const [{ fetching, error }, synthesize] = useMutation(SynthesizeSpeechDocument);

  const issues = issuesOf(checkSynthesizeSpeechInput({ text, voiceId, language: DOMAIN_LANGUAGES[language] }, []));
  const problemOf = (field: string) =>
    asked ? (issues.find(({ path }) => path.at(-1) === field)?.message ?? null) : null;

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    flushSync(() => setAsked(true));
    if (issues.length > 0) {
      focusFirstProblem(event.currentTarget);
      return;
    }
    const input = { text, voiceId, language };
    const of = JSON.stringify(input);
    if (attempt.current.of !== of) attempt.current = { of, key: crypto.randomUUID() };
    const { data } = await synthesize({ input: { ...input, externalId: attempt.current.key } });
    if (!data?.synthesizeSpeech) return;
    const { klingAudioId: audioId, durationMs } = data.synthesizeSpeech.speech;
    const said = text.trim();
    const name = said.length > NAME_CHARS ? `${said.slice(0, NAME_CHARS)}…` : said;
    onAudio({ source: { audioId }, name: `“${name}”`, durationMs, peaks: [] });
  }

  return (
    <details className="mix">
      <summary>Text to speech</summary>
      <form className="speech-form" onSubmit={(event) => void submit(event)} noValidate>
        <Field
          label="Text"
          hint={`Up to ${SPEECH_CHARS_MAX} characters. The audio must be at least 2 s long.`}
          problem={problemOf('text')}
          multiline
          value={text}
          onChange={setText}
        />
        <Field
          label="Text-to-speech voice"
          hint="Kling’s id of it, such as uk_boy1. Cloned and preset voices are no part of it."
          problem={problemOf('voiceId')}
          value={voiceId}
          onChange={setVoiceId}
        />
        {error === undefined ? null : <ErrorNotice error={error} />}
        <div className="form-foot">
          <Segments label="Language" options={LANGUAGES} value={language} onChange={setLanguage} />
          <span className="create-action">
            <span className="muted">Costs {SPEECH_UNITS} units</span>
            <Button type="submit" busy={fetching}>
              Create audio
            </Button>
          </span>
        </div>
      </form>
    </details>
  );
}
