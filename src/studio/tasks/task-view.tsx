import { useEffect, useRef } from 'react';
import { useMutation } from 'urql';
import { CancelQueuedDocument, type Task } from '../api/documents.ts';
import { originalOf } from '../lip-sync/originals.ts';
import { Button } from '../ui/button.tsx';
import { ErrorNotice } from '../ui/notice.tsx';
import { followTask } from './followed-tasks.ts';
import { LipSyncResult } from './results.tsx';
import { StatusBadge } from './status-badge.tsx';
import { TaskFacts } from './task-facts.tsx';
import { TaskFailure } from './task-failure.tsx';
import { TaskProgress } from './task-progress.tsx';
import { isFinal, KIND_LABELS, titleOf } from './task-words.ts';
import { VoiceResult } from './voice-result.tsx';

interface Props {
  readonly task: Task;
  /** 1 where it is the screen, 2 where it is a part of one. */
  readonly level: 1 | 2;
  /** Begins a new attempt; without it, the screen that makes such tasks is linked to. */
  readonly onRetry?: () => void;
}

/** A task from its beginning to its end, wherever it is shown. */
export function TaskView({ task, level, onRetry }: Props) {
  const Heading = `h${level}` as const;
  const heading = useRef<HTMLHeadingElement>(null);
  const [cancelling, cancel] = useMutation(CancelQueuedDocument);
  useEffect(() => followTask(task.id), [task.id]);
  useEffect(() => {
    // Here it takes the place of the form that made it, and of the button that had the focus.
    if (level === 2) heading.current?.focus();
  }, [level]);

  return (
    <section className="task-view" aria-label={KIND_LABELS[task.__typename]}>
      <div className="task-view-head">
        <Heading ref={heading} tabIndex={-1}>
          {titleOf(task)}
        </Heading>
        <StatusBadge status={task.status} />
        {task.status === 'QUEUED' ? (
          <Button kind="quiet" busy={cancelling.fetching} onPress={() => void cancel({ input: { taskId: task.id } })}>
            Take back
          </Button>
        ) : null}
      </div>
      {cancelling.error === undefined ? null : <ErrorNotice error={cancelling.error} />}
      {isFinal(task) ? null : <TaskProgress task={task} />}
      {task.failure === null ? null : (
        <TaskFailure failure={task.failure} kind={task.__typename} {...(onRetry && { onRetry })} />
      )}
      {task.status === 'SUCCEEDED' && task.__typename === 'LipSyncTask' ? (
        <LipSyncResult task={task} originalUrl={originalOf(task.id)} />
      ) : null}
      {task.status === 'SUCCEEDED' && task.__typename === 'VoiceTask' ? <VoiceResult task={task} /> : null}
      <TaskFacts task={task} />
    </section>
  );
}
