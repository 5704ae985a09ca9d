import type { LedgerLimits } from '../config/index.ts';
import { updatedAtMsOf } from '../domain/apply.ts';
import { parseCursor, type Slice, type TaskFilter, type TaskOrder, toCursor, type Window } from '../domain/list.ts';
import type { MediaRecord } from '../domain/media.ts';
import { type CatchUp, isWatched, type PresentPlace, type Watch } from '../domain/ports.ts';
import type { FaceScan, Speech, TaskChange, TaskRecord } from '../domain/records.ts';
import { isFinal, TASK_STATUSES, type TaskKind, type TaskStatus, type Voice } from '../domain/task.ts';
import { badUserInput, notFound } from '../errors.ts';
import type { AssetStore } from './stores/assets.ts';
import { cursorOwnerOf, type EventStore } from './stores/events.ts';
import type { MediaStore } from './stores/files.ts';
import { firstSeqs, readTaskRecord, type TaskStore } from './stores/tasks.ts';
import { type Durations, durationsOf, estimateEndAtMs, JUDGED_BY, type PastRun } from '../domain/estimate.ts';

/** The lists of a tenant, stable while items are added and newest first by default, and its event log, oldest first. */
export interface Queries {
  tasks(filter: TaskFilter, window: Window, order?: TaskOrder): Slice<TaskRecord>;
  voices(window: Window): Slice<Voice>;
  faceScans(window: Window): Slice<FaceScan>;
  speeches(window: Window): Slice<Speech>;
  media(window: Window): Slice<MediaRecord>;
  /**
   * Returns the changes that a watch lets through. Examines at most 500, so a page may be short, or empty, although more
   * follow. Its `endCursor` continues after the last one examined.
   */
  events(watch: Watch, window: Window): Slice<TaskChange>;
  /**
   * Returns one page of what a new subscriber sees before the live events. Without a cursor, that is the present state: the
   * one task, or all that have not ended, if the filter lets them through. A cursor selects every later change. If some of
   * those are deleted, the page is of the present state, marked as a resync. `rest` continues the present state after an
   * earlier page. Throws `NOT_FOUND` if the watched task does not exist.
   */
  catchUp(watch: Watch, after: string | null, afterSeq: number | null, rest: PresentPlace | null): CatchUp;
}

interface QueriesDeps {
  readonly tasks: TaskStore;
  readonly events: EventStore;
  readonly assets: AssetStore;
  readonly media: MediaStore;
  readonly estimates: Pick<Estimates, 'of' | 'ofChange'>;
  readonly limits: Pick<LedgerLimits, 'eventRetentionMs'>;
  readonly storage: DurableObjectStorage;
  readonly now: () => number;
}

/** The most missed changes per page. A day's may be more than one answer can hold. */
const MISSED_PAGE = 100;

/** The most changes that one page of the log, or of missed changes, examines, however few match. Takes about 3 ms. */
const EXAMINED_MAX = 500;

