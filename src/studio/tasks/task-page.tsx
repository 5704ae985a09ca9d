import { useState } from 'react';
import { useQuery } from 'urql';
import { TasksDocument } from '../api/documents.ts';
import { Button } from '../ui/button.tsx';
import { EmptyState } from '../ui/placeholder.tsx';
import { ErrorNotice } from '../ui/notice.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { toSearch, toVariables, type TaskFilter } from './task-filter.ts';
import { TaskRow } from './task-row.tsx';

interface Props {
  readonly filter: TaskFilter;
  readonly after: string | null;
}

/** One window of the list, and the next one behind it once it is asked for. */
export function TaskPage({ filter, after }: Props) {
  const [{ data, error, fetching }] = useQuery({
    query: TasksDocument,
    variables: { ...toVariables(filter), ...(after !== null && { after }) },
  });
  const [more, setMore] = useState(false);
  if (!data) {
    if (error !== undefined) return <ErrorNotice error={error} />;
    return fetching ? <Skeleton rows={4} label="Loading the tasks" /> : null;
  }
  const { edges, pageInfo } = data.tasks;
  if (edges.length === 0 && after === null && toSearch(filter) !== '') {
    return (
      <EmptyState icon="list" title="No such tasks" action={{ href: '#/tasks', label: 'All tasks' }}>
        One that becomes so shows up here at once.
      </EmptyState>
    );
  }
  if (edges.length === 0 && after === null) {
    return (
      <EmptyState icon="film" title="No tasks yet" action={{ href: '#/lip-sync', label: 'Make a lip-sync' }}>
        What you make shows up here at once, and changes as Kling works on it.
      </EmptyState>
    );
  }
  return (
    <>
      <ul className="task-list" aria-label={after === null ? 'Tasks, newest first' : 'Older tasks'}>
        {edges.map(({ node }) => (
          <TaskRow key={node.id} task={node} />
        ))}
      </ul>
      {more && pageInfo.endCursor !== null ? <TaskPage filter={filter} after={pageInfo.endCursor} /> : null}
      {!more && pageInfo.hasNextPage ? <Button onPress={() => setMore(true)}>Show older tasks</Button> : null}
    </>
  );
}
