import { parseCursor, toCursor } from '../domain/cursor.ts';
import type { Slice, TaskChangeEvent, TaskFilter, Window } from '../domain/ports.ts';
import type { TaskRecord } from '../domain/records.ts';
import type { Voice } from '../domain/voice.ts';
import { badUserInput } from '../errors.ts';
import type { LedgerDeps } from './deps.ts';

/** The tenant's lists, newest first and stable while things are added, and its log of events, oldest first. */
export interface Lists {
  tasks(filter: TaskFilter, window: Window): Slice<TaskRecord>;
  voices(window: Window): Slice<Voice>;
  events(taskId: string | null, window: Window): Slice<TaskChangeEvent>;
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

  return {
    tasks(filter, { first, after }) {
      const rows = tasks.list(filter, place('task', after), first + 1);
      return slice('task', rows, first, (row) => row.record);
    },

    voices({ first, after }) {
      const rows = holdings.voices(place('voice', after), first + 1);
      return slice('voice', rows, first, (row) => row.voice);
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

/** A word that tells this ledger's cursors from every other's, made once. */
function ownerOf(storage: DurableObjectStorage): string {
  const known = storage.kv.get<string>('cursor_owner');
  if (known !== undefined) return known;
  const made = crypto.randomUUID().slice(0, 8);
  storage.kv.put('cursor_owner', made);
  return made;
}