/** Creates the queries. They read only what is stored. */
export function createQueries(deps: QueriesDeps): Queries {
  const { tasks, events, assets, media, estimates, storage } = deps;
  const owner = cursorOwnerOf(storage);
  const present = createPresentState({ ...deps, sql: storage.sql });

  function place(list: string, after: string | null): number | null {
    return after === null ? null : known(parseCursor(`${list}-${owner}`, after));
  }

  /** Returns the watched task; null if it does not exist, or is of another kind than its id says. */
  function watchedTask({ task }: Watch): TaskRecord | null {
    const record = task === null ? null : (tasks.find({ id: task.id })?.record ?? null);
    return record?.kind === task?.kind ? record : null;
  }

  /** `rows` has one row more than was asked for if the list continues. */
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
    return { headSeq, headCursor: events.cursorOf(headSeq) };
  }

  function presentEvents({ records, rest }: PresentPage, headSeq: number, resync: boolean): CatchUp['events'] {
    // Only the last event gets the cursor of the head: a client that disconnects before it gets the whole state again.
    const last = rest === null ? records.length - 1 : null;
    return records.map((task, i) => {
      const seq = i === last ? headSeq : 0;
      return { seq, cursor: events.cursorOf(seq), atMs: updatedAtMsOf(task), task: estimates.of(task), resync };
    });
  }

  function presentPage(page: PresentPage, headSeq: number, resync: boolean): CatchUp {
    const { rest } = page;
    const shown = presentEvents(page, headSeq, resync);
    return { ...upTo(headSeq), hasMore: false, rest, resync, isOver: false, events: shown };
  }

  return {
    tasks(filter, { first, after }, order) {
      const rows = tasks.list(filter, place('task', after), first + 1, order);
      return slice('task', rows, first, (row) => estimates.of(row.record));
    },

    voices({ first, after }) {
      const rows = assets.voices(place('voice', after), first + 1);
      return slice('voice', rows, first, (row) => row.voice);
    },

    faceScans({ first, after }) {
      const rows = assets.faceScans(place('scan', after), first + 1);
      return slice('scan', rows, first, (row) => row.scan);
    },

    speeches({ first, after }) {
      const rows = assets.speeches(place('speech', after), first + 1);
      return slice('speech', rows, first, (row) => row.speech);
    },

    media({ first, after }) {
      const rows = media.list(place('media', after), first + 1);
      return slice('media', rows, first, (row) => row.media);
    },

    catchUp(watch, after, afterSeq, rest) {
      if (rest !== null) return presentPage(present.goOn(rest), rest.headSeq, rest.resync);
      const watched = watchedTask(watch);
      if (watch.task !== null && watched === null) throw notFound();
      const isFinished = watched !== null && isFinal(watched.status);
      const given = after === null ? null : known(events.placeOf(after));
      // A cursor of 0 asks for the present state, not for the whole log.
      const start = given?.seq === 0 ? null : given;
      const from = afterSeq === null ? start : events.placeAt(afterSeq);
      if (from !== null && !from.resync) {
        const missed: TaskChange[] = [];
        let [seq, examined] = [from.seq, 0];
        for (const change of events.each(watched?.id ?? null, from.seq, EXAMINED_MAX)) {
          ({ seq } = change);
          examined += 1;
          if (isWatched(watch, change.task)) missed.push(estimates.ofChange(change));
          if (missed.length === MISSED_PAGE) break;
        }
        const hasMore = missed.length === MISSED_PAGE || examined === EXAMINED_MAX;
        return {
          ...upTo(hasMore ? seq : events.head()),
          hasMore,
          rest: null,
          resync: false,
          isOver: isFinished && !hasMore,
          events: missed,
        };
      }
      const headSeq = events.head();
      const resync = from !== null;
      if (watched === null) return presentPage(present.begin(watch, resync), headSeq, resync);
      const records = isWatched(watch, watched) ? [watched] : [];
      return { ...presentPage({ records, rest: null }, headSeq, resync), isOver: isFinished };
    },

    events(watch, { first, after }) {
      const { seq: from, resync } = after === null ? { seq: 0, resync: false } : known(events.placeOf(after));
      if (watch.task !== null && watchedTask(watch) === null) return { edges: [], hasNextPage: false };
      const edges: { readonly cursor: string; readonly node: TaskChange }[] = [];
      const examinedMax = Math.max(first, EXAMINED_MAX);
      let [seq, examined, hasNextPage] = [from, 0, false];
      for (const change of events.each(watch.task?.id ?? null, from, examinedMax + 1)) {
        const matches = isWatched(watch, change.task);
        hasNextPage = examined === examinedMax || (matches && edges.length === first);
        if (hasNextPage) break;
        if (matches) edges.push({ cursor: change.cursor, node: { ...estimates.ofChange(change), resync } });
        ({ seq } = change);
        examined += 1;
      }
      // A reader who has missed changes learns of it from a change, which may be on a later page.
      const endCursor = resync && edges.length === 0 ? events.lateCursorOf(seq) : events.cursorOf(seq);
      return { edges, hasNextPage, endCursor: examined === 0 ? null : endCursor };
    },
  };
}

/** Throws `BAD_USER_INPUT` for null, which stands for a cursor that is not of the list. */
function known<T>(place: T | null): T {
  if (place !== null) return place;
  throw badUserInput([{ path: ['after'], code: 'MALFORMED', message: 'is not a cursor of this list' }]);
}

/** One page of the present state. `rest` is the place of the next page; null on the last. */
interface PresentPage {
  readonly records: readonly TaskRecord[];
  readonly rest: PresentPlace | null;
}

/** The tasks that match a watch and have not ended, oldest first, in pages that all show the same moment. */
interface PresentState {
  begin(watch: Watch, resync: boolean): PresentPage;
  goOn(place: PresentPlace): PresentPage;
}

/** The most tasks that the present state shows. */
const TASKS_MAX = 1_000;

/** The tasks per page of the present state. Reading and transferring a page takes about 2 ms. */
const PRESENT_PAGE = 100;

/** The statuses of tasks that have not ended. */
const OPEN = TASK_STATUSES.filter((status) => !isFinal(status));

