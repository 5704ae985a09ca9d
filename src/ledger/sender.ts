import type { LipSyncRequest, VoiceRequest } from '../domain/requests.ts';
import type { TaskSnapshot } from '../domain/task.ts';
import { classifyRefusal } from '../domain/failure.ts';
import { KlingError } from '../kling/kling-error.ts';
import type { LedgerDeps } from './deps.ts';
import type { Journal } from './journal.ts';
import { jittered, MISSING_LOOKUPS, pollWaitMs, retryWaitMs, SETTLE_MS, SLOT_RETRY_MS } from './plan.ts';
import type { TaskRow } from './task-store.ts';
import { readOwnJson } from '../lib/own-json.ts';

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
    const started = work().finally(() => busy.delete(taskId));
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
  function adopt(taskId: string, snapshot: TaskSnapshot | null): void {
    const row = tasks.find({ id: taskId });
    if (row === null) return;
    // A callback may have been faster; then the polls are planned already.
    const step =
      row.phase === 'SENT' ? {} : { phase: 'SENT' as const, tries: 0, wakeAtMs: now() + pollWaitMs(0, random) };
    journal.apply(taskId, snapshot === null ? null : { type: 'SNAPSHOT', snapshot }, step);
  }

  async function settleRefusal(row: TaskRow, error: KlingError, attended: boolean): Promise<void> {
    const { id } = row.record;
    // A callback was faster: Kling has the task by an earlier send, and refused only this one.
    if (tasks.find({ id })?.phase !== 'SENDING') return;
    const { code, klingCode } = error.failure;
    // After a send of unknown outcome any word against the external id means that Kling knows it, however it is put.
    if (code === 'CONFLICT' || (row.sends > 0 && namesExternalId(error))) return adopt(id, null);
    if (code === 'RATE_LIMITED') {
      journal.apply(id, null, {
        phase: 'WAITING',
        tries: row.tries + 1,
        sends: row.sends,
        wakeAtMs: now() + jittered(SLOT_RETRY_MS, random),
      });
      journal.announceWaiting(id);
      // In the background: the task is kept already, whether or not the account hears of it.
      return deps.background(() => slots.refuse(id, klingCode ?? 0));
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
    const slot = await slots.acquire(taskId).catch(() => ({ granted: false, retryAfterMs: SETTLE_MS }));
    const row = tasks.find({ id: taskId });
    const request = tasks.request(taskId);
    if (row?.phase !== 'WAITING' || request === null) {
      // Cancelled or ended while the slot was asked for. One that a callback has shown to be at Kling keeps it to its end.
      if (row === null || row.phase === 'DONE') await slots.release(taskId);
      return;
    }
    if (!slot.granted) {
      journal.apply(taskId, null, { tries: row.tries + 1, wakeAtMs: now() + jittered(slot.retryAfterMs, random) });
      return journal.announceWaiting(taskId);
    }
    // Durable before the request leaves: the runtime holds outgoing requests back until writes are confirmed.
    const lookUpAtMs = now() + limits.exchangeTimeoutMs + SETTLE_MS;
    journal.apply(taskId, null, {
      phase: 'SENDING',
      tries: 0,
      sends: row.sends + 1,
      wakeAtMs: lookUpAtMs,
      settledAtMs: lookUpAtMs,
      deadlineAtMs: now() + limits.taskAgeMaxMs,
    });
    try {
      adopt(taskId, await callKling(row, request));
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

  async function lookUpAlone(row: TaskRow): Promise<void> {
    const { id, kind } = row.record;
    try {
      adopt(id, kind === 'LIP_SYNC' ? await kling.readLipSyncTask(id) : await kling.readVoiceTask(id));
      slots.accepted(id);
    } catch (error) {
      // A callback was faster: Kling has the task, whatever the look-up says.
      if (tasks.find({ id })?.phase !== 'SENDING') return;
      const missing = error instanceof KlingError && error.failure.code === 'NOT_FOUND';
      if (!missing) {
        deps.log({ level: 'warn', message: 'look-up failed', taskId: id, cause: String(error) });
        journal.apply(id, null, { wakeAtMs: now() + retryWaitMs(row.tries, random) });
        return;
      }
      if (now() < row.settledAtMs) {
        // A sender that is gone may have left a request under way: that Kling has no task yet says nothing until it is over.
        journal.apply(id, null, { wakeAtMs: row.settledAtMs });
        return;
      }
      const tries = row.tries + 1;
      // Kling refuses an id it knows, so that a create that shows up after this is adopted, not made twice.
      const phase = tries < MISSING_LOOKUPS ? 'SENDING' : 'WAITING';
      journal.apply(id, null, { phase, tries, wakeAtMs: now() + (phase === 'WAITING' ? 0 : SETTLE_MS) });
    }
  }

  return {
    send: (taskId, attended) => alone(taskId, () => sendAlone(taskId, attended)),
    lookUp: (row) => alone(row.record.id, () => lookUpAlone(row)),
    isBusy: (taskId) => busy.has(taskId),
  };
}
