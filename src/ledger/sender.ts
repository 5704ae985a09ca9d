import type { LedgerLimits } from '../config/index.ts';
import type { TaskFact } from '../domain/apply.ts';
import { classifyRefusal, gatewayFailure } from '../domain/failure.ts';
import type { LipSyncRequest, TaskIdentity, VoiceRequest } from '../domain/inputs.ts';
import type { TaskSnapshot } from '../domain/task.ts';
import { KlingError } from '../kling/errors.ts';
import { findLipSync } from '../kling/tasks.ts';
import { readOwnJson } from '../lib/json.ts';
import type { Log } from '../lib/log.ts';
import { traced } from '../lib/durable-object.ts';
import type { TenantKling } from './isolation.ts';
import type { Journal } from './journal.ts';
import { lateCodeOf, MISSING_LOOKUPS, pollWaitMs, resendWaitMs, retryWaitMs, SETTLE_MS } from './schedule.ts';
import type { Slots } from './slots.ts';
import { NO_TROUBLE, type TaskRow, type TaskStore } from './stores/tasks.ts';

/** Sends tasks to Kling. Invariant: Kling creates at most one task per intent, also across crashes. */
export interface Sender {
  /**
   * Sends a waiting task if a slot is free. If not, or if the outcome stays unknown, the alarm continues later. If Kling
   * refuses the task for good and a caller waits (`attended`), throws the `KlingError` and deletes the task. Without a
   * caller the task ends as `FAILED`.
   */
  send(taskId: string, attended: boolean): Promise<void>;
  /** Asks Kling whether a create whose answer was lost has made its task. */
  lookUp(row: TaskRow): Promise<void>;
  /** Returns true while this object sends the task or looks it up. */
  isBusy(taskId: string): boolean;
  /** Waits until this object no longer sends the task or looks it up. Never rejects. */
  whenIdle(taskId: string): Promise<void>;
}

/** Returns true if a refusal is about the external id. Kling's text is not documented, so the name of the field is searched. */
function namesExternalId({ failure }: KlingError): boolean {
  return failure.code === 'BAD_USER_INPUT' && /external.?task.?id/i.test(failure.message);
}

interface SenderDeps {
  readonly tasks: TaskStore;
  readonly kling: TenantKling;
  readonly slots: Slots;
  readonly journal: Journal;
  readonly limits: Pick<LedgerLimits, 'taskAgeMaxMs'>;
  /** The longest time of one exchange with Kling. */
  readonly exchangeTimeoutMs: number;
  /** Returns what a create carries so that Kling's callbacks find the task. */
  readonly identity: (taskId: string) => Promise<TaskIdentity>;
  readonly now: () => number;
  readonly random: () => number;
  readonly background: (work: () => Promise<unknown>) => void;
  readonly log: Log;
}

