import type { Task } from '../api/documents.ts';
import { announce } from '../ui/announcer.tsx';
import { failureWordsOf, progressOf, titleOf } from './task-words.ts';

const followed = new Set<string>();

/** Lets screen readers speak the changes of this task, on all screens. Other tasks would interrupt too often. */
export function followTask(id: string): void {
  followed.add(id);
}

export function announceTask(task: Task): void {
  if (!followed.has(task.id)) return;
  const progress = task.failure === null ? progressOf(task) : failureWordsOf(task.failure.code, task.__typename).title;
  announce(`${titleOf(task)}: ${progress}`, `${task.id} ${progress}`);
}
