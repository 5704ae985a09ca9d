import { useEffect, useState } from 'react';
import { useQuery } from 'urql';
import { rememberList, tasksHref } from '../shell/route.ts';
import { Icon } from '../ui/icon.tsx';
import { Segments } from '../ui/segments.tsx';
import { TasksDocument } from '../api/documents.ts';
import { Button } from '../ui/button.tsx';
import { EmptyState, Skeleton } from '../ui/placeholder.tsx';
import { ErrorNotice } from '../ui/notice.tsx';
import { KINDS, STATES, toSearch, type TaskFilter, toVariables } from './task-filter.ts';
import { TaskRow } from './task-row.tsx';

/** Shows a filter. Replaces the history entry, so that the back button skips earlier filters. */
function show(filter: TaskFilter): void {
  location.replace(tasksHref(filter));
}

export function TasksScreen({ filter }: { readonly filter: TaskFilter }) {
  useEffect(() => rememberList(filter), [filter]);
  return (
    <>
      <div className="screen-head">
        <div>
          <h1>Tasks</h1>
          <p className="muted">Everything you have created, updated live.</p>
        </div>
        <a className="button button-primary" href="#/lip-sync">
          <Icon name="plus" />
          New lip-sync
        </a>
      </div>
      <div className="filters">
        <Segments label="Kind" options={KINDS} value={filter.kind} onChange={(kind) => show({ ...filter, kind })} />
        <Segments
          label="State"
          options={STATES}
          value={filter.state}
          onChange={(state) => show({ ...filter, state })}
        />
      </div>
      <TaskPage key={toSearch(filter)} filter={filter} after={null} />
    </>
  );
}

interface PageProps {
  readonly filter: TaskFilter;
  readonly after: string | null;
}

/** One page of the list, and the next page if the user asks for it. */
function TaskPage({ filter, after }: PageProps) {
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
      <EmptyState icon="list" title="No matching tasks" action={{ href: '#/tasks', label: 'All tasks' }}>
        Tasks appear here as soon as they match the filter.
      </EmptyState>
    );
  }
  if (edges.length === 0 && after === null) {
    return (
      <EmptyState icon="film" title="No tasks yet" action={{ href: '#/talk', label: 'Make a video talk' }}>
        Tasks appear here as soon as you create them, and update live.
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
