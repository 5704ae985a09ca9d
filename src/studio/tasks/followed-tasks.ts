import type { Task } from '../api/documents.ts';
import { announce } from '../ui/announcer.tsx';
import { failureWordsOf, STATUS_LABELS, titleOf } from './task-words.ts';

const followed = new Set<string>();

/** Lets screen readers speak the changes of this task, on all screens. Other tasks would interrupt too often. */
export function followTask(id: string): void {
  followed.add(id);
}

export function announceTask(task: Task): void {
  if (!followed.has(task.id)) return;
  const status =
    task.failure === null ? STATUS_LABELS[task.status] : failureWordsOf(task.failure.code, task.__typename).title;
  announce(`${titleOf(task)}: ${status}`, `${task.id} ${task.status}`);
}
