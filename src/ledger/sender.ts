import type { TaskEvent } from '../domain/apply.ts';
import { classifyRefusal, gatewayFailure } from '../domain/failure.ts';
import type { LipSyncRequest, VoiceRequest } from '../domain/inputs.ts';
import type { TaskSnapshot } from '../domain/task.ts';
import { findLipSync } from '../kling/lip-sync.ts';
import { KlingError } from '../kling/errors.ts';
import { readOwnJson } from '../lib/json.ts';
import { traced } from '../lib/trace.ts';
import type { LedgerDeps } from './deps.ts';
import type { Journal } from './journal.ts';
import { lateCodeOf, MISSING_LOOKUPS, pollWaitMs, resendWaitMs, retryWaitMs, SETTLE_MS } from './schedule.ts';
import type { TaskRow } from './stores/tasks.ts';
import { NO_TROUBLE } from './trouble.ts';

/** Brings tasks to Kling: each at most once, whatever dies on the way. */
export interface Sender {
  /**
   * Sends a waiting task if a slot is free. When its outcome stays unknown, or no slot is free, it returns, and the
   * alarm goes on. When Kling refuses it for good, what becomes of it depends on who is there to hear it:
   * `attended`, its maker gets the `KlingError` and nothing is left of the task; otherwise the task ends as `FAILED`.
   */
  send(taskId: string, attended: boolean): Promise<void>;
  /** Finds out what became of a create whose answer was lost. */
  lookUp(row: TaskRow): Promise<void>;
  /** Whether an exchange about this task is under way in this object. */
  isBusy(taskId: string): boolean;
}

/** Whether Kling's refusal is about the external id. Its text is not documented, so that the id's name is looked for. */
function namesExternalId({ failure }: KlingError): boolean {
  return failure.code === 'BAD_USER_INPUT' && /external.?task.?id/i.test(failure.message);
}

