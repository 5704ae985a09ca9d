import type { TaskFilter } from './ports.ts';
import type { TaskChange, TaskRecord } from './records.ts';

/** The subject of a subscription: one task, or all tasks that match a filter. */
export interface Watch {
  readonly taskId: string | null;
  readonly filter: TaskFilter;
}

/** The place where the present state of a list continues. Its pages are all of the same moment. */
export interface PresentPlace {
  /** The tasks that are left to send, by their number in the ledger. */
  readonly taskSeqs: readonly number[];
  /** The newest event that the state covers. */
  readonly headSeq: number;
  readonly resync: boolean;
}

/** The events that a subscriber gets before live ones: the present state, or a page of missed events up to `headSeq`. */
export interface CatchUp {
  /** The newest event that is covered. Later ones are still to be sent. */
  readonly headSeq: number;
  readonly headCursor: string;
  /** True if more events were missed than fit on a page. */
  readonly hasMore: boolean;
  /** The place where the present state continues; null if it is complete or was not requested. */
  readonly rest: PresentPlace | null;
  /** True if the one watched task is final, so nothing follows `events`. */
  readonly isOver: boolean;
  readonly events: readonly TaskChange[];
}

/** Returns true if a subscription watches the task of a change. */
export function isWatched({ taskId, filter }: Watch, record: TaskRecord): boolean {
  if (taskId !== null && record.id !== taskId) return false;
  if (filter.kind !== null && record.kind !== filter.kind) return false;
  return filter.statuses.length === 0 || filter.statuses.includes(record.status);
}
