import { isEmptySuccess } from '../domain/apply.ts';
import { gatewayFailure } from '../domain/failure.ts';
import type { TaskRecord } from '../domain/records.ts';
import { isFinal, type TaskSnapshot } from '../domain/task.ts';
import { findLipSync } from '../kling/lip-sync.ts';
import { KlingError } from '../kling/errors.ts';
import { createBoundedCache } from '../lib/cache.ts';
import { traced } from '../lib/trace.ts';
import type { LedgerDeps } from './deps.ts';
import type { Journal } from './journal.ts';
import {
  missingWaitMs,
  pollWaitMs,
  READ_INTERVAL_MS,
  resultWaitMs,
  retryWaitMs,
  URL_REFRESH_AGE_MS,
  wantsSlot,
} from './schedule.ts';
import type { TaskRow } from './stores/tasks.ts';
import { afterAnswer, afterMissing, isOverdue } from './trouble.ts';

/** Keeps what is known of tasks true, at as few reads at Kling as that takes. */
export interface Reader {
  /**
   * The task as it is now, good to a second: a final one costs Kling nothing, a running one is read at most once a second
   * however many ask, and all who ask meanwhile share the read. When Kling cannot be read, what is stored answers.
   */
  fresh(row: TaskRow): Promise<TaskRecord>;
  /** Whether `fresh` would have it read at Kling now. */
  wantsRead(row: TaskRow): boolean;
  /** Whether a read of it is under way. */
  isReading(taskId: string): boolean;
  /** The alarm's read: also plans the next one. Never throws for Kling's sake. Tries a hinted id where Kling's is not known. */
  poll(row: TaskRow): Promise<void>;
  /** A poll that is due. Left out where somebody has just had the task read: Kling is asked once a second at most. */
  pollDue(row: TaskRow): Promise<void>;
  /** Keeps Kling's id for a task, as a callback told it, for the next poll. In memory: a later callback tells it again. */
  hint(taskId: string, klingTaskId: string): void;
  /** A task is to be read again at an instant that is planned already: a read that is under way must not put that off. */
  readAgain(taskId: string, atMs: number): void;
  /** Reads a task by the id that a callback told, and believes it if Kling's answer does not speak of another task. */
  identify(row: TaskRow, hintedId: string): Promise<void>;
  /** Several polls by one request, where the credential allows it; false where it does not. */
  pollTogether(rows: readonly TaskRow[]): Promise<boolean>;
}

const HINTS = { charsPerEntryMax: 1_024, charsMax: 65_536 };

