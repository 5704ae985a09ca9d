import { useQuery } from 'urql';
import { TasksDocument, type Task } from '../api/documents.ts';
import { isFinal } from './task-words.ts';

/**
 * Returns the time that a task took. Later changes do not count, such as a new label. A task that has not ended is measured
 * to its last change.
 */
export function durationMs({ createdAt, updatedAt, endedAt }: TimedTask): number {
  return new Date(endedAt ?? updatedAt).getTime() - new Date(createdAt).getTime();
}

type TimedTask = Pick<Task, 'createdAt' | 'updatedAt' | 'endedAt'>;

/** Returns the median duration of the tasks of a kind that succeeded. Null if there is no such task. */
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