export function createSender(deps: LedgerDeps, journal: Journal): Sender {
  const { tasks, kling, slots, limits, now, random } = deps;
  /** In memory on purpose: a `SENDING` task that is not in it lost its sender, and is looked up. */
  const busy = new Map<string, Promise<void>>();

  function alone(taskId: string, work: () => Promise<void>): Promise<void> {
    const running = busy.get(taskId);
    if (running) return running;
    const started = traced({ taskId }, work).finally(() => busy.delete(taskId));
    busy.set(taskId, started);
    return started;
  }

  async function callKling(row: TaskRow, request: string): Promise<TaskSnapshot> {
    const identity = await deps.identity(row.record.id);
    return row.record.kind === 'LIP_SYNC'
      ? kling.createLipSyncTask(readOwnJson<LipSyncRequest>(request), identity)
      : kling.createVoice(readOwnJson<VoiceRequest>(request), identity);
  }

  /** Kling has the task: by its answer, by a look-up, or by its word that the id is taken. */
  function adopt(taskId: string, event: TaskEvent | null): void {
    const row = tasks.find({ id: taskId });
    if (row === null) return;
    // Of a task that was found in a list only the id is known: it is read at once.
    const wakeAtMs = now() + (event?.type === 'IDENTIFIED' ? 0 : pollWaitMs(0, random));
    // A callback may have been faster; then the polls are planned already.
    const step = row.phase === 'SENT' ? {} : { phase: 'SENT' as const, tries: 0, wakeAtMs, trouble: NO_TROUBLE };
    journal.apply(taskId, event, step);
  }

  /** `before` is the task as it was before the send that Kling has refused now. */
  async function settleRefusal(before: TaskRow, error: KlingError, attended: boolean): Promise<void> {
    const { id } = before.record;
    // A callback was faster: Kling has the task by an earlier send, and refused only this one.
    if (tasks.find({ id })?.phase !== 'SENDING') return;
    const { code, klingCode } = error.failure;
    const { sends, firstSentAtMs, deadlineAtMs, settledAtMs } = before;
    // After a send of unknown outcome any word against the external id means that Kling knows it, however it is put.
    if (code === 'CONFLICT' || (sends > 0 && namesExternalId(error))) return adopt(id, null);
    if (code === 'RATE_LIMITED') {
      // As if it had not been sent: a queue must not use up the time that the task has at Kling.
      const unsent = { sends, firstSentAtMs, deadlineAtMs, settledAtMs };
      journal.apply(id, null, { ...unsent, phase: 'WAITING', tries: before.tries + 1, wakeAtMs: deadlineAtMs });
      journal.announceWaiting(id);
      // In the background: the task is kept already, whether or not the account hears of it.
      return deps.background(() => slots.refuse(id, klingCode ?? 0));
    }
    if (sends > 0) {
      // An earlier send may have made the task, and been paid for: it is looked up before it is closed.
      const trouble = { ...NO_TROUBLE, refusal: classifyRefusal(error.failure) };
      const lookUpAtMs = now() + SETTLE_MS;
      return void journal.apply(id, null, { sends, wakeAtMs: lookUpAtMs, settledAtMs: lookUpAtMs, trouble });
    }
    deps.background(() => slots.release(id));
    if (!attended) {
      journal.apply(id, { type: 'CLOSED', failure: classifyRefusal(error.failure) });
      return;
    }
    journal.withdraw(id);
    throw error;
  }

  async function sendAlone(taskId: string, attended: boolean): Promise<void> {
    const waiting = tasks.find({ id: taskId });
    if (waiting?.phase !== 'WAITING') return;
    if (isTooEarly(waiting)) return void journal.apply(taskId, null, { wakeAtMs: waiting.settledAtMs });
    const slot = await slots.acquire(taskId);
    const row = tasks.find({ id: taskId });
    const request = tasks.request(taskId);
    if (row?.phase !== 'WAITING' || request === null) {
      // Cancelled or ended while the slot was asked for. One that a callback has shown to be at Kling keeps it to its end.
      if (row === null || row.phase === 'DONE') await slots.release(taskId);
      return;
    }
    if (now() >= row.deadlineAtMs) {
      journal.apply(taskId, { type: 'CLOSED', failure: gatewayFailure(lateCodeOf(row)) });
      return;
    }
    if (!slot.granted) {
      journal.apply(taskId, null, { wakeAtMs: row.deadlineAtMs });
      return journal.announceWaiting(taskId);
    }
    // Durable before the request leaves: the runtime holds outgoing requests back until writes are confirmed.
    const lookUpAtMs = now() + limits.exchangeTimeoutMs + SETTLE_MS;
    journal.apply(taskId, null, {
      phase: 'SENDING',
      tries: 0,
      sends: row.sends + 1,
      wakeAtMs: lookUpAtMs,
      firstSentAtMs: row.firstSentAtMs ?? now(),
      deadlineAtMs: row.firstSentAtMs === null ? now() + limits.taskAgeMaxMs : row.deadlineAtMs,
      settledAtMs: lookUpAtMs,
      trouble: NO_TROUBLE,
    });
    try {
      adopt(taskId, { type: 'SNAPSHOT', snapshot: await callKling(row, request) });
      slots.accepted(taskId);
    } catch (error) {
      if (error instanceof KlingError && error.outcome === 'REFUSED') return settleRefusal(row, error, attended);
      deps.log({
        level: 'warn',
        message: 'create of unknown outcome',
        taskId,
        cause: error instanceof KlingError ? error.message : String(error),
      });
      journal.apply(taskId, null, { wakeAtMs: now() + SETTLE_MS, settledAtMs: now() + SETTLE_MS });
      journal.announceWaiting(taskId);
    }
  }

  /** Neither a slot that is granted nor an alarm brings a re-send forward. */
  function isTooEarly({ sends, settledAtMs }: TaskRow): boolean {
    return sends > 0 && now() < settledAtMs;
  }

  async function lookUpAlone(row: TaskRow): Promise<void> {
    const { id, kind } = row.record;
    try {
      const snapshot = kind === 'LIP_SYNC' ? await kling.readLipSyncTask(id) : await kling.readVoiceTask(id);
      adopt(id, { type: 'SNAPSHOT', snapshot });
      slots.accepted(id);
    } catch (error) {
      // A callback was faster: Kling has the task, whatever the look-up says.
      if (tasks.find({ id })?.phase !== 'SENDING') return;
      const missing = error instanceof KlingError && error.failure.code === 'NOT_FOUND';
      if (!missing) return putOff(row, error);
      if (now() < row.settledAtMs) {
        // A sender that is gone may have left a request under way: that Kling has no task yet says nothing until it is over.
        journal.apply(id, null, { wakeAtMs: row.settledAtMs });
        return;
      }
      const tries = row.tries + 1;
      const trouble = { ...row.trouble, fails: 0 };
      if (tries >= MISSING_LOOKUPS) return settleMissing(row);
      // The next one counts from then on, though a restart or the end of an outage brings it forward.
      const lookUpAtMs = now() + SETTLE_MS;
      journal.apply(id, null, { tries, wakeAtMs: lookUpAtMs, settledAtMs: lookUpAtMs, trouble });
    }
  }

  /** A look-up that failed says nothing about the task. */
  function putOff({ record, trouble }: TaskRow, cause: unknown): void {
    deps.log({ level: 'warn', message: 'look-up failed', taskId: record.id, cause: String(cause) });
    const wakeAtMs = now() + retryWaitMs(trouble.fails, random);
    journal.apply(record.id, null, { wakeAtMs, trouble: { ...trouble, fails: trouble.fails + 1 } });
  }

  /** Kling has said often enough that it does not have the task. */
  async function settleMissing(row: TaskRow): Promise<void> {
    const { id, kind, createdAtMs } = row.record;
    try {
      const klingTaskId = kind === 'LIP_SYNC' ? await findLipSync(kling, id, row.firstSentAtMs ?? createdAtMs) : null;
      if (klingTaskId !== null) return adopt(id, { type: 'IDENTIFIED', klingTaskId });
    } catch (error) {
      if (tasks.find({ id })?.phase === 'SENDING') putOff(row, error);
      return;
    }
    // A callback was faster than the list.
    if (tasks.find({ id })?.phase !== 'SENDING') return;
    const { refusal } = row.trouble;
    if (refusal !== null) return void journal.apply(id, { type: 'CLOSED', failure: refusal });
    // Kling refuses an id it knows, so that a create that shows up after this is adopted, not made twice.
    const waitMs = resendWaitMs(row.sends, random);
    const resendAtMs = now() + waitMs;
    const step = { phase: 'WAITING' as const, tries: 0, wakeAtMs: resendAtMs, settledAtMs: resendAtMs };
    journal.apply(id, null, { ...step, trouble: NO_TROUBLE });
    if (waitMs > 0) deps.background(() => slots.release(id));
  }

  return {
    send: (taskId, attended) => alone(taskId, () => sendAlone(taskId, attended)),
    lookUp: (row) => alone(row.record.id, () => lookUpAlone(row)),
    isBusy: (taskId) => busy.has(taskId),
  };
}
