import type { ScenarioWord } from '../scenarios.ts';

/** A status in Kling's spelling. `in_review` is made up, to test a status that clients do not know. */
export type TaskStatus = 'submitted' | 'processing' | 'in_review' | 'succeed' | 'failed';

/** The kinds of task. */
export const taskKinds = ['voice', 'lip-sync'] as const;

/** One kind of task. */
export type TaskKind = (typeof taskKinds)[number];

/** The original video of a lip-sync. */
export interface ParentVideo {
  readonly id: string;
  readonly url: string;
  readonly durationMs: number;
}

/** The planned result of a lip-sync. */
export interface LipSyncVideo {
  readonly id: string;
  readonly parent: ParentVideo;
  readonly watermark: boolean;
}

/** The input and the planned course of a task. It never changes. */
export interface TaskPlan {
  readonly words: readonly ScenarioWord[];
  /** The origin of the create. URLs of results start with it. */
  readonly origin: string;
  readonly callbackUrl: string | null;
  /** Why the task will fail. Null if it will succeed. */
  readonly failure: string | null;
  readonly voice: { readonly id: string; readonly name: string } | null;
  readonly video: LipSyncVideo | null;
  /** When it starts by itself, in ms since the epoch. */
  readonly processingAt: number;
  /** When it ends by itself. Null if it never ends. */
  readonly finalAt: number | null;
}

/** The current state of one task. */
export interface Task {
  readonly seq: number;
  readonly taskId: string;
  readonly externalTaskId: string | null;
  readonly kind: TaskKind;
  readonly status: TaskStatus;
  readonly message: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** When the next transition is due. Null after the last one. */
  readonly dueAt: number | null;
  /** In hundredths of a unit. 0 if the task has failed. */
  readonly charged: number;
  readonly plan: TaskPlan;
}

/** Whether a status never changes again. */
export function isFinal(status: TaskStatus): boolean {
  return status === 'succeed' || status === 'failed';
}

/** One change of a task. `at` is the time it happened, which can be long before it is applied. */
export interface Transition {
  readonly status: TaskStatus;
  readonly message: string;
  readonly at: number;
  readonly dueAt: number | null;
}

/** Returns the transition that is due, or null. A task that was not read for long has several due. */
export function nextTransition(task: Task, now: number): Transition | null {
  if (task.dueAt === null || task.dueAt > now || isFinal(task.status)) return null;
  if (task.status === 'submitted') return enter(task, underWay(task), '', task.dueAt);
  const { failure } = task.plan;
  return enter(task, failure === null ? 'succeed' : 'failed', failure ?? '', task.dueAt);
}

/** Builds a transition to a status. A later transition keeps its planned time. */
export function enter(task: Task, status: TaskStatus, message: string, at: number): Transition {
  return { status, message, at, dueAt: isFinal(status) ? null : task.plan.finalAt };
}

function underWay(task: Task): TaskStatus {
  return task.plan.words.includes('unknown-status') ? 'in_review' : 'processing';
}
