import { parseCursor, toCursor } from '../domain/cursor.ts';
import { isWatched, type CatchUp, type LiveEvent, type Watch } from '../domain/live.ts';
import type { Slice, TaskChangeEvent, TaskFilter, Window } from '../domain/ports.ts';
import type { TaskRecord } from '../domain/records.ts';
import { isFinal, TASK_STATUSES } from '../domain/task.ts';
import type { Voice } from '../domain/voice.ts';
import { badUserInput } from '../errors.ts';
import type { LedgerDeps } from './deps.ts';
import type { TaskChange } from './event-store.ts';
import type { TaskRow } from './task-store.ts';

/** The tenant's lists, newest first and stable while things are added, and its log of events, oldest first. */
export interface Lists {
  tasks(filter: TaskFilter, window: Window): Slice<TaskRecord>;
  voices(window: Window): Slice<Voice>;
  events(taskId: string | null, window: Window): Slice<TaskChangeEvent>;
  /**
   * What a new subscriber sees first. Without a cursor the present state: the one task, or all that match and have not
   * ended. With one, every change behind it, page by page; if some of those are no longer kept, the present state,
   * marked as a resync.
   */
  catchUp(watch: Watch, after: string | null, afterSeq: number | null): CatchUp;
  /** A change with its cursor, as it is pushed. */
  toLive(change: TaskChange): LiveEvent;
}

export function createLists(deps: LedgerDeps, storage: DurableObjectStorage): Lists {
  const { tasks, events, holdings } = deps;
  const owner = ownerOf(storage);

  function place(list: string, after: string | null): number | null {
    if (after === null) return null;
    const seq = parseCursor(`${list}-${owner}`, after);
    if (seq === null) throw badUserInput([{ path: ['after'], message: 'is not a cursor of this list' }]);
    return seq;
  }

  /** `rows` holds one more than was asked for when there is more to come. */
  function slice<R extends { readonly seq: number }, T>(
    list: string,
    rows: readonly R[],
    first: number,
    toNode: (row: R) => T,
  ) {
    return {
      edges: rows.slice(0, first).map((row) => ({ cursor: toCursor(`${list}-${owner}`, row.seq), node: toNode(row) })),
      hasNextPage: rows.length > first,
    };
  }

  function upTo(headSeq: number): Pick<CatchUp, 'headSeq' | 'headCursor'> {
    return { headSeq, headCursor: toCursor(`event-${owner}`, headSeq) };
  }

  function toLive(change: TaskChange): LiveEvent {
    return { ...change, cursor: toCursor(`event-${owner}`, change.seq) };
  }

  /** Not a task that the log does not know yet: should Kling refuse it, nothing will ever be told of it. */
  function isTold({ record: { id, status, createdAtMs } }: TaskRow): boolean {
    const mayBeForgotten = deps.now() - createdAtMs >= deps.limits.eventRetentionMs;
    return status !== 'QUEUED' || mayBeForgotten || events.after(id, 0, 1).length > 0;
  }

  /** The tasks that match and have not ended, oldest first. */
  function open({ filter: { kind, statuses: watched } }: Watch): TaskRow[] {
    const statuses = OPEN.filter((status) => watched.length === 0 || watched.includes(status));
    if (statuses.length === 0) return [];
    return tasks.list({ kind, statuses }, null, PRESENT_MAX).toReversed().filter(isTold);
  }

  return {
    toLive,

    tasks(filter, { first, after }) {
      const rows = tasks.list(filter, place('task', after), first + 1);
      return slice('task', rows, first, (row) => row.record);
    },

    voices({ first, after }) {
      const rows = holdings.voices(place('voice', after), first + 1);
      return slice('voice', rows, first, (row) => row.voice);
    },

    catchUp(watch, after, afterSeq) {
      const watched = watch.taskId === null ? null : tasks.find({ id: watch.taskId });
      const isFinished = watched !== null && isFinal(watched.record.status);
      // Behind nothing is the present state, not the whole log.
      const from = afterSeq ?? (place('event', after) || null);
      const resync = from !== null && from < events.forgotten();
      if (from !== null && !resync) {
        const missed = events.after(watch.taskId, from, PAGE);
        const hasMore = missed.length === PAGE;
        return {
          ...upTo((hasMore ? missed.at(-1)?.seq : null) ?? events.head()),
          hasMore,
          isOver: isFinished && !hasMore,
          events: missed
            .filter(({ record }) => isWatched(watch, record))
            .map((event) => ({ ...toLive(event), resync: false })),
        };
      }
      const headSeq = events.head();
      const present = watch.taskId === null ? open(watch) : [watched].filter((row) => row !== null);
      // Only the last of the state stands at the head: who breaks off before it gets the whole state again.
      const state = present.map(({ record }, i) => {
        const seq = i === present.length - 1 ? headSeq : 0;
        return { ...toLive({ seq, atMs: record.updatedAtMs, record }), resync };
      });
      return { ...upTo(headSeq), hasMore: false, isOver: isFinished, events: state };
    },

    events(taskId, { first, after }) {
      const from = place('event', after);
      const missed = from !== null && from < events.forgotten();
      const rows = events.after(taskId, from ?? 0, first + 1);
      return slice('event', rows, first, ({ seq, atMs, record }) => {
        return { seq, cursor: toCursor(`event-${owner}`, seq), atMs, task: record, resync: missed };
      });
    },
  };
}

/** Most tasks that the present state of a list shows. */
const PRESENT_MAX = 1_000;

/** Most changes that a subscriber gets at once of what it missed: a day's may be more than one answer holds. */
const PAGE = 500;

/** The statuses that a task can still leave. */
const OPEN = TASK_STATUSES.filter((status) => !isFinal(status));

/** A word that tells this ledger's cursors from every other's, made once. */
function ownerOf(storage: DurableObjectStorage): string {
  const known = storage.kv.get<string>('cursor_owner');
  if (known !== undefined) return known;
  const made = crypto.randomUUID().slice(0, 8);
  storage.kv.put('cursor_owner', made);
  return made;
}
