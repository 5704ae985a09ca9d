import { useRef, useState, type FormEvent } from 'react';
import { flushSync } from 'react-dom';
import { useMutation } from 'urql';
import { issuesOf } from '../../domain/check.ts';
import { VOICE_UNITS } from '../../domain/cost.ts';
import { checkCreateVoiceTaskInput } from '../../domain/inputs.ts';
import { SAMPLE_MS_MAX } from '../../domain/media.ts';
import { CreateVoiceDocument } from '../api/voice-documents.ts';
import { workOf } from '../api/failure.ts';
import { EXAMPLE_VOICE, LOCAL_HOST } from '../examples.ts';
import { ChosenFile } from '../files/chosen-file.tsx';
import { FilePicker } from '../files/file-picker.tsx';
import { useUpload, type ReadyFile } from '../files/use-upload.ts';
import { VoiceRecorder } from '../files/recorder.tsx';
import type { VoiceAgain } from '../tasks/task-input.ts';
import { newExternalId } from '../tasks/task-words.ts';
import { openDraft, useDrafted } from '../session/draft.ts';
import { followTask } from '../tasks/followed-tasks.ts';
import { announce } from '../ui/announcer.tsx';
import { Button } from '../ui/button.tsx';
import { CopyAs } from '../ui/copy-as.tsx';
import { ExampleButton, Field, focusFirstProblem } from '../ui/field.tsx';
import { ErrorNotice } from '../ui/notice.tsx';

export function CreateVoice({ tenant }: { readonly tenant: string }) {
  useState(() => openDraft(tenant));
  // The input of a voice that is made again.
  const [again, setAgain] = useDrafted<VoiceAgain | null>('voice-again', null);
  const [name, setName] = useState(again?.name ?? '');
  const [url, setUrl] = useState(again?.url ?? '');
  const [file, setFile] = useState<ReadyFile | null>(again?.file ?? null);
  const [asked, setAsked] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  // A repeat after a lost answer has the same id, so it returns the same task and is charged once.
  const externalId = useRef(newExternalId());
  const [{ fetching, data, error }, createVoiceTask] = useMutation(CreateVoiceDocument);

  const upload = useUpload({
    use: 'sample',
    onReady(ready) {
      change(setFile, ready);
      announce(`${ready.name} is uploaded`);
    },
  });
  const sample = file === null ? { url } : { mediaId: file.mediaId };
  const input = { name, sample };
  const issues = issuesOf(checkCreateVoiceTaskInput(input, [], { localHost: LOCAL_HOST }));
  function problemOf(field: string, subject: string): string | null {
    const issue = asked ? issues.find(({ path }) => path.at(-1) === field) : undefined;
    return issue === undefined ? null : `${subject} ${issue.message}.`;
  }

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    flushSync(() => setAsked(true));
    if (issues.length > 0) {
      focusFirstProblem(event.currentTarget);
      return;
    }
    const answered = await createVoiceTask({ input: { ...input, externalId: externalId.current } });
    const task = workOf(answered.data?.createVoiceTask);
    if (task === null) return;
    followTask(task.id);
    announce(`Cloning ${name}`);
    externalId.current = newExternalId();
    setAgain(null);
    setName('');
    setUrl('');
    setFile(null);
    setAsked(false);
  }

  function change<Value>(set: (value: Value) => void, value: Value): void {
    externalId.current = newExternalId();
    set(value);
  }

  function remove(): void {
    flushSync(() => change(setFile, null));
    // The pressed button disappears.
    form.current?.querySelector<HTMLElement>('input[type=url]')?.focus();
  }

  return (
    <form
      ref={form}
      className="card"
      aria-labelledby="create-voice"
      onSubmit={(event) => void submit(event)}
      noValidate
    >
      <h2 id="create-voice">Clone a voice</h2>
      <Field
        label="Name"
        hint="1 to 20 characters."
        problem={problemOf('name', 'The name')}
        value={name}
        onChange={(value) => change(setName, value)}
      />
      {file === null ? (
        <>
          <FilePicker use="sample" noun="a recording" upload={upload}>
            <VoiceRecorder maxMs={SAMPLE_MS_MAX} onFile={upload.send} />
          </FilePicker>
          <Field
            label="Recording link"
            hint="https link to an MP3, WAV, MP4 or MOV of one person, without noise, 5 to 30 s long."
            problem={problemOf('url', 'The link')}
            type="url"
            input={{ placeholder: 'https://…' }}
            value={url}
            onChange={(value) => change(setUrl, value)}
          />
        </>
      ) : (
        <ChosenFile
          label="Recording"
          name={file.name}
          durationMs={file.durationMs}
          hint="One person, without noise, 5 to 30 s long."
          onRemove={remove}
        />
      )}
      {file === null && url === '' ? (
        <ExampleButton value={EXAMPLE_VOICE} onUse={(value) => change(setUrl, value)} />
      ) : null}
      <ErrorNotice error={error} answer={data?.createVoiceTask} />
      <div className="form-foot">
        <span className="muted">Costs {VOICE_UNITS} units</span>
        <Button kind="primary" type="submit" busy={fetching}>
          Clone voice
        </Button>
      </div>
      <CopyAs
        action="Clone voice"
        document={CreateVoiceDocument}
        variables={() => ({ input: { ...input, externalId: newExternalId() } })}
      />
    </form>
  );
}
