/** What a ledger and the shards that watch it say to each other. */

import type { TaskFilter } from './ports.ts';
import type { TaskRecord } from './records.ts';

/** What a ledger and the leaves that watch it say to each other. */

/** One change, as it is pushed. */
export interface LiveEvent {
  readonly seq: number;
  /** `seq` as clients see and give it back. */
  readonly cursor: string;
  readonly atMs: number;
  readonly record: TaskRecord;
}

/** `events` are the ones behind the number that the shard is thought to have applied; the answer is what it has now, null: nobody watches there. */
export interface Delivery {
  readonly events: readonly LiveEvent[];
  readonly answer: number | null;
}

/** What a subscription watches: one task, or all that match a filter. */
export interface Watch {
  readonly taskId: string | null;
  readonly filter: TaskFilter;
}

/** Where the present state of a list goes on: it is handed over in pages, all of one moment. */
export interface PresentPlace {
  /** The tasks that are left to show, by their number in the ledger. */
  readonly taskSeqs: readonly number[];
  /** The newest event that the state covers. */
  readonly headSeq: number;
  readonly resync: boolean;
}

/** What a subscriber has to see before the live events: the present state or a page of what was missed, up to `headSeq`. */
export interface CatchUp {
  /** The newest event that is covered: what is behind it is yet to be seen. */
  readonly headSeq: number;
  readonly headCursor: string;
  /** More was missed than one page takes. */
  readonly hasMore: boolean;
  /** The present state goes on from here; null: it is complete, or was not asked for. */
  readonly rest: PresentPlace | null;
  /** The one watched task has ended: nothing follows `events`. */
  readonly isOver: boolean;
  readonly events: readonly (LiveEvent & { readonly resync: boolean })[];
}

/** Whether a change belongs to what is watched. */
export function isWatched({ taskId, filter }: Watch, record: TaskRecord): boolean {
  if (taskId !== null && record.id !== taskId) return false;
  if (filter.kind !== null && record.kind !== filter.kind) return false;
  return filter.statuses.length === 0 || filter.statuses.includes(record.status);
}