function createPresentState({
  tasks,
  events,
  limits,
  now,
  sql,
}: Pick<QueriesDeps, 'tasks' | 'events' | 'limits' | 'now'> & { readonly sql: SqlStorage }): PresentState {
  /**
   * Returns the tasks that the log knows. A queued task without an event is left out, because Kling may refuse it and it
   * would disappear without an event. One that is older than the log had its event.
   */
  function announcedSeqs(filter: TaskFilter, statuses: readonly TaskStatus[]): number[] {
    const { kind, label } = filter;
    const { fromSeq, beforeSeq } = tasks.rangeOf(filter);
    const byLabel = label === undefined ? '' : 'label = ?7 AND';
    const read = (each: TaskKind, status: TaskStatus) =>
      sql.exec<{ seq: number }>(
        `SELECT seq FROM task WHERE ${byLabel} kind = ?1 AND status = ?2 AND seq >= ?5 AND seq < ?6
           AND (?2 <> 'QUEUED' OR json_extract(record, '$.createdAtMs') <= ?3
             OR EXISTS (SELECT 1 FROM event WHERE task_id = task.id))
         ORDER BY seq DESC LIMIT ?4`,
        each,
        status,
        now() - limits.eventRetentionMs,
        TASKS_MAX,
        fromSeq,
        beforeSeq,
        ...(label === undefined ? [] : [label]),
      );
    return firstSeqs(kind, statuses, TASKS_MAX, 'NEWEST_FIRST', read).toReversed();
  }

  function recordsOf(taskSeqs: readonly number[]): TaskRecord[] {
    return sql
      .exec<{ record: string; details: string | null }>(
        'SELECT record, details FROM task WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq',
        JSON.stringify(taskSeqs),
      )
      .toArray()
      .map(({ record, details }) => readTaskRecord(record, details));
  }

  /** Returns the task as it was at `headSeq`; null if that event is deleted. A later event shows the task then. */
  function asOf(headSeq: number, record: TaskRecord): TaskRecord | null {
    if (events.after(record.id, headSeq, 1).length === 0) return record;
    return events.lastUpTo(record.id, headSeq)?.task ?? null;
  }

  function goOn({ taskSeqs, headSeq, resync }: PresentPlace): PresentPage {
    const current = recordsOf(taskSeqs.slice(0, PRESENT_PAGE));
    const then = events.head() === headSeq ? current : current.map((record) => asOf(headSeq, record));
    const left = taskSeqs.slice(PRESENT_PAGE);
    return {
      records: then.filter((record) => record !== null),
      rest: left.length === 0 ? null : { taskSeqs: left, headSeq, resync },
    };
  }

  return {
    goOn,
    begin({ filter }, resync) {
      const statuses = OPEN.filter((status) => filter.statuses.length === 0 || filter.statuses.includes(status));
      return goOn({ taskSeqs: announcedSeqs(filter, statuses), headSeq: events.head(), resync });
    },
  };
}

/** Adds to tasks when they are expected to end. Reads past tasks at most once for each kind, until another one succeeds. */
export interface Estimates {
  /** Returns the task with its expected end as of now; the same task without one. */
  of<T extends TaskRecord>(task: T): T;
  /** Returns a change with the end that was to be expected at its instant. */
  readonly ofChange: (change: TaskChange) => TaskChange;
  /** Call it for each task that has ended. */
  ended(task: Pick<TaskRecord, 'kind' | 'status'>): void;
}

interface EstimatesDeps {
  readonly sql: SqlStorage;
  readonly now: () => number;
}

/** Creates the estimates. Build one per object, because it keeps the durations of past tasks in memory. */
export function createEstimates({ sql, now }: EstimatesDeps): Estimates {
  const past = new Map<TaskKind, Durations>();

  /** A deleted task counts until the next one succeeds. */
  function pastOf(kind: TaskKind): Durations {
    const before = past.get(kind);
    if (before !== undefined) return before;
    const runs = sql.exec<Record<keyof PastRun, number | null>>(
      `SELECT record ->> 'createdAtMs' AS createdAtMs, record ->> 'startedAtMs' AS startedAtMs,
         coalesce(record ->> 'endedAtMs', record ->> 'updatedAtMs') AS endedAtMs
       FROM task WHERE kind = ? AND status = 'SUCCEEDED' ORDER BY seq DESC LIMIT ?`,
      kind,
      JUDGED_BY.max,
    );
    const durations = durationsOf(runs.toArray());
    past.set(kind, durations);
    return durations;
  }

  function at<T extends TaskRecord>(task: T, atMs: number): T {
    // Most tasks of a list have ended, and need no read.
    if (isFinal(task.status)) return task;
    const estimatedEndAtMs = estimateEndAtMs(task, pastOf(task.kind), atMs);
    return estimatedEndAtMs === null ? task : { ...task, estimatedEndAtMs };
  }

  return {
    of: (task) => at(task, now()),
    ofChange: (change) => ({ ...change, task: at(change.task, change.atMs) }),
    ended({ kind, status }) {
      if (status === 'SUCCEEDED') past.delete(kind);
    },
  };
}
