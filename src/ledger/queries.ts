import { parseCursor, toCursor } from '../domain/cursor.ts';
import { isWatched, type CatchUp, type LiveEvent, type PresentPlace, type Watch } from '../domain/watch.ts';
import type { Slice, TaskChangeEvent, TaskFilter, Window } from '../domain/ports.ts';
import type { TaskRecord } from '../domain/records.ts';
import { isFinal, type Voice } from '../domain/task.ts';
import { badUserInput } from '../errors.ts';
import type { LedgerDeps } from './deps.ts';
import type { TaskChange } from './stores/events.ts';
import { createPresentState, type PresentPage } from './present-state.ts';

/** The tenant's lists, newest first and stable while things are added, and its log of events, oldest first. */
export interface Lists {
  tasks(filter: TaskFilter, window: Window): Slice<TaskRecord>;
  voices(window: Window): Slice<Voice>;
  events(taskId: string | null, window: Window): Slice<TaskChangeEvent>;
  /**
   * What a new subscriber sees first. Without a cursor the present state: the one task, or all that match and have not
   * ended, page by page: `rest` is what the page before left. With one, every change behind it, page by page; if some of those are no longer kept, the present state,
   * marked as a resync.
   */
  catchUp(watch: Watch, after: string | null, afterSeq: number | null, rest: PresentPlace | null): CatchUp;
  /** A change with its cursor, as it is pushed. */
  toLive(change: TaskChange): LiveEvent;
}

export function createLists(deps: LedgerDeps, storage: DurableObjectStorage): Lists {
  const { tasks, events, holdings } = deps;
  const owner = ownerOf(storage);
  const present = createPresentState(deps, storage.sql);

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

  function presentEvents({ records, rest }: PresentPage, headSeq: number, resync: boolean): CatchUp['events'] {
    // Only the last of the state stands at the head: a client that breaks off before it gets the whole state again.
    const last = rest === null ? records.length - 1 : null;
    return records.map((record, i) => {
      return { ...toLive({ seq: i === last ? headSeq : 0, atMs: record.updatedAtMs, record }), resync };
    });
  }

  function presentPage(page: PresentPage, headSeq: number, resync: boolean): CatchUp {
    const { rest } = page;
    return { ...upTo(headSeq), hasMore: false, rest, isOver: false, events: presentEvents(page, headSeq, resync) };
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

    catchUp(watch, after, afterSeq, rest) {
      if (rest !== null) return presentPage(present.goOn(rest), rest.headSeq, rest.resync);
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
          rest: null,
          isOver: isFinished && !hasMore,
          events: missed
            .filter(({ record }) => isWatched(watch, record))
            .map((event) => ({ ...toLive(event), resync: false })),
        };
      }
      const headSeq = events.head();
      if (watch.taskId === null) return presentPage(present.begin(watch, resync), headSeq, resync);
      const records = watched === null ? [] : [watched.record];
      return { ...presentPage({ records, rest: null }, headSeq, resync), isOver: isFinished };
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

/** Most changes that a subscriber gets at once of what it missed: a day's may be more than one answer holds. */
const PAGE = 100;

/** A word that tells this ledger's cursors from every other's, made once. */
function ownerOf(storage: DurableObjectStorage): string {
  const known = storage.kv.get<string>('cursor_owner');
  if (known !== undefined) return known;
  const made = crypto.randomUUID().slice(0, 8);
  storage.kv.put('cursor_owner', made);
  return made;
}
