import { useEffect, useRef, useState, type RefObject } from 'react';
import { useQuery } from 'urql';
import { TasksDocument } from '../api/documents.ts';
import { VoicesDocument, type Voice } from '../api/voice-documents.ts';
import { isFinal } from '../tasks/task-words.ts';
import { TaskRow } from '../tasks/task-row.tsx';
import { Button } from '../ui/button.tsx';
import { Icon } from '../ui/icon.tsx';
import { ErrorNotice } from '../ui/notice.tsx';
import { Skeleton } from '../ui/placeholder.tsx';
import { DeleteVoice } from './delete-voice.tsx';
import { PlayButton } from './play-button.tsx';

export function MyVoices() {
  const [{ data, error }] = useQuery({ query: VoicesDocument });
  const heading = useRef<HTMLHeadingElement>(null);
  return (
    <section aria-labelledby="my-voices">
      <h2 ref={heading} id="my-voices" tabIndex={-1}>
        Your voices
      </h2>
      {error === undefined || data ? null : <ErrorNotice error={error} />}
      {data || error !== undefined ? null : <Skeleton rows={2} label="Loading your voices" />}
      {data ? <VoiceList voices={data.voices.edges.map(({ node }) => node)} heading={heading} /> : null}
    </section>
  );
}

interface ListProps {
  readonly voices: readonly Voice[];
  /** Gets the focus after a voice was deleted with the focused button. */
  readonly heading: RefObject<HTMLElement | null>;
}

/** The caller's own voices, after the voices that are being made. */
function VoiceList({ voices, heading }: ListProps) {
  const [{ data: tasks }] = useQuery({ query: TasksDocument });
  const [leaving, setLeaving] = useState<Voice | null>(null);
  const [deleted, setDeleted] = useState(0);

  useEffect(() => {
    if (deleted > 0) heading.current?.focus();
  }, [deleted, heading]);

  function noteDeleted(): void {
    setLeaving(null);
    setDeleted((count) => count + 1);
  }

  const inTheMaking = (tasks?.tasks.edges ?? [])
    .map(({ node }) => node)
    .filter((task) => task.__typename === 'VoiceTask' && !isFinal(task));
  return (
    <>
      {inTheMaking.length === 0 ? null : (
        <ul className="task-list" aria-label="Voices in progress">
          {inTheMaking.map((task) => (
            <TaskRow key={task.id} task={task} />
          ))}
        </ul>
      )}
      {voices.length === 0 ? (
        <p className="muted voices-none">No voices yet. Clone one from a recording of 5 to 30 seconds.</p>
      ) : (
        <ul className="voice-list" aria-label="Your voices">
          {voices.map((voice) => (
            <li key={voice.id} className="voice">
              <PlayButton name={voice.name} url={voice.trialUrl} />
              <span className="voice-name">{voice.name}</span>
              <Button kind="quiet" aria-label={`Delete ${voice.name}`} onPress={() => setLeaving(voice)}>
                <Icon name="trash" />
              </Button>
            </li>
          ))}
        </ul>
      )}
      {leaving === null ? null : (
        <DeleteVoice voice={leaving} onClose={() => setLeaving(null)} onDeleted={noteDeleted} />
      )}
    </>
  );
}
