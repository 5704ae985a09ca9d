import type { ScenarioWord } from '../scenarios.ts';

/** A status as Kling writes it. `in_review` is none of Kling's: it stands for one nobody has heard of. */
export type TaskStatus = 'submitted' | 'processing' | 'in_review' | 'succeed' | 'failed';

/** What a task makes. */
export const taskKinds = ['voice', 'lip-sync'] as const;

/** One of them. */
export type TaskKind = (typeof taskKinds)[number];

/** The video a lip-sync task works on. */
export interface ParentVideo {
  readonly id: string;
  readonly url: string;
  readonly durationMs: number;
}

/** What a task was created with and will make; never changes. */
export interface TaskPlan {
  readonly words: readonly ScenarioWord[];
  /** Where result URLs point: the origin the create came in on. */
  readonly origin: string;
  readonly callbackUrl: string | null;
  /** Why the task will fail; null if it will not. */
  readonly failure: string | null;
  readonly voice: { readonly id: string; readonly name: string } | null;
  readonly video: { readonly id: string; readonly parent: ParentVideo; readonly watermark: boolean } | null;
  /** When it starts and ends by itself, in ms since the epoch; null for an end that never comes. */
  readonly processingAt: number;
  readonly finalAt: number | null;
}

/** One task as it stands. */
export interface Task {
  readonly seq: number;
  readonly taskId: string;
  readonly externalTaskId: string | null;
  readonly kind: TaskKind;
  readonly status: TaskStatus;
  readonly message: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** When the next change is due; null when none is. */
  readonly dueAt: number | null;
  /** In hundredths of a unit; 0 once the task has failed. */
  readonly charged: number;
  readonly plan: TaskPlan;
}

/** Whether a status is the last one. */
export function isFinal(status: TaskStatus): boolean {
  return status === 'succeed' || status === 'failed';
}

/** One change of a task. `at` is when it happened, which may be before anyone looked. */
export interface Transition {
  readonly status: TaskStatus;
  readonly message: string;
  readonly at: number;
  readonly dueAt: number | null;
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
