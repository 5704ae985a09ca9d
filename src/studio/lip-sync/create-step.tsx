import { useRef, useState } from 'react';
import { useMutation } from 'urql';
import { CreateLipSyncDocument, type Task } from '../api/documents.ts';
import { newExternalId } from '../tasks/external-id.ts';
import { Button } from '../ui/button.tsx';
import { ErrorNotice } from '../ui/notice.tsx';
import type { Draft } from './cut.ts';
import { Mix, type MixValues } from './mix.tsx';
import { Quote } from './quote.tsx';

interface Props {
  readonly draft: Draft;
  readonly problems: readonly string[];
  readonly onCreated: (task: Task) => void;
}

export function CreateStep({ draft, problems, onCreated }: Props) {
  const [{ fetching, error }, create] = useMutation(CreateLipSyncDocument);
  const [mix, setMix] = useState<MixValues>({ soundVolume: 1, originalAudioVolume: 1, watermark: false });
  const attempt = useRef({ of: '', id: '' });
  const { sound, cut, face, videoMs, knownVideoMs, knownSoundMs } = draft;
  const isReady = sound !== null && problems.length === 0;

  async function submit(): Promise<void> {
    if (sound === null) return;
    const input = {
      faceId: face.id,
      sound: sound.source,
      placement: {
        ...cut,
        videoDurationMs: knownVideoMs,
        soundDurationMs: knownSoundMs,
      },
      ...mix,
    };
    // The same attempt, repeated after a lost answer, is the same task and is paid for once.
    const of = JSON.stringify(input);
    if (attempt.current.of !== of) attempt.current = { of, id: newExternalId() };
    const { data } = await create({ input: { ...input, externalId: attempt.current.id } });
    if (!data?.createLipSyncTask) return;
    attempt.current = { of: '', id: '' };
    onCreated(data.createLipSyncTask.task);
  }

  return (
    <section className="card step create-step" aria-label="Cost and creation">
      <Mix values={mix} onChange={setMix} />
      {error === undefined ? null : <ErrorNotice error={error} />}
      <div className="form-foot">
        <Quote videoMs={videoMs} />
        <span className="create-action">
          {isReady ? null : (
            <span className="muted" id="not-ready">
              {sound === null ? 'Choose a sound first' : 'Put the sound where it is allowed'}
            </span>
          )}
          <Button
            kind="primary"
            disabled={!isReady}
            busy={fetching}
            {...(isReady ? {} : { 'aria-describedby': 'not-ready' })}
            onPress={() => void submit()}
          >
            Create lip-sync
          </Button>
        </span>
      </div>
    </section>
  );
}
