import type { Task } from '../api/documents.ts';
import { formatClock, formatRoughly } from '../ui/format.ts';
import { useNow } from '../ui/use-now.ts';

const STEPS: readonly { readonly status: readonly Task['status'][]; readonly label: string }[] = [
  { status: ['PREPARING', 'QUEUED'], label: 'Accepted' },
  { status: ['SUBMITTED'], label: 'At Kling' },
  { status: ['PROCESSING', 'UNRECOGNIZED'], label: 'In progress' },
  { status: ['SUCCEEDED'], label: 'Done' },
];

function waitOf(task: Task): string | null {
  if (task.queuePosition === null) return null;
  return task.queuePosition === 0 ? 'Next in line.' : `${task.queuePosition} of your tasks are ahead of it.`;
}

/** Shows the step of a task, its time so far, and how long it is expected to take in all. */
export function TaskProgress({ task }: { readonly task: Task }) {
  const createdAtMs = new Date(task.createdAt).getTime();
  const usual = task.estimatedEndAt === null ? null : new Date(task.estimatedEndAt).getTime() - createdAtMs;
  const elapsedMs = useNow(250) - createdAtMs;
  const at = STEPS.findIndex(({ status }) => status.includes(task.status));
  // An estimate from the elapsed time: it slows down and never reaches the end.
  const share = usual === null ? null : 1 - Math.exp((-1.6 * Math.max(0, elapsedMs)) / usual);
  return (
    <div className="progress">
      <div className="progress-time">
        <span className="progress-elapsed">{formatClock(elapsedMs)}</span>
        <span className="muted">
          {usual === null ? 'Usually takes a few minutes' : `Usually takes ${formatRoughly(usual)}`}
        </span>
      </div>
      <progress
        className="progress-bar"
        aria-label="Estimated progress"
        max={1}
        {...(share === null ? {} : { value: share })}
      />
      <ol className="steps">
        {STEPS.map(({ label }, index) => (
          <li key={label} data-state={stateOf(index, at)} aria-current={index === at ? 'step' : undefined}>
            {label}
          </li>
        ))}
      </ol>
      {waitOf(task) === null ? null : <p className="muted">{waitOf(task)}</p>}
      <p className="muted">You can leave this page. The task continues.</p>
    </div>
  );
}

function stateOf(index: number, at: number): 'done' | 'current' | 'ahead' {
  if (index < at) return 'done';
  return index === at ? 'current' : 'ahead';
}
