import { useQuery } from 'urql';
import { TasksDocument, type Task } from '../api/documents.ts';
import { isFinal } from './task-words.ts';

/** Returns the time from the creation of a task to its last change. */
export function durationMs(task: Pick<Task, 'createdAt' | 'updatedAt'>): number {
  return new Date(task.updatedAt).getTime() - new Date(task.createdAt).getTime();
}

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