/** Creates the sender. Build one per object, because it knows in memory which sends are under way. */
export function createSender(deps: SenderDeps): Sender {
  const { tasks, kling, slots, journal, limits, exchangeTimeoutMs, identity, now, random, background, log } = deps;
  /** In memory, so that a `SENDING` task whose sender was evicted is not in it and is looked up. */
  const busy = new Map<string, Promise<void>>();

  function exclusively(taskId: string, work: () => Promise<void>): Promise<void> {
    const running = busy.get(taskId);
    if (running) return running;
    const started = traced({ taskId }, work).finally(() => busy.delete(taskId));
    busy.set(taskId, started);
    return started;
  }

  async function callKling(row: TaskRow, request: string): Promise<TaskSnapshot> {
    const { id, kind } = row.record;
    return kind === 'LIP_SYNC'
      ? kling.createLipSyncTask(readOwnJson<LipSyncRequest>(request), await identity(id))
      : kling.createVoiceTask(readOwnJson<VoiceRequest>(request), await identity(id));
  }

  /** Records that Kling has the task: by its answer, by a look-up, or because it refused the id as taken. */
  function adopt(taskId: string, fact: TaskFact | null): void {
    const row = tasks.find({ id: taskId });
    if (row === null) return;
    // A list shows only the id of a task, so the task is read at once.
    const wakeAtMs = now() + (fact?.type === 'IDENTIFIED' ? 0 : pollWaitMs(0, random));
    // If a callback was faster, the polls are scheduled already.
    const step = row.phase === 'SENT' ? {} : { phase: 'SENT' as const, tries: 0, wakeAtMs, trouble: NO_TROUBLE };
    journal.apply(taskId, fact, step);
  }

  /** `before` is the task before the send that Kling has refused. */
  async function settleRefusal(before: TaskRow, error: KlingError, attended: boolean): Promise<void> {
    const { id } = before.record;
    // A callback was faster: Kling has the task from an earlier send and refused only this one.
    if (tasks.find({ id })?.phase !== 'SENDING') return;
    const { code, klingCode } = error.failure;
    const { sends, firstSentAtMs, deadlineAtMs, settledAtMs } = before;
    // After a send of unknown outcome, any refusal of the external id means that Kling knows it.
    if (code === 'CONFLICT' || (sends > 0 && namesExternalId(error))) return adopt(id, null);
    if (code === 'RATE_LIMITED') {
      // The send does not count, so that waiting does not use up the time that the task has at Kling.
      const unsent = { sends, firstSentAtMs, deadlineAtMs, settledAtMs };
      journal.apply(id, null, { ...unsent, phase: 'WAITING', tries: before.tries + 1, wakeAtMs: deadlineAtMs });
      journal.announceWaiting(id);
      // In the background, because the task is stored and does not depend on this call.
      return background(() => slots.refuse(id, klingCode ?? 0));
    }
    if (sends > 0) {
      // An earlier send may have made the task and been charged, so it is looked up before it is closed.
      const trouble = { ...NO_TROUBLE, refusal: classifyRefusal(error.failure) };
      const lookUpAtMs = now() + SETTLE_MS;
      return void journal.apply(id, null, { sends, wakeAtMs: lookUpAtMs, settledAtMs: lookUpAtMs, trouble });
    }
    background(() => slots.release(id));
    if (!attended) {
      journal.apply(id, { type: 'CLOSED', failure: classifyRefusal(error.failure) });
      return;
    }
    journal.withdraw(id);
    throw error;
  }

  async function sendTask(taskId: string, attended: boolean): Promise<void> {
    const waiting = tasks.find({ id: taskId });
    if (waiting?.phase !== 'WAITING') return;
    if (isTooEarly(waiting)) return void journal.apply(taskId, null, { wakeAtMs: waiting.settledAtMs });
    const slot = await slots.acquire(taskId);
    const row = tasks.find({ id: taskId });
    const request = tasks.request(taskId);
    if (row?.phase !== 'WAITING' || request === null) {
      // Cancelled or ended meanwhile. A task that a callback has shown to be at Kling keeps its slot until its end.
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
    // The output gate holds the request until this write is durable.
    const lookUpAtMs = now() + exchangeTimeoutMs + SETTLE_MS;
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
      log({
        level: 'warn',
        message: 'create of unknown outcome',
        taskId,
        cause: error instanceof KlingError ? error.message : String(error),
      });
      journal.apply(taskId, null, { wakeAtMs: now() + SETTLE_MS, settledAtMs: now() + SETTLE_MS });
      journal.announceWaiting(taskId);
    }
  }

  /** Returns true before the instant of a re-send. Neither a granted slot nor an alarm brings it forward. */
  function isTooEarly({ sends, settledAtMs }: TaskRow): boolean {
    return sends > 0 && now() < settledAtMs;
  }

  async function lookUpTask(row: TaskRow): Promise<void> {
    const { id, kind } = row.record;
    try {
      const snapshot = kind === 'LIP_SYNC' ? await kling.readLipSyncTask(id) : await kling.readVoiceTask(id);
      adopt(id, { type: 'SNAPSHOT', snapshot });
      slots.accepted(id);
    } catch (error) {
      // A callback was faster: Kling has the task, although the look-up failed.
      if (tasks.find({ id })?.phase !== 'SENDING') return;
      const missing = error instanceof KlingError && error.failure.code === 'NOT_FOUND';
      if (!missing) return putOff(row, error);
      if (now() < row.settledAtMs) {
        // The request of an evicted sender may still be under way, and create the task later.
        journal.apply(id, null, { wakeAtMs: row.settledAtMs });
        return;
      }
      const tries = row.tries + 1;
      const trouble = { ...row.trouble, fails: 0 };
      if (tries >= MISSING_LOOKUPS) return settleMissing(row);
      // Look-ups before `settledAtMs` do not count.
      const lookUpAtMs = now() + SETTLE_MS;
      journal.apply(id, null, { tries, wakeAtMs: lookUpAtMs, settledAtMs: lookUpAtMs, trouble });
    }
  }

  /** Schedules a retry of a look-up that failed. The failure says nothing about the task. */
  function putOff({ record, trouble }: TaskRow, cause: unknown): void {
    log({ level: 'warn', message: 'look-up failed', taskId: record.id, cause: String(cause) });
    const wakeAtMs = now() + retryWaitMs(trouble.fails, random);
    journal.apply(record.id, null, { wakeAtMs, trouble: { ...trouble, fails: trouble.fails + 1 } });
  }

  /** Handles a task that enough look-ups did not find. */
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
    // If the first create appears at Kling after this, Kling refuses the id of the second, and the task is adopted.
    const waitMs = resendWaitMs(row.sends, random);
    const resendAtMs = now() + waitMs;
    const step = { phase: 'WAITING' as const, tries: 0, wakeAtMs: resendAtMs, settledAtMs: resendAtMs };
    journal.apply(id, null, { ...step, trouble: NO_TROUBLE });
    if (waitMs > 0) background(() => slots.release(id));
  }

  return {
    send: (taskId, attended) => exclusively(taskId, () => sendTask(taskId, attended)),
    lookUp: (row) => exclusively(row.record.id, () => lookUpTask(row)),
    isBusy: (taskId) => busy.has(taskId),
    // A failure belongs to the caller of the send.
    whenIdle: async (taskId) => void (await Promise.allSettled([busy.get(taskId)])),
  };
}
