import type { AccountContext } from '../account-context.ts';
import { KlingFailure, invalid } from '../envelope.ts';
import { createTaskId } from '../random.ts';
import type { ScenarioWord } from '../scenarios.ts';
import type { Settings } from '../settings.ts';
import { enter, isFinal, nextTransition, type Task, type TaskKind, type TaskPlan, type Transition } from './task.ts';

/** A task that a create asks for. */
export interface NewTask {
  readonly kind: TaskKind;
  readonly externalTaskId: string | null;
  /** In hundredths of a unit. */
  readonly price: number;
  readonly plan: TaskPlan;
}

/**
 * Creates a task: takes a slot, charges its price, and queues the first callback. Writes nothing if it refuses: 1201 for a
 * repeated external id, 1303 without a free slot, 1102 without enough units.
 */
export function createTask(account: AccountContext, task: NewTask, now: number): Task {
  checkExternalId(account, task);
  if (account.tasks.countOpen() >= account.settings.concurrency) throw new KlingFailure(1303);
  charge(account, task.price);
  const created = account.tasks.insert({
    taskId: createTaskId(account.tasks.lastSeq() + 1, task.plan.words.includes('number-id')),
    externalTaskId: task.externalTaskId,
    kind: task.kind,
    status: 'submitted',
    message: '',
    createdAt: now,
    updatedAt: now,
    dueAt: task.plan.processingAt,
    charged: task.price,
    plan: task.plan,
  });
  const open = account.tasks.countOpen();
  if (open > account.record.counter('inFlightMax')) account.record.setCounter('inFlightMax', open);
  account.outbox.announce(created, now);
  return created;
}

/** Refuses an external id that another task of the account has, unless the settings allow duplicates for this kind. */
function checkExternalId(account: AccountContext, { kind, externalTaskId }: NewTask): void {
  if (!account.settings.uniqueExternalIds.includes(kind)) return;
  if (externalTaskId !== null && account.tasks.find(externalTaskId, null)?.externalTaskId === externalTaskId) {
    throw invalid(`External_task_id ${externalTaskId} already exists`);
  }
}

/** The tasks that one query of `settle` reads. */
const batchSize = 500;

/** Applies every transition that is due, each at its own time. Every call does this before it looks at tasks. */
export function settle(account: AccountContext, now: number): void {
  for (;;) {
    const due = account.tasks.listDue(now, batchSize);
    if (due.length === 0) return;
    for (const task of due) {
      const transition = nextTransition(task, now);
      if (transition !== null) apply(account, task, transition, now);
    }
  }
}

/** Moves a task to a status by hand. Returns the same task if it has the status, and null if it has ended with another one. */
export function advance(
  account: AccountContext,
  task: Task,
  status: 'processing' | 'succeed' | 'failed',
  message: string,
  now: number,
): Task | null {
  if (task.status === status) return task;
  return isFinal(task.status) ? null : apply(account, task, enter(task, status, message, now), now);
}

function apply(account: AccountContext, task: Task, transition: Transition, now: number): Task {
  const changed = account.tasks.change(task, transition);
  const { voice, video } = changed.plan;
  if (changed.status === 'failed') account.record.increase('charged', -task.charged);
  if (changed.status === 'succeed' && voice !== null) {
    account.things.put('voice', voice.id, transition.at, { name: voice.name });
  }
  if (changed.status === 'succeed' && video !== null) {
    account.things.put('video', video.id, transition.at, { durationMs: video.parent.durationMs });
  }
  account.outbox.announce(changed, now);
  return changed;
}

/** How many times longer a task takes with `sandbox-slow-task`. */
const slowFactor = 10;

const failureTexts: Partial<Record<ScenarioWord, string>> = {
  'risk-control': 'Failure to pass the risk control system',
  'no-human': 'The model did not detect a human',
  'internal-failure': 'Internal error',
};

/** Plans when a new task will start and end, and whether it will fail. */
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

/** Prices in hundredths of a unit: sums of integers stay exact. Source: Kling's price list (2026-09). */
export const prices = { voice: 5, faceScan: 5, speech: 5 } as const;

/** The price of a lip-sync: half a unit for every five seconds of video, rounded up. In hundredths of a unit. */
export function lipSyncPrice(videoMs: number): number {
  return 50 * Math.ceil(videoMs / 5000);
}

/** Charges the account, or throws 1102 if its units do not suffice. */
export function charge(account: AccountContext, price: number): void {
  const left = Math.round(account.settings.units * 100) - account.record.counter('charged');
  if (left < price) throw new KlingFailure(1102);
  account.record.increase('charged', price);
}
