import { useState, type FormEvent } from 'react';
import { flushSync } from 'react-dom';
import { useMutation } from 'urql';
import { issuesOf } from '../../domain/check.ts';
import { SPEECH_UNITS } from '../../domain/cost.ts';
import { checkSynthesizeSpeechInput } from '../../domain/speech.ts';
import { SynthesizeSpeechDocument } from '../api/voice-documents.ts';
import { workOf } from '../api/failure.ts';
import { useDrafted } from '../session/draft.ts';
import { Button } from '../ui/button.tsx';
import { CopyAs } from '../ui/copy-as.tsx';
import { focusFirstProblem } from '../ui/field.tsx';
import { ErrorNotice } from '../ui/notice.tsx';
import type { ChosenAudio } from './read-audio.ts';
import { SPEECH, SpeechFields, useSpeechChoice } from './speech-fields.tsx';

/** The languages in the gateway's own rules. */
const DOMAIN_LANGUAGES = { EN: 'en', ZH: 'zh' } as const;

/** The longest name, which is the start of the text. */
const NAME_CHARS = 40;

interface Props {
  readonly onAudio: (audio: ChosenAudio) => void;
}

/** Makes audio from a text. */
export function SpeechForm({ onAudio }: Props) {
  const choice = useSpeechChoice(SPEECH);
  const speech = choice.input;
  const { text, language } = speech;
  // A text that another screen has filled in is shown.
  const [isOpen] = useState(text !== '');
  const [asked, setAsked] = useState(false);
  // A repeat after a lost answer has the same key, so it is charged once.
  const [attempt, setAttempt] = useDrafted('speech-attempt', { of: '', key: '' });
  const [{ fetching, data, error }, synthesize] = useMutation(SynthesizeSpeechDocument);

  const issues = issuesOf(checkSynthesizeSpeechInput({ speech: { ...speech, language: DOMAIN_LANGUAGES[language] } }));
  const problemOf = (field: string) =>
    asked ? (issues.find(({ path }) => path.at(-1) === field)?.message ?? null) : null;

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
    <details className="mix" open={isOpen}>
      <summary>Text to speech</summary>
      <form className="speech-form" onSubmit={(event) => void submit(event)} noValidate>
        <SpeechFields label="Text" choice={choice} problemOf={problemOf} />
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