export function createReader(deps: LedgerDeps, journal: Journal): Reader {
  const { tasks, kling, slots, now, random } = deps;
  const reading = new Map<string, Promise<TaskRow | null>>();
  const hints = createBoundedCache<string>(HINTS);
  /** When a task is to be read again, because a callback came while it was being read. */
  const owed = new Map<string, number>();

  async function readKling({ record }: TaskRow, klingId = record.klingTaskId ?? record.id): Promise<TaskSnapshot> {
    return traced({ taskId: record.id }, () =>
      record.kind === 'LIP_SYNC' ? kling.readLipSyncTask(klingId) : kling.readVoiceTask(klingId),
    );
  }

  function read(row: TaskRow): Promise<TaskRow | null> {
    const { id } = row.record;
    const running = reading.get(id);
    if (running) return running;
    owed.delete(id);
    if (row.phase !== 'DONE') tasks.markRead(id, now());
    const started = readKling(row)
      .then(
        (snapshot) => {
          // A final task is marked only now, or one failed read would leave its URLs to age.
          if (row.phase === 'DONE') tasks.markRead(id, now());
          return learn(id, snapshot);
        },
        (error: unknown) => {
          if (isMissing(error)) miss(id);
          throw error;
        },
      )
      .finally(() => reading.delete(id));
    reading.set(id, started);
    return started;
  }

  /** Takes in what Kling shows of a task. A success without results is no end, until it has lasted too long. */
  function learn(id: string, snapshot: TaskSnapshot): TaskRow | null {
    const before = tasks.find({ id });
    if (before === null) return null;
    const trouble = afterAnswer(before.trouble, isEmptySuccess(before.record, snapshot), now());
    const event = { type: 'SNAPSHOT' as const, snapshot };
    if (isOverdue(trouble, now())) {
      journal.apply(id, { type: 'CLOSED', failure: gatewayFailure('NO_RESULT') });
      // The charge that this answer tells is owed all the same.
      return journal.apply(id, event);
    }
    const isNews = (trouble.emptySinceMs === null) !== (before.trouble.emptySinceMs === null);
    const soon = isNews ? { tries: 0, wakeAtMs: now() + resultWaitMs(0, random) } : {};
    const after = journal.apply(id, event, { trouble, ...soon });
    giveSlotBack(before, after);
    if (after?.phase === 'DONE') owed.delete(id);
    return after;
  }

  /** Kling does not know a task that it had. A final one it may have deleted. */
  function miss(id: string): void {
    const before = tasks.find({ id });
    if (before?.phase !== 'SENT') return;
    giveSlotBack(before, journal.apply(id, null, { trouble: afterMissing(before.trouble, now()) }));
  }

  /** Should this word be lost, the account's audit of its claims finds the slot. */
  function giveSlotBack(before: TaskRow, after: TaskRow | null): void {
    if (after === null || after.phase === 'DONE' || !wantsSlot(before) || wantsSlot(after)) return;
    deps.background(() => slots.release(before.record.id));
  }

  async function readOrError(row: TaskRow): Promise<{ readonly read: TaskRow } | { readonly error: unknown }> {
    try {
      return { read: (await read(row)) ?? row };
    } catch (error) {
      deps.log({ level: 'warn', message: 'read failed', taskId: row.record.id, cause: String(error) });
      return { error };
    }
  }

  async function identify(row: TaskRow, hintedId: string): Promise<void> {
    const { id } = row.record;
    tasks.markRead(id, now());
    try {
      const snapshot = await readKling(row, hintedId);
      const isOurs = snapshot.externalTaskId === null || snapshot.externalTaskId === id;
      if (isOurs) journal.apply(id, { type: 'SNAPSHOT', snapshot: { ...snapshot, klingTaskId: hintedId } });
    } catch (error) {
      deps.log({ level: 'warn', message: 'callback not confirmed', taskId: id, cause: String(error) });
    }
  }

  function isStale(row: TaskRow): boolean {
    if (row.phase === 'SENT') return now() - row.readAtMs >= READ_INTERVAL_MS;
    const { status, expiresAtMs } = row.record;
    if (status !== 'SUCCEEDED' || expiresAtMs === null || now() >= expiresAtMs) return false;
    const learnedAtMs = Math.max(row.readAtMs, row.record.updatedAtMs);
    return now() - learnedAtMs >= URL_REFRESH_AGE_MS;
  }

  /** What a snapshot means for a poll: the wait grows while nothing is new, and starts anew with every change. */
  function settle(row: TaskRow, after: TaskRow | null): void {
    if (after === null || isFinal(after.record.status)) return;
    const isEmpty = after.trouble.emptySinceMs !== null;
    const isNews = after.record.status !== row.record.status || isEmpty !== (row.trouble.emptySinceMs !== null);
    const tries = isNews ? 0 : row.tries + 1;
    const waitMs = isEmpty ? resultWaitMs(tries, random) : pollWaitMs(tries, random);
    const readAgainAtMs = owed.get(row.record.id) ?? Infinity;
    journal.apply(row.record.id, null, { tries, wakeAtMs: Math.min(now() + waitMs, readAgainAtMs) });
  }

  /** A read that failed says nothing about the task. */
  function putOff({ record, trouble }: TaskRow): void {
    const wakeAtMs = now() + retryWaitMs(trouble.fails, random);
    journal.apply(record.id, null, { wakeAtMs, trouble: { ...trouble, fails: trouble.fails + 1 } });
  }

  /** Somebody has just had the task read: whether that read failed is not known here. */
  function forestall({ record, tries }: TaskRow): void {
    const wakeAtMs = now() + Math.min(retryWaitMs(tries, random), pollWaitMs(tries, random));
    journal.apply(record.id, null, { tries: tries + 1, wakeAtMs });
  }

  /** Kling said "no such task". Of a lip-sync whose create answer was lost, it may only not know the external id. */
  async function settleMissing(before: TaskRow): Promise<void> {
    const { id, kind, klingTaskId, createdAtMs } = before.record;
    if (kind === 'LIP_SYNC' && klingTaskId === null) {
      const found = await findLipSync(kling, id, before.firstSentAtMs ?? createdAtMs).catch((error: unknown) => {
        deps.log({ level: 'warn', message: 'list of tasks not read', taskId: id, cause: String(error) });
        return null;
      });
      if (found !== null) {
        const trouble = afterAnswer(before.trouble, false, now());
        journal.apply(id, { type: 'IDENTIFIED', klingTaskId: found }, { tries: 0, wakeAtMs: now(), trouble });
        return;
      }
    }
    const row = tasks.find({ id });
    if (row?.phase !== 'SENT') return;
    const tries = row.trouble.isLost === before.trouble.isLost ? row.tries + 1 : 0;
    journal.apply(id, null, { tries, wakeAtMs: now() + missingWaitMs({ ...row, tries }, now(), random) });
  }

  return {
    async fresh(row) {
      if (!this.wantsRead(row) && !reading.has(row.record.id)) return row.record;
      const outcome = await readOrError(row);
      return ('read' in outcome ? outcome.read : row).record;
    },

    wantsRead: (row) => isStale(row) && slots.isHealthy(),

    isReading: (taskId) => reading.has(taskId),

    hint: (taskId, klingTaskId) => hints.set(taskId, klingTaskId),

    readAgain(taskId, atMs) {
      if (reading.has(taskId)) owed.set(taskId, atMs);
    },

    async poll(row) {
      const hintedId = hints.get(row.record.id);
      if (row.record.klingTaskId === null && hintedId !== undefined) await identify(row, hintedId);
      const before = tasks.find({ id: row.record.id }) ?? row;
      const outcome = await readOrError(before);
      if ('read' in outcome) settle(before, outcome.read);
      else if (isMissing(outcome.error)) await settleMissing(before);
      else putOff(tasks.find({ id: row.record.id }) ?? before);
    },

    async pollDue(row) {
      const before = tasks.find({ id: row.record.id }) ?? row;
      return isStale(before) ? this.poll(row) : forestall(before);
    },

    identify,

    async pollTogether(rows) {
      for (const { record } of rows) tasks.markRead(record.id, now());
      const taskIds = rows.map(({ record }) => record.id);
      const klingIds = rows.map(({ record }) => record.klingTaskId ?? record.id);
      const snapshots = await traced({ taskIds }, () => kling.readTasks(klingIds)).catch((error: unknown) => {
        deps.log({ level: 'warn', message: 'reading tasks together failed', taskIds, cause: String(error) });
        // They were not read after all, and may be at once.
        for (const { record, readAtMs } of rows) tasks.markRead(record.id, readAtMs);
        return null;
      });
      if (snapshots === null) return false;
      for (const row of rows) {
        const { id, klingTaskId } = row.record;
        const snapshot = snapshots.find((candidate) => candidate.klingTaskId === klingTaskId);
        // An end is read once more by itself: only that answer has everything a finished task holds.
        if (snapshot === undefined || isFinal(snapshot.status)) await this.poll(row);
        else settle(row, learn(id, snapshot));
      }
      return true;
    },
  };
}

function isMissing(error: unknown): boolean {
  return error instanceof KlingError && error.failure.code === 'NOT_FOUND';
}
