import { useEffect, useRef, useState, type RefObject } from 'react';
import { useQuery } from 'urql';
import { TasksDocument, type Task } from '../api/documents.ts';
import { VoicesDocument, type Voice } from '../api/voice-documents.ts';
import { taskHref } from '../shell/route.ts';
import { failureWordsOf, isFinal, titleOf } from '../tasks/task-words.ts';
import { TaskRow } from '../tasks/task-row.tsx';
import { Button } from '../ui/button.tsx';
import { Icon } from '../ui/icon.tsx';
import { ErrorNotice, Notice } from '../ui/notice.tsx';
import { Skeleton } from '../ui/placeholder.tsx';
import { useNow } from '../ui/use-now.ts';
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

  const voiceTasks = (tasks?.tasks.edges ?? [])
    .map(({ node }) => node)
    .filter((task) => task.__typename === 'VoiceTask');
  const inTheMaking = voiceTasks.filter((task) => !isFinal(task));
  return (
    <>
      <FailedVoices tasks={voiceTasks} onDismissed={() => heading.current?.focus()} />
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
              <PlayButton name={voice.name} url={voice.sampleUrl} />
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

/** The time that a failed voice is shown for, unless the user dismisses it. */
const FAILED_SHOWN_MS = 86_400_000;

/** The failures that the user has dismissed in this page. */
const dismissed = new Set<string>();

interface FailedProps {
  readonly tasks: readonly Task[];
  /** Called when the pressed button has disappeared. */
  readonly onDismissed: () => void;
}

/** The voices that have failed lately, each with its reason. */
function FailedVoices({ tasks, onDismissed }: FailedProps) {
  const [, setDismissals] = useState(0);
  const now = useNow(60_000);
  const failed = tasks.flatMap((task) => {
    const isShown =
      now - new Date(task.endedAt ?? task.updatedAt).getTime() < FAILED_SHOWN_MS && !dismissed.has(task.id);
    return task.failure === null || !isShown ? [] : [{ task, words: failureWordsOf(task.failure.code, 'VoiceTask') }];
  });
  if (failed.length === 0) return null;

  function dismiss(id: string): void {
    dismissed.add(id);
    setDismissals((count) => count + 1);
    onDismissed();
  }

  return (
    <ul className="voice-failures" aria-label="Failed voices">
      {failed.map(({ task, words }) => (
        <li key={task.id}>
          <Notice tone="danger" title={`${titleOf(task)}: ${words.title}`}>
            <p>{words.advice}</p>
            <p className="voice-failure-actions">
              <a href={taskHref(task.id)}>Details</a>
              <Button kind="quiet" aria-label={`Dismiss ${titleOf(task)}`} onPress={() => dismiss(task.id)}>
                Dismiss
              </Button>
            </p>
          </Notice>
        </li>
      ))}
    </ul>
  );
}
