import { useState, type FormEvent, type ReactNode } from 'react';
import { flushSync } from 'react-dom';
import { Button as AriaButton, DropZone, FileTrigger, isFileDropItem } from 'react-aria-components';
import { issuesOf } from '../../domain/check.ts';
import { checkUrl } from '../../domain/url.ts';
import { announce } from '../ui/announcer.tsx';
import { Button } from '../ui/button.tsx';
import { ExampleButton, Field, focusFirstProblem } from '../ui/field.tsx';
import { formatSeconds } from '../ui/format.ts';
import { type ChosenSound, readSoundFile, readSoundUrl } from './read-audio.ts';
import { SpeechForm } from './speech-form.tsx';

interface Props {
  readonly sound: ChosenSound | null;
  readonly onSound: (sound: ChosenSound | null) => void;
  readonly children: ReactNode;
}

/** A sound by its link, a file of one's own, or a text that is spoken. */
export function SoundStep({ sound, onSound, children }: Props) {
  const [url, setUrl] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  const [reading, setReading] = useState(false);

  function take(chosen: ChosenSound | null): void {
    onSound(chosen);
    if (chosen !== null) announce(`${chosen.name} is on the timeline`);
  }

  async function addUrl(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const form = event.currentTarget;
    const checked = checkUrl(url.trim(), 'audio', []);
    const [issue] = issuesOf(checked);
    flushSync(() => setProblem(issue === undefined ? null : `The link ${issue.message}.`));
    if (!checked.ok) {
      focusFirstProblem(form);
      return;
    }
    setReading(true);
    take(await readSoundUrl(checked.value));
    setReading(false);
  }

  async function addFile(file: File): Promise<void> {
    setReading(true);
    const read = await readSoundFile(file);
    setReading(false);
    setProblem(read.ok ? null : read.problem);
    take(read.ok ? read.sound : null);
  }

  return (
    <div className="sound-step">
      <form className="inline-form" onSubmit={(event) => void addUrl(event)} noValidate>
        <Field
          label="Link to the sound"
          hint="MP3, WAV, M4A or AAC, 2 to 60 s, at most 5 MB."
          problem={problem}
          type="url"
          input={{ placeholder: 'https://…' }}
          value={url}
          onChange={setUrl}
        />
        <Button type="submit" busy={reading} disabled={url === ''}>
          Use it
        </Button>
      </form>
      {url === '' && sound === null ? <ExampleButton value="https://example.com/hello-5s.mp3" onUse={setUrl} /> : null}
      <SoundDrop onFile={(file) => void addFile(file)} />
      <SpeechForm onSound={take} />
      {sound === null ? null : (
        <p className="chosen-sound">
          <span className="chosen-name">{sound.name}</span>
          <span className="muted">{sound.durationMs === null ? '' : formatSeconds(sound.durationMs)}</span>
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

/** Takes a sound file that is dropped, pasted or chosen. */
function SoundDrop({ onFile }: DropProps) {
  return (
    <DropZone
      className="file-drop"
      aria-label="Sound file"
      onDrop={({ items }) => {
        const item = items.find(isFileDropItem);
        if (item !== undefined) void item.getFile().then(onFile);
      }}
    >
      <span>Drop a sound file here, or </span>
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
