import { useState, type FormEvent, type ReactNode } from 'react';
import { flushSync } from 'react-dom';
import { issuesOf } from '../../domain/check.ts';
import { AUDIO_MS_MAX } from '../../domain/placement.ts';
import { checkFileUrl } from '../../domain/url.ts';
import { EXAMPLE_AUDIO, LOCAL_HOST } from '../examples.ts';
import { FilePicker } from '../files/file-picker.tsx';
import { useUpload } from '../files/use-upload.ts';
import { VoiceRecorder } from '../files/recorder.tsx';
import { announce } from '../ui/announcer.tsx';
import { Button } from '../ui/button.tsx';
import { ExampleButton, Field, focusFirstProblem } from '../ui/field.tsx';
import { formatSeconds } from '../ui/format.ts';
import { Notice } from '../ui/notice.tsx';
import { type ChosenAudio, readAudioFile, readAudioUrl, readUploadedAudio } from './read-audio.ts';
import { SpeechForm } from './speech-form.tsx';

interface Props {
  readonly audio: ChosenAudio | null;
  readonly onAudio: (audio: ChosenAudio | null) => void;
  readonly children: ReactNode;
}

/** The length is known, so nothing has to be read. */
const EXAMPLE: ChosenAudio = {
  source: { url: EXAMPLE_AUDIO },
  name: 'hello-5s.mp3',
  playUrl: EXAMPLE_AUDIO,
  durationMs: 5_000,
  peaks: [],
};

/** Chooses audio: a file, a recording, a link, or a text for text-to-speech. */
export function AudioStep({ audio, onAudio, children }: Props) {
  const [url, setUrl] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  const [fileProblem, setFileProblem] = useState<string | null>(null);
  const [reading, setReading] = useState(false);
  const upload = useUpload({
    use: 'audio',
    onReady: async (ready, file) => take(await readUploadedAudio(ready, file)),
    // The file is sent with the task instead.
    onNoStorage: (file) => void addInline(file),
  });

  function take(chosen: ChosenAudio | null): void {
    setFileProblem(null);
    onAudio(chosen);
    if (chosen !== null) announce(`${chosen.name} added to the timeline`);
  }

  async function addUrl(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const form = event.currentTarget;
    const checked = checkFileUrl(url.trim(), 'audio', [], LOCAL_HOST);
    const [issue] = issuesOf(checked);
    flushSync(() => setProblem(issue === undefined ? null : `The link ${issue.message}.`));
    if (!checked.ok) {
      focusFirstProblem(form);
      return;
    }
    setReading(true);
    take(await readAudioUrl(checked.value));
    setReading(false);
  }

  async function addInline(file: File): Promise<void> {
    const read = await readAudioFile(file);
    if (read.ok) take(read.audio);
    else setFileProblem(read.problem);
  }

  return (
    <div className="audio-step">
      <FilePicker use="audio" noun="an audio file" upload={upload}>
        <VoiceRecorder maxMs={AUDIO_MS_MAX} onFile={upload.send} />
      </FilePicker>
      {fileProblem === null ? null : (
        <div role="alert">
          <Notice tone="warning" title="The file can’t be used">
            {fileProblem}
          </Notice>
        </div>
      )}
      <form className="inline-form" onSubmit={(event) => void addUrl(event)} noValidate>
        <Field
          label="Audio link"
          hint="MP3, WAV, M4A or AAC, 2 to 60 s, at most 5 MB."
          problem={problem}
          type="url"
          input={{ placeholder: 'https://…' }}
          value={url}
          onChange={setUrl}
        />
        <Button type="submit" busy={reading} disabled={url === ''}>
          Add audio
        </Button>
      </form>
      {url === '' && audio === null ? <ExampleButton value={EXAMPLE_AUDIO} onUse={() => take(EXAMPLE)} /> : null}
      <SpeechForm onAudio={take} />
      {audio === null ? null : (
        <p className="chosen-audio">
          <span className="chosen-name">{audio.name}</span>
          <span className="muted">{audio.durationMs === null ? '' : formatSeconds(audio.durationMs)}</span>
        </p>
      )}
      {children}
    </div>
  );
}
