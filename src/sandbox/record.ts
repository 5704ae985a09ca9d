import type { AccountContext } from './account-context.ts';
import type { Delivery } from './store/callback-store.ts';
import type { RecordedRequest } from './store/record-store.ts';

/** One task in the record. */
export interface RecordedTask {
  readonly taskId: string;
  readonly externalTaskId: string | null;
  readonly kind: string;
  readonly status: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly units: number;
}

/** What an account did and had done to it, for tests to compare with what a client believes. */
export interface AccountRecord {
  /** The last 10,000, oldest first. */
  readonly requests: readonly RecordedRequest[];
  /** All there ever were. */
  readonly requestCount: number;
  readonly requestsByRoute: Readonly<Record<string, number>>;
  /** By the code of the answer, `none` where it was no envelope. */
  readonly requestsByCode: Readonly<Record<string, number>>;
  readonly tasks: readonly RecordedTask[];
  /** Every attempt, in the order the attempts ended. */
  readonly callbacks: readonly Delivery[];
  readonly inFlightMax: number;
  readonly unitsCharged: number;
}

/** Reads an account's record. */
export function toRecord({ record, tasks, callbacks }: AccountContext): AccountRecord {
  const requestsByRoute = record.routes();
  return {
    requests: record.requests(),
    requestCount: Object.values(requestsByRoute).reduce((sum, count) => sum + count, 0),
    requestsByRoute,
    requestsByCode: record.codes(),
    tasks: Array.from(tasks.all(), (task) => ({
      taskId: task.taskId,
      externalTaskId: task.externalTaskId,
      kind: task.kind,
      status: task.status,
      createdAt: task.createdAt,
      updatedAt: task.updatedAt,
      units: task.charged / 100,
    })),
    callbacks: callbacks.deliveries(),
    inFlightMax: record.counter('inFlightMax'),
    unitsCharged: record.counter('charged') / 100,
  };
}
