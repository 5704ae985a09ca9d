import { useState, type FormEvent, type ReactNode } from 'react';
import { flushSync } from 'react-dom';
import { Button as AriaButton, DropZone, FileTrigger, isFileDropItem } from 'react-aria-components';
import { issuesOf } from '../../domain/check.ts';
import { checkFileUrl } from '../../domain/url.ts';
import { EXAMPLE_AUDIO, LOCAL_HOST } from '../examples.ts';
import { announce } from '../ui/announcer.tsx';
import { Button } from '../ui/button.tsx';
import { ExampleButton, Field, focusFirstProblem } from '../ui/field.tsx';
import { formatSeconds } from '../ui/format.ts';
import { type ChosenAudio, readAudioFile, readAudioUrl } from './read-audio.ts';
import { SpeechForm } from './speech-form.tsx';

interface Props {
  readonly audio: ChosenAudio | null;
  readonly onAudio: (audio: ChosenAudio | null) => void;
  readonly children: ReactNode;
}

/** The sandbox reads the length from the name. The browser cannot, because no such file exists. */
const EXAMPLE: ChosenAudio = {
  source: { url: EXAMPLE_AUDIO },
  name: 'hello-5s.mp3',
  playUrl: null,
  durationMs: 5_000,
  peaks: [],
};

/** Chooses audio: a link, a file, or a text for text-to-speech. */
export function AudioStep({ audio, onAudio, children }: Props) {
  const [url, setUrl] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  const [reading, setReading] = useState(false);

  function take(chosen: ChosenAudio | null): void {
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

  async function addFile(file: File): Promise<void> {
    setReading(true);
    const read = await readAudioFile(file);
    setReading(false);
    setProblem(read.ok ? null : read.problem);
    take(read.ok ? read.audio : null);
  }

  return (
    <div className="audio-step">
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
      <AudioDrop onFile={(file) => void addFile(file)} />
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

interface DropProps {
  readonly onFile: (file: File) => void;
}

const TYPES = ['.mp3', '.wav', '.m4a', '.aac', 'audio/mpeg', 'audio/wav', 'audio/mp4', 'audio/aac'];

/** Takes an audio file that is dropped, pasted or chosen. */
function AudioDrop({ onFile }: DropProps) {
  return (
    <DropZone
      className="file-drop"
      aria-label="Audio file"
      onDrop={({ items }) => {
        const item = items.find(isFileDropItem);
        if (item !== undefined) void item.getFile().then(onFile);
      }}
    >
      <span>Drop an audio file here, or </span>
      <FileTrigger
        acceptedFileTypes={TYPES}
        onSelect={(files) => {
          const file = files?.item(0);
          if (file) onFile(file);
        }}
      >
        <AriaButton className="file-drop-action">choose a file</AriaButton>
      </FileTrigger>
    </DropZone>
  );
}
