import type { TaskRecord } from './records.ts';
import type { TaskKind, TaskStatus } from './task.ts';

/** Selects tasks that match every field. */
export interface TaskFilter {
  /** Null for all kinds. */
  readonly kind: TaskKind | null;
  /** Empty for all statuses. */
  readonly statuses: readonly TaskStatus[];
}

/** Returns true if a task matches every field of a filter. */
export function matchesFilter({ kind, statuses }: TaskFilter, task: TaskRecord): boolean {
  if (kind !== null && task.kind !== kind) return false;
  return statuses.length === 0 || statuses.includes(task.status);
}
