import { useState, type FormEvent, type ReactNode } from 'react';
import { issuesOf } from '../../domain/checked.ts';
import { checkUrl } from '../../domain/url-check.ts';
import { Button } from '../ui/button.tsx';
import { ExampleButton } from '../ui/example-button.tsx';
import { Field } from '../ui/field.tsx';
import { formatSeconds } from '../ui/format.ts';
import type { ChosenSound } from './draft.ts';
import { readSoundFile, readSoundUrl } from './read-sound.ts';

interface Props {
  readonly sound: ChosenSound | null;
  readonly onSound: (sound: ChosenSound | null) => void;
  readonly children: ReactNode;
}

/** A sound by its link, or a file of one's own. */
export function SoundStep({ sound, onSound, children }: Props) {
  const [url, setUrl] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  const [reading, setReading] = useState(false);

  async function addUrl(event: FormEvent): Promise<void> {
    event.preventDefault();
    const checked = checkUrl(url.trim(), 'sound', []);
    const [issue] = issuesOf(checked);
    setProblem(issue === undefined ? null : `The link ${issue.message}.`);
    if (!checked.ok) return;
    setReading(true);
    onSound(await readSoundUrl(checked.value));
    setReading(false);
  }

  async function addFile(file: File | undefined): Promise<void> {
    if (file === undefined) return;
    setReading(true);
    const read = await readSoundFile(file);
    setReading(false);
    setProblem(read.ok ? null : read.problem);
    onSound(read.ok ? read.sound : null);
  }

  return (
    <div className="sound-step">
      <form className="inline-form" onSubmit={(event) => void addUrl(event)} noValidate>
        <Field label="Link to the sound" hint="MP3, WAV, M4A or AAC, 2 to 60 s, at most 5 MB." problem={problem}>
          {(ids) => (
            <input
              {...ids}
              type="url"
              placeholder="https://…"
              value={url}
              onChange={({ target }) => setUrl(target.value)}
            />
          )}
        </Field>
        <Button type="submit" busy={reading} disabled={url === ''}>
          Use it
        </Button>
      </form>
      {url === '' && sound === null ? <ExampleButton value="https://example.com/hello-5s.mp3" onUse={setUrl} /> : null}
      <label className="file-drop">
        <input
          type="file"
          accept=".mp3,.wav,.m4a,.aac,audio/mpeg,audio/wav,audio/mp4,audio/aac"
          onChange={({ target }) => void addFile(target.files?.[0])}
        />
        <span>
          or <span className="file-drop-action">choose a file</span>
        </span>
      </label>
      {sound === null ? null : (
        <p className="chosen-sound" role="status">
          <span className="chosen-name">{sound.name}</span>
          <span className="muted">{sound.durationMs === null ? '' : formatSeconds(sound.durationMs)}</span>
        </p>
      )}
      {children}
    </div>
  );
}
