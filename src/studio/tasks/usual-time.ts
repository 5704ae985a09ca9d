import { useQuery } from 'urql';
import { TasksDocument, type Task } from '../api/documents.ts';
import { isFinal } from './task-words.ts';

/** From when it was asked for to its last change. */
export function durationMs(task: Pick<Task, 'createdAt' | 'updatedAt'>): number {
  return new Date(task.updatedAt).getTime() - new Date(task.createdAt).getTime();
}

/** What tasks of a kind have taken lately: the median of those that succeeded. Null when there are none to tell by. */
export function usualMs(tasks: readonly Task[], kind: Task['__typename']): number | null {
  const taken = tasks
    .filter((task) => task.__typename === kind && task.status === 'SUCCEEDED' && isFinal(task))
    .map(durationMs)
    .toSorted((a, b) => a - b);
  return taken[Math.floor(taken.length / 2)] ?? null;
}

export function useUsualMs(kind: Task['__typename']): number | null {
  const [{ data }] = useQuery({ query: TasksDocument, requestPolicy: 'cache-first' });
  return !data
    ? null
    : usualMs(
        data.tasks.edges.map(({ node }) => node),
        kind,
      );
}
