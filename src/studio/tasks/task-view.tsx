import { useEffect, useRef } from 'react';
import { useMutation, useQuery } from 'urql';
import { CancelTaskDocument, type Task, TaskDocument } from '../api/documents.ts';
import { Button } from '../ui/button.tsx';
import { CopyAs } from '../ui/copy-as.tsx';
import { ErrorNotice, Notice } from '../ui/notice.tsx';
import { lastListHref } from '../shell/route.ts';
import { EmptyState, Skeleton } from '../ui/placeholder.tsx';
import { Icon } from '../ui/icon.tsx';
import { formatClock, formatDateTime, formatRelative } from '../ui/format.ts';
import { useNow } from '../ui/use-now.ts';
import { PayAgain, RunAgain } from './run-again.tsx';
import { LipSyncResult, VoiceResult } from './results.tsx';
import { followTask } from './followed-tasks.ts';
import { StatusBadge } from './task-row.tsx';
import { TaskProgress } from './task-progress.tsx';
import { costOf, durationMs, isFinal, KIND_LABELS, titleOf, failureWordsOf } from './task-words.ts';

interface Props {
  readonly task: Task;
  /** The level of the heading: 1 if the task is the whole screen, 2 if it is a part. */
  readonly level: 1 | 2;
  /** Shows the form again, which still has the input. Without it, the input is filled in there. */
  readonly onRetry?: () => void;
}

/** Shows a task with its progress, failure or result. */
export function TaskView({ task, level, onRetry }: Props) {
  const Heading = `h${level}` as const;
  const heading = useRef<HTMLHeadingElement>(null);
  const [cancelling, cancel] = useMutation(CancelTaskDocument);
  useEffect(() => followTask(task.id), [task.id]);
  useEffect(() => {
    // The task replaces the form with the focused button, so it takes the focus.
    if (level === 2) heading.current?.focus();
  }, [level]);

  return (
    <section className="task-view" aria-label={KIND_LABELS[task.__typename]}>
      <div className="task-view-head">
        <Heading ref={heading} tabIndex={-1}>
          {titleOf(task)}
        </Heading>
        <StatusBadge status={task.status} />
        {task.status === 'QUEUED' || task.status === 'PREPARING' ? (
          <>
            <Button kind="quiet" busy={cancelling.fetching} onPress={() => void cancel({ taskId: task.id })}>
              Cancel task
            </Button>
            <CopyAs action="Cancel task" document={CancelTaskDocument} variables={() => ({ taskId: task.id })} />
          </>
        ) : null}
      </div>
      <ErrorNotice error={cancelling.error} answer={cancelling.data?.cancelTask} />
      {isFinal(task) ? null : <TaskProgress task={task} />}
      {task.failure === null ? null : <TaskFailure failure={task.failure} task={task} {...(onRetry && { onRetry })} />}
      {task.status === 'CANCELLED' ? (
        <Notice tone="info" title="Cancelled before Kling received it">
          <p>{task.unitsCharged === null ? 'Nothing was charged.' : 'Only what was prepared before is charged.'}</p>
          <Retry task={task} {...(onRetry && { onRetry })} />
        </Notice>
      ) : null}
      {task.status === 'SUCCEEDED' && task.__typename === 'LipSyncTask' ? <LipSyncResult task={task} /> : null}
      {task.status === 'SUCCEEDED' && task.__typename === 'VoiceTask' ? <VoiceResult task={task} /> : null}
      <TaskFacts task={task} />
      {task.status === 'SUCCEEDED' || !isFinal(task) ? <RunAgain task={task} /> : null}
    </section>
  );
}

/** Shows a new task with its later changes. `onRetry` shows its form again. */
export function CreatedTask({ task, onRetry }: { readonly task: Task; readonly onRetry: () => void }) {
  const [{ data }] = useQuery({ query: TaskDocument, variables: { id: task.id } });
  const node = data?.node;
  const current = node?.__typename === 'LipSyncTask' ? node : task;
  return <TaskView task={current} level={2} onRetry={onRetry} />;
}

export function TaskScreen({ id }: { readonly id: string }) {
  const [{ data, error }] = useQuery({ query: TaskDocument, variables: { id } });
  const node = data?.node;
  const task = node?.__typename === 'LipSyncTask' || node?.__typename === 'VoiceTask' ? node : null;
  return (
    <>
      <a className="back-link" href={lastListHref()}>
        <Icon name="back" />
        Tasks
      </a>
      {error === undefined ? null : <ErrorNotice error={error} />}
      {!data && error === undefined ? <Skeleton rows={3} label="Loading the task" /> : null}
      {task === null ? null : <TaskView task={task} level={1} />}
      {data && task === null ? (
        <EmptyState icon="list" title="Task not found" action={{ href: '#/tasks', label: 'All tasks' }}>
          It was deleted, or it belongs to another account.
        </EmptyState>
      ) : null}
    </>
  );
}

function TaskFacts({ task }: { readonly task: Task }) {
  const now = useNow(30_000);
  return (
    <dl className="facts">
      <div>
        <dt>Created</dt>
        <dd>{formatDateTime(task.createdAt)}</dd>
      </div>
      {isFinal(task) ? (
        <div>
          <dt>Duration</dt>
          <dd>{formatClock(durationMs(task))}</dd>
        </div>
      ) : null}
      <div>
        <dt>Cost</dt>
        <dd>{costOf(task) ?? 'Not known yet'}</dd>
      </div>
      {task.expiresAt === null ? null : (
        <div>
          <dt>Available until</dt>
          <dd>
            {formatDateTime(task.expiresAt)} <span className="muted">({formatRelative(task.expiresAt, now)})</span>
          </dd>
        </div>
      )}
    </dl>
  );
}

interface RetryProps {
  readonly task: Task;
  readonly onRetry?: () => void;
}

/** Leads back to the form, which still has the input, or fills it in. After a lost answer, the task can run again as it is. */
function Retry({ task, onRetry }: RetryProps) {
  return (
    <p className="retry">
      {task.failure?.code === 'STAGE_OUTCOME_UNKNOWN' ? <PayAgain task={task} /> : null}
      {onRetry === undefined ? <RunAgain task={task} /> : <Button onPress={onRetry}>Try again</Button>}
    </p>
  );
}

interface FailureProps extends RetryProps {
  readonly failure: NonNullable<Task['failure']>;
}

function TaskFailure({ failure, ...retry }: FailureProps) {
  const { title, advice } = failureWordsOf(failure.code, retry.task.__typename);
  return (
    <div role="alert">
      <Notice tone="danger" title={title}>
        {advice === undefined ? null : <p>{advice}</p>}
        <p>
          Kling’s message: <q>{failure.message}</q>
        </p>
        <Retry {...retry} />
      </Notice>
    </div>
  );
}
