import { useQuery } from 'urql';
import { TaskDocument } from '../api/documents.ts';
import { lastListHref } from '../shell/route.ts';
import { EmptyState } from '../ui/placeholder.tsx';
import { Icon } from '../ui/icon.tsx';
import { ErrorNotice } from '../ui/notice.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { TaskView } from './task-view.tsx';

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
        <EmptyState icon="list" title="There is no such task" action={{ href: '#/tasks', label: 'All tasks' }}>
          It may be somebody else’s, or no longer kept.
        </EmptyState>
      ) : null}
    </>
  );
}
