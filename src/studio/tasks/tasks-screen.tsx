import { Icon } from '../ui/icon.tsx';
import { TaskPage } from './task-page.tsx';

export function TasksScreen() {
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
      <TaskPage after={null} />
    </>
  );
}
