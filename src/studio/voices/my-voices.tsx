import { useState } from 'react';
import { useQuery } from 'urql';
import { TasksDocument, VoicesDocument, type Voice } from '../api/documents.ts';
import { isFinal } from '../tasks/task-words.ts';
import { TaskRow } from '../tasks/task-row.tsx';
import { Button } from '../ui/button.tsx';
import { Icon } from '../ui/icon.tsx';
import { ErrorNotice } from '../ui/notice.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { DeleteVoice } from './delete-voice.tsx';
import { PlayButton } from './play-button.tsx';

/** The caller's own voices, and above them those that are being made. */
export function MyVoices() {
  const [{ data, error }] = useQuery({ query: VoicesDocument });
  const [{ data: tasks }] = useQuery({ query: TasksDocument });
  const [leaving, setLeaving] = useState<Voice | null>(null);
  if (!data) {
    return error === undefined ? <Skeleton rows={2} label="Loading your voices" /> : <ErrorNotice error={error} />;
  }
  const inTheMaking = (tasks?.tasks.edges ?? [])
    .map(({ node }) => node)
    .filter((task) => task.__typename === 'VoiceTask' && !isFinal(task));
  const { edges } = data.voices;
  return (
    <>
      {inTheMaking.length === 0 ? null : (
        <ul className="task-list" aria-label="Voices being made">
          {inTheMaking.map((task) => (
            <TaskRow key={task.id} task={task} />
          ))}
        </ul>
      )}
      {edges.length === 0 ? (
        <p className="muted voices-none">None yet. Clone one from a recording of 5 to 30 seconds.</p>
      ) : (
        <ul className="voice-list" aria-label="Your voices">
          {edges.map(({ node }) => (
            <li key={node.id} className="voice">
              <PlayButton name={node.name} url={node.trialUrl} />
              <span className="voice-name">{node.name}</span>
              <Button kind="quiet" aria-label={`Delete ${node.name}`} onClick={() => setLeaving(node)}>
                <Icon name="trash" />
              </Button>
            </li>
          ))}
        </ul>
      )}
      {leaving === null ? null : <DeleteVoice voice={leaving} onClose={() => setLeaving(null)} />}
    </>
  );
}
