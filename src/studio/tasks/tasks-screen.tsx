import { useEffect } from 'react';
import { rememberList, tasksHref } from '../shell/route.ts';
import { Icon } from '../ui/icon.tsx';
import { Segments } from '../ui/segments.tsx';
import { KINDS, STATES, toSearch, type TaskFilter } from './task-filter.ts';
import { TaskPage } from './task-page.tsx';

/** In the address, and in the place of what was there: the way back leads past all that was tried. */
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
          <p className="muted">Everything that you have made, as it stands right now.</p>
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
