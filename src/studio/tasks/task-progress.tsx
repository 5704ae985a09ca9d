import type { Task } from '../api/documents.ts';
import { formatClock, formatRoughly } from '../ui/format.ts';
import { useNow } from '../ui/use-now.ts';
import { expectedMs } from './task-words.ts';
import { isFinal, isPrepared, STAGE_LABELS } from './task-words.ts';

interface Step {
  readonly label: string;
  readonly isCurrent: (task: Task) => boolean;
}

function statusStep(label: string, ...statuses: readonly Task['status'][]): Step {
  return { label, isCurrent: ({ status }) => statuses.includes(status) };
}

const STEPS: readonly Step[] = [
  statusStep('Accepted', 'PREPARING', 'QUEUED'),
  statusStep('At Kling', 'SUBMITTED'),
  statusStep('In progress', 'PROCESSING', 'UNRECOGNIZED'),
  statusStep('Done', 'SUCCEEDED'),
];

const STAGES = ['WAITING', 'SCANNING', 'SPEAKING', 'SYNCING'] as const;

/** Returns the steps of a task. A lip-sync that has more than one paid step shows its stages. */
function stepsOf(task: Task): readonly Step[] {
  if (task.__typename !== 'LipSyncTask' || !isPrepared(task)) return STEPS;
  const paid = new Set(task.costs.map(({ stage }) => stage));
  const stages = STAGES.filter((stage) => stage === 'WAITING' || paid.has(stage));
  return [
    ...stages.map((stage) => ({
      label: STAGE_LABELS[stage],
      isCurrent: (current: Task) =>
        current.__typename === 'LipSyncTask' && !isFinal(current) && current.stage === stage,
    })),
    statusStep('Done', 'SUCCEEDED'),
  ];
}

function waitOf(task: Task): string | null {
  if (task.queuePosition === null) return null;
  return task.queuePosition === 0 ? 'Next in line.' : `${task.queuePosition} of your tasks are ahead of it.`;
}

/** Shows the step of a task, its time so far, and how long it is expected to take in all. */
export function TaskProgress({ task }: { readonly task: Task }) {
  const usual = expectedMs(task);
  const elapsedMs = useNow(250) - new Date(task.createdAt).getTime();
  const steps = stepsOf(task);
  const at = steps.findIndex(({ isCurrent }) => isCurrent(task));
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
        {steps.map(({ label }, index) => (
          <li key={label} data-state={stateOf(index, at)} aria-current={index === at ? 'step' : undefined}>
            {label}
          </li>
        ))}
      </ol>
      {waitOf(task) === null ? null : <p className="muted">{waitOf(task)}</p>}
      <p className="muted">
        {task.__typename === 'LipSyncTask' && task.stage === 'WAITING'
          ? 'The task continues as soon as its video is there.'
          : 'You can leave this page. The task continues.'}
      </p>
    </div>
  );
}

function stateOf(index: number, at: number): 'done' | 'current' | 'ahead' {
  if (index < at) return 'done';
  return index === at ? 'current' : 'ahead';
}
