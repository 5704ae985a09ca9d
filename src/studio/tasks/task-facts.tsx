import type { Task } from '../api/documents.ts';
import { formatClock, formatDateTime, formatRelative, formatUnits } from '../ui/format.ts';
import { useNow } from '../ui/use-now.ts';
import { isFinal } from './task-words.ts';
import { durationMs } from './usual-time.ts';

function costOf({ unitsDeducted, unitsEstimated }: Task): string {
  if (unitsDeducted !== null) return formatUnits(unitsDeducted);
  return unitsEstimated === null ? 'Not known yet' : `About ${formatUnits(unitsEstimated)}`;
}

export function TaskFacts({ task }: { readonly task: Task }) {
  const now = useNow(30_000);
  return (
    <dl className="facts">
      <div>
        <dt>Created</dt>
        <dd>{formatDateTime(task.createdAt)}</dd>
      </div>
      {isFinal(task) ? (
        <div>
          <dt>Took</dt>
          <dd>{formatClock(durationMs(task))}</dd>
        </div>
      ) : null}
      <div>
        <dt>Cost</dt>
        <dd>{costOf(task)}</dd>
      </div>
      {task.expiresAt === null ? null : (
        <div>
          <dt>Kept until</dt>
          <dd>
            {formatDateTime(task.expiresAt)} <span className="muted">({formatRelative(task.expiresAt, now)})</span>
          </dd>
        </div>
      )}
    </dl>
  );
}
