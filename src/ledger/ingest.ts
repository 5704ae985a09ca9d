import type { TaskRecord } from '../domain/records.ts';
import { isFinal, type TaskSnapshot } from '../domain/task.ts';
import type { Journal } from './journal.ts';
import { pollWaitMs, READ_INTERVAL_MS } from './schedule.ts';
import type { TaskStore } from './stores/tasks.ts';
import type { TaskSync } from './sync-task.ts';

/** The wait before the alarm reads a task whose end was called back, in case the read that starts at once is lost. */
const REREAD_MS = 1_000;

/** Takes a callback about a task. The hint is null if the body named no task, so that only the URL says which it is. */
export type Ingest = (taskId: string, hint: TaskSnapshot | null) => void;

export interface IngestDeps {
  readonly tasks: Pick<TaskStore, 'find'>;
  readonly journal: Pick<Journal, 'apply'>;
  readonly sync: Pick<TaskSync, 'hint' | 'readAgain' | 'identify' | 'poll'>;
  readonly now: () => number;
  readonly random: () => number;
  readonly background: (work: () => Promise<unknown>) => void;
}

/**
 * Treats a callback as a hint, and as proof that Kling has the task. A change of a running task is applied. An end is read
 * at Kling first: the callback lacks voices and watermarks, and an end cannot be corrected. A hint about another Kling
 * task only causes a read.
 */
export function createIngest({ tasks, journal, sync, now, random, background }: IngestDeps): Ingest {
  return (taskId, hint) => {
    const row = tasks.find({ id: taskId });
    // A task that is prepared was never sent, so the callback is forged.
    if (row === null || row.phase === 'DONE' || row.phase === 'PREPARING') return;
    const ours = hint !== null && isOurs(hint, row.record);
    const running = ours && !isFinal(hint.status);
    const wantsRead = !running || row.record.klingTaskId === null;
    const readableAtMs = row.readAtMs + READ_INTERVAL_MS;
    const readsNow = wantsRead && now() >= readableAtMs;
    const pollAtMs = now() + (running ? pollWaitMs(0, random) : REREAD_MS);
    // A task that was read within the interval is read by the alarm right after it: once, for any number of callbacks.
    const wakeAtMs = wantsRead && !readsNow ? Math.min(readableAtMs, row.wakeAtMs ?? readableAtMs) : pollAtMs;
    const step = { phase: 'SENT' as const, tries: 0, wakeAtMs };
    // Kling's id for the task is only taken from an answer of Kling, because a callback may be forged.
    const fact = running ? { type: 'SNAPSHOT' as const, snapshot: { ...hint, klingTaskId: '' } } : null;
    const after = journal.apply(taskId, fact, step);
    if (after === null || !wantsRead) return;
    if (ours && row.record.klingTaskId === null) sync.hint(taskId, hint.klingTaskId);
    if (!readsNow) return sync.readAgain(taskId, wakeAtMs);
    background(() => (running ? sync.identify(row, hint.klingTaskId) : sync.poll(after)));
  };
}

/** Returns true if a hint is about this task: by Kling's id if it is known, otherwise by ours if the hint has it. */
function isOurs({ klingTaskId, externalTaskId }: TaskSnapshot, record: TaskRecord): boolean {
  if (record.klingTaskId !== null) return klingTaskId === record.klingTaskId;
  return externalTaskId === null || externalTaskId === record.id;
}
