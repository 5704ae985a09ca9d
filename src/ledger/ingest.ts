import type { TaskRecord } from '../domain/records.ts';
import { isFinal, type TaskSnapshot } from '../domain/task.ts';
import type { LedgerDeps } from './deps.ts';
import type { Journal } from './journal.ts';
import { pollWaitMs, READ_INTERVAL_MS } from './schedule.ts';
import type { Reader } from './sync-task.ts';

/** How soon the alarm reads a task whose end was called back, should the read that starts at once not come through. */
const REREAD_MS = 1_000;

/** Takes in a callback about a task; null: its body named no task of this form, only its URL tells what it is about. */
export type Ingest = (taskId: string, hint: TaskSnapshot | null) => void;

/**
 * A callback is a hint. What it says of a running task is applied; what it says of an end is read at Kling first, since
 * it lacks what an end holds (voices, watermarks) and an end can never be corrected. A hint about another Kling task than
 * ours is not believed, only taken as a reason to read. That the callback came at all proves that Kling has the task.
 */
export function createIngest(deps: LedgerDeps, journal: Journal, reader: Reader): Ingest {
  const { tasks, now, random } = deps;

  return (taskId, hint) => {
    const row = tasks.find({ id: taskId });
    if (row === null || row.phase === 'DONE') return;
    const ours = hint !== null && isOurs(hint, row.record);
    const running = ours && !isFinal(hint.status);
    const wantsRead = !running || row.record.klingTaskId === null;
    const readableAtMs = row.readAtMs + READ_INTERVAL_MS;
    const readsNow = wantsRead && now() >= readableAtMs;
    const pollAtMs = now() + (running ? pollWaitMs(0, random) : REREAD_MS);
    // What cannot be read now is read by the alarm, as soon as it may be: once, however many callbacks come until then.
    const wakeAtMs = wantsRead && !readsNow ? Math.min(readableAtMs, row.wakeAtMs ?? readableAtMs) : pollAtMs;
    const step = { phase: 'SENT' as const, tries: 0, wakeAtMs };
    // Kling's id for the task is not taken from a callback: only an answer of Kling's can be trusted with that.
    const event = running ? { type: 'SNAPSHOT' as const, snapshot: { ...hint, klingTaskId: '' } } : null;
    const after = journal.apply(taskId, event, step);
    if (after === null || !wantsRead) return;
    if (ours && row.record.klingTaskId === null) reader.hint(taskId, hint.klingTaskId);
    if (!readsNow) return reader.readAgain(taskId, wakeAtMs);
    deps.background(() => (running ? reader.identify(row, hint.klingTaskId) : reader.poll(after)));
  };
}

/** Whether a hint is about this task: by Kling's id for it where that is known, by ours where the hint tells it. */
function isOurs({ klingTaskId, externalTaskId }: TaskSnapshot, record: TaskRecord): boolean {
  if (record.klingTaskId !== null) return klingTaskId === record.klingTaskId;
  return externalTaskId === null || externalTaskId === record.id;
}
