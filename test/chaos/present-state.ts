import { isFinal } from './check.ts';
import type { ReadEvent } from './events.ts';
import { concerning, positionOf, type History, type Watched } from './history.ts';

/**
 * Finds the faults of the present state that a history starts with: tasks that were not open at its place in the log, and
 * missing tasks that were.
 */
export function strangersInState(history: History, log: readonly ReadEvent[]): readonly string[] {
  const { behind, told, watched } = history;
  const position = positionOf(history);
  if (behind !== null || position === null) return [];
  const state = told.slice(stateStart(history, position.at), position.at);
  const concerned = concerning({ ...watched, statuses: [] }, log);
  if (watched.taskId !== null) {
    const last = concerned.findLast(({ seq }) => seq <= position.seq);
    return last === undefined || last.status === told[position.at - 1]?.status
      ? []
      : [`begins with ${told[position.at - 1]?.status} at ${position.seq}, where it was ${last.status}`];
  }
  // A single event may be the first live one, after an empty present state.
  if (state.length === 1 && openAt(concerned, position.seq - 1, watched).size === 0) return [];
  const open = openAt(concerned, position.seq, watched);
  const isIn = new Set(state.map(({ taskId }) => taskId));
  return [
    ...state
      .filter(({ taskId, status }) => open.get(taskId) !== status)
      .map(({ taskId, status }) => `${taskId} is ${status}, and ${open.get(taskId) ?? 'not open'} at ${position.seq}`),
    ...[...open.keys()].filter((taskId) => !isIn.has(taskId)).map((taskId) => `${taskId} is open and left out`),
  ];
}

/** Returns the index in `told` at which the present state before `end` starts. An interrupted one is sent again. */
export function stateStart({ told, connections }: History, end: number): number {
  const start = connections.findLast((from) => from < end) ?? 0;
  return told[start]?.seq === 0 || start === end - 1 ? start : end;
}

/** Returns the watched tasks that were open after event `seq`, as they were then. */
function openAt(log: readonly ReadEvent[], seq: number, { statuses }: Watched): ReadonlyMap<string, string> {
  const open = new Map<string, string>();
  for (const event of log) {
    if (event.seq > seq) break;
    const isOpen = !isFinal(event.status) && (statuses.length === 0 || statuses.includes(event.status));
    if (isOpen) open.set(event.taskId, event.status);
    else open.delete(event.taskId);
  }
  return open;
}
