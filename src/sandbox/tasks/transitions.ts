import type { ScenarioWord } from '../scenarios.ts';
import type { Settings } from '../settings.ts';
import { isFinal, type Task, type TaskPlan, type TaskStatus } from './task.ts';

/** One change of a task. `at` is when it happened, which may be before anyone looked. */
export interface Transition {
  readonly status: TaskStatus;
  readonly message: string;
  readonly at: number;
  readonly dueAt: number | null;
}

/** How many times longer a task takes with `sandbox-slow-task`. */
const slowFactor = 10;

const failureTexts: Partial<Record<ScenarioWord, string>> = {
  'risk-control': 'Failure to pass the risk control system',
  'no-human': 'The model did not detect a human',
  'internal-failure': 'Internal error',
};

/** When a new task will start and end, and whether it will fail. */
export function planCourse(
  words: ReadonlySet<ScenarioWord>,
  settings: Settings,
  now: number,
): Pick<TaskPlan, 'processingAt' | 'finalAt' | 'failure'> {
  const factor = words.has('slow-task') ? slowFactor : 1;
  const processingAt = now + settings.submittedMs;
  const failing = [...words].find((word) => failureTexts[word] !== undefined);
  return {
    processingAt,
    finalAt: words.has('never-ends') ? null : Math.max(processingAt, now + settings.processingMs * factor),
    failure: failing === undefined ? null : (failureTexts[failing] ?? null),
  };
}

/** The change that is due by `now`; null if none is. A task long unseen needs several calls. */
export function nextTransition(task: Task, now: number): Transition | null {
  if (task.dueAt === null || task.dueAt > now || isFinal(task.status)) return null;
  if (task.status === 'submitted') return enter(task, underWay(task), '', task.dueAt);
  const { failure } = task.plan;
  return enter(task, failure === null ? 'succeed' : 'failed', failure ?? '', task.dueAt);
}

/** A change made by hand. What is still to come stays planned for its own time. */
export function enter(task: Task, status: TaskStatus, message: string, at: number): Transition {
  return { status, message, at, dueAt: isFinal(status) ? null : task.plan.finalAt };
}

function underWay(task: Task): TaskStatus {
  return task.plan.words.includes('unknown-status') ? 'in_review' : 'processing';
}
