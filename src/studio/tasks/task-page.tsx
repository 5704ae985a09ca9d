import { useState } from 'react';
import { useQuery } from 'urql';
import { TasksDocument } from '../api/documents.ts';
import { Button } from '../ui/button.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { ErrorNotice } from '../ui/notice.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { TaskRow } from './task-row.tsx';

/** One window of the list, and the next one behind it once it is asked for. */
export function TaskPage({ after }: { readonly after: string | null }) {
  const [{ data, error, fetching }] = useQuery({
    query: TasksDocument,
    variables: after === null ? {} : { after },
  });
  const [more, setMore] = useState(false);
  if (!data) {
    if (error !== undefined) return <ErrorNotice error={error} />;
    return fetching ? <Skeleton rows={4} label="Loading the tasks" /> : null;
  }
  const { edges, pageInfo } = data.tasks;
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
      {more && pageInfo.endCursor !== null ? <TaskPage after={pageInfo.endCursor} /> : null}
      {!more && pageInfo.hasNextPage ? <Button onClick={() => setMore(true)}>Show older tasks</Button> : null}
    </>
  );
}
