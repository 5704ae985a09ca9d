import { RANK, isFinal, type Check } from './check.ts';
import type { ReadEvent } from './events.ts';
import { concerning, positionOf, type History, type HistoryEvidence, type ToldEvent } from './history.ts';
import { stateStart, strangersInState } from './present-state.ts';

/** The differences of a history from the log after its first position, as numbers of events. */
export interface Difference {
  readonly missing: readonly number[];
  readonly repeated: readonly number[];
  readonly outOfOrder: readonly number[];
  /** Received events that differ from the log, or that were not subscribed to. */
  readonly foreign: readonly number[];
}

/** Compares the received events with those that the log has for the watcher. */
export function differenceOf(history: History, log: readonly ReadEvent[]): Difference {
  const position = positionOf(history);
  if (position === null) return { missing: [], repeated: [], outOfOrder: [], foreign: [] };
  const expected = new Map(
    concerning(history.watched, log)
      .filter(({ seq }) => seq > position.seq)
      .map((event) => [event.seq, event]),
  );
  const seen = new Set([position.seq]);
  const repeated: number[] = [];
  const outOfOrder: number[] = [];
  const foreign: number[] = [];
  let newest = position.seq;
  for (const { seq, taskId, status, cursor } of history.told.slice(position.at)) {
    const kept = expected.get(seq);
    if (seen.has(seq)) repeated.push(seq);
    else if (kept?.taskId !== taskId || kept.status !== status || kept.cursor !== cursor) foreign.push(seq);
    else if (seq < newest) outOfOrder.push(seq);
    seen.add(seq);
    newest = Math.max(newest, seq);
  }
  return { missing: [...expected.keys()].filter((seq) => !seen.has(seq)), repeated, outOfOrder, foreign };
}

/** Checks the promises to the watchers of a round. */
export const HISTORY_CHECKS: readonly Check<HistoryEvidence>[] = [
  {
    promise: 'a watcher is told of every change once, in order, across kills, aborts and its own absences',
    violations: ({ histories, events }) =>
      histories.flatMap((history) => {
        const { missing, repeated, outOfOrder, foreign } = differenceOf(history, events);
        return [
          ...told(history, 'missing', missing),
          ...told(history, 'repeated', repeated),
          ...told(history, 'out of order', outOfOrder),
          ...told(history, 'not as in the log', foreign),
        ];
      }),
  },
  {
    promise: 'the present state that a watcher begins with is that of the ledger at one place of its log',
    violations: ({ histories, events }) =>
      histories.flatMap((history) => strangersInState(history, events).map((text) => `${nameOf(history)}: ${text}`)),
  },
  {
    promise: 'no watcher is told of a resync, since nothing has been forgotten',
    violations: ({ histories }) =>
      histories.flatMap((history) =>
        told(
          history,
          'resync',
          history.told.filter(({ resync }) => resync).map(({ seq }) => seq),
        ),
      ),
  },
  {
    promise: 'no watcher sees a task move backwards',
    violations: ({ histories }) =>
      histories.flatMap((history) => {
        const ranks = new Map<string, number>();
        return history.told.flatMap(({ taskId, status, seq }) => {
          const before = ranks.get(taskId) ?? Number.NEGATIVE_INFINITY;
          const rank = RANK[status] ?? before;
          ranks.set(taskId, Math.max(rank, before));
          return rank < before ? [`${nameOf(history)}: ${taskId} is ${status} again at ${seq}`] : [];
        });
      }),
  },
  {
    promise: 'what a watcher has last seen of a task is how it ended',
    violations: ({ histories, events }) => {
      const ends = new Map(events.map(({ taskId, status }) => [taskId, status]));
      return histories
        .filter(({ watched }) => watched.statuses.length === 0)
        .flatMap((history) => {
          const seen = new Map(sinceState(history).map(({ taskId, status }) => [taskId, status]));
          return [...seen]
            .filter(([taskId, status]) => ends.get(taskId) !== status)
            .map(([taskId, status]) => `${nameOf(history)}: ${taskId} ${status}, in the log ${ends.get(taskId)}`);
        });
    },
  },
  {
    promise: 'a watcher of one task is told of its end, and that nothing more comes; no other is told that',
    violations: ({ histories }) =>
      histories.flatMap((history) => {
        const isOver = history.isCompleted && isFinal(history.told.at(-1)?.status ?? '');
        const isRight = history.watched.taskId === null ? !history.isCompleted : isOver;
        return isRight ? [] : [`${nameOf(history)}: completed ${history.isCompleted}, ${history.told.at(-1)?.status}`];
      }),
  },
  {
    promise: 'no watcher is refused, or answered with an error that is not to be retried',
    violations: ({ histories }) =>
      histories.flatMap((history) => history.problems.map((text) => `${nameOf(history)}: ${text}`)),
  },
];

/** Returns the valid part of a history. A present state that was interrupted before its place in the log is sent again. */
function sinceState(history: History): readonly ToldEvent[] {
  const position = positionOf(history);
  return history.told.slice(stateStart(history, position?.at ?? history.told.length));
}

function told(history: History, what: string, seqs: readonly number[]): readonly string[] {
  if (seqs.length === 0) return [];
  return [`${nameOf(history)}: ${seqs.length} ${what}: ${seqs.slice(0, 5).join(', ')}`];
}

function nameOf({ watcher, transport, watched }: History): string {
  const what = watched.taskId ?? [watched.kind ?? 'all', ...watched.statuses].join(' ');
  return `${watcher} (${transport}, ${what})`;
}
