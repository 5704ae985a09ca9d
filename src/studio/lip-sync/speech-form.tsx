import { useState, type FormEvent } from 'react';
import { flushSync } from 'react-dom';
import { useMutation, useQuery } from 'urql';
import { issuesOf } from '../../domain/check.ts';
import { SPEECH_UNITS } from '../../domain/cost.ts';
import { checkSynthesizeSpeechInput, SPEECH_CHARS_MAX } from '../../domain/speech.ts';
import { SpeechVoicesDocument, SynthesizeSpeechDocument } from '../api/voice-documents.ts';
import { workOf } from '../api/failure.ts';
import { useDrafted } from '../session/draft.ts';
import { Button } from '../ui/button.tsx';
import { CopyAs } from '../ui/copy-as.tsx';
import { Field, focusFirstProblem } from '../ui/field.tsx';
import { ErrorNotice } from '../ui/notice.tsx';
import { Segments } from '../ui/segments.tsx';
import type { ChosenAudio } from './read-audio.ts';
import { SpeechVoiceField } from './speech-voice-field.tsx';

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
  const [text, setText] = useDrafted('speech-text', '');
  const [language, setLanguage] = useDrafted<'EN' | 'ZH'>('speech-language', 'EN');
  const [{ data: listed }] = useQuery({
    query: SpeechVoicesDocument,
    variables: { language },
    requestPolicy: 'cache-first',
  });
  const voices = listed?.speechVoices ?? [];
  // Null for the first voice of the language.
  const [chosenId, setChosenId] = useDrafted<string | null>('speech-voice', null);
  const voiceId = chosenId ?? voices[0]?.klingVoiceId ?? '';
  const [asked, setAsked] = useState(false);
  // A repeat after a lost answer has the same key, so it is charged once.
  const [attempt, setAttempt] = useDrafted('speech-attempt', { of: '', key: '' });
  const [{ fetching, data, error }, synthesize] = useMutation(SynthesizeSpeechDocument);

  const speech = { text, klingVoiceId: voiceId, language };
  const issues = issuesOf(
    checkSynthesizeSpeechInput({ speech: { text, klingVoiceId: voiceId, language: DOMAIN_LANGUAGES[language] } }),
  );
  const problemOf = (field: string) =>
    asked ? (issues.find(({ path }) => path.at(-1) === field)?.message ?? null) : null;

  function choose(chosen: 'EN' | 'ZH'): void {
    setLanguage(chosen);
    setChosenId(null);
  }

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    flushSync(() => setAsked(true));
    if (issues.length > 0) {
      focusFirstProblem(event.currentTarget);
      return;
    }
    const of = JSON.stringify(speech);
    const key = attempt.of === of ? attempt.key : crypto.randomUUID();
    setAttempt({ of, key });
    const answered = await synthesize({ speech, externalId: key });
    const made = workOf(answered.data?.synthesizeSpeech);
    if (made === null) return;
    const { klingAudioId: audioId, durationMs, url: playUrl } = made;
    const said = text.trim();
    const name = said.length > NAME_CHARS ? `${said.slice(0, NAME_CHARS)}…` : said;
    onAudio({ source: { klingAudioId: audioId }, name: `“${name}”`, playUrl, durationMs, peaks: [] });
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
        <Segments label="Language" options={LANGUAGES} value={language} onChange={choose} />
        <SpeechVoiceField
          key={language}
          voices={voices}
          voiceId={voiceId}
          onVoiceId={setChosenId}
          problem={problemOf('klingVoiceId')}
        />
        <ErrorNotice error={error} answer={data?.synthesizeSpeech} />
        <div className="form-foot">
          <span className="muted">Costs {SPEECH_UNITS} units</span>
          <Button type="submit" busy={fetching}>
            Create audio
          </Button>
        </div>
        <CopyAs
          action="Create audio"
          document={SynthesizeSpeechDocument}
          variables={() => ({ speech, externalId: crypto.randomUUID() })}
        />
      </form>
    </details>
  );
}
