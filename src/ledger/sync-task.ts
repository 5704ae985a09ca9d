import { isEmptySuccess } from '../domain/apply.ts';
import { gatewayFailure } from '../domain/failure.ts';
import type { TaskRecord } from '../domain/records.ts';
import { isFinal, type TaskSnapshot } from '../domain/task.ts';
import type { KlingClient } from '../kling/client.ts';
import { KlingError } from '../kling/errors.ts';
import { findLipSync } from '../kling/tasks.ts';
import { createBoundedCache } from '../lib/cache.ts';
import { settledWithin, type StartTimer } from '../lib/time.ts';
import type { Log } from '../lib/log.ts';
import { traced } from '../lib/durable-object.ts';
import type { Journal } from './journal.ts';
import type { Rates } from './limits.ts';
import {
  afterAnswer,
  afterMissing,
  isOverdue,
  missingWaitMs,
  pollWaitMs,
  READ_INTERVAL_MS,
  resultWaitMs,
  retryWaitMs,
  URL_REFRESH_AGE_MS,
  wantsSlot,
} from './schedule.ts';
import type { Slots } from './slots.ts';
import type { TaskRow, TaskStore } from './stores/tasks.ts';

/** Keeps the stored tasks up to date, with as few reads of Kling as possible. */
export interface TaskSync {
  /**
   * Returns the task as it is now, at most a second old. A final task is not read, a running one at most once a second.
   * Concurrent callers share one read. If Kling cannot be read, the stored task is returned.
   */
  fresh(row: TaskRow): Promise<TaskRecord>;
  /** Returns true if `fresh` would read the task at Kling now. */
  wantsRead(row: TaskRow): boolean;
  /** Returns true while the task is being read. */
  isReading(taskId: string): boolean;
  /**
   * Reads a task for the alarm and schedules the next read. Does not throw if Kling fails. If Kling's id is unknown, a
   * hinted id is tried first.
   */
  poll(row: TaskRow): Promise<void>;
  /** Polls a task that is due, unless it was read within the last second. */
  pollDue(row: TaskRow): Promise<void>;
  /** Keeps Kling's id for a task, as a callback told it, for the next poll. In memory: a later callback repeats it. */
  hint(taskId: string, klingTaskId: string): void;
  /** Lets a read that is under way not postpone the next read past `atMs`. */
  readAgain(taskId: string, atMs: number): void;
  /** Reads a task by the id that a callback told, and applies the answer unless it is about another task. */
  identify(row: TaskRow, hintedId: string): Promise<void>;
  /** Polls several tasks by one request. Returns false if that failed. */
  pollTogether(rows: readonly TaskRow[]): Promise<boolean>;
}

interface TaskSyncDeps {
  readonly tasks: TaskStore;
  readonly kling: KlingClient;
  readonly slots: Slots;
  readonly journal: Journal;
  readonly now: () => number;
  readonly random: () => number;
  readonly background: (work: () => Promise<unknown>) => void;
  readonly log: Log;
}

const HINTS = { charsPerEntryMax: 1_024, charsMax: 65_536 };

/** Creates the synchronization. Build one per object, because callers share the reads that are under way. */
export function createTaskSync(deps: TaskSyncDeps): TaskSync {
  const { tasks, kling, slots, journal, now, random, background, log } = deps;
  const reading = new Map<string, Promise<TaskRow | null>>();
  const hints = createBoundedCache<string>(HINTS);
  /** The instants of the next reads of tasks for which a callback came during a read. */
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
          // A final task is marked only after a read that succeeded, or its URLs would expire after one that failed.
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

  /** Applies Kling's view of a task. A success without results ends the task only after a time. */
  function learn(id: string, snapshot: TaskSnapshot): TaskRow | null {
    const before = tasks.find({ id });
    if (before === null) return null;
    const trouble = afterAnswer(before.trouble, isEmptySuccess(before.record, snapshot), now());
    const fact = { type: 'SNAPSHOT' as const, snapshot };
    if (isOverdue(trouble, now())) {
      journal.apply(id, { type: 'CLOSED', failure: gatewayFailure('NO_RESULT') });
      // The charge in this answer counts all the same.
      return journal.apply(id, fact);
    }
    const isNews = (trouble.emptySinceMs === null) !== (before.trouble.emptySinceMs === null);
    const soon = isNews ? { tries: 0, wakeAtMs: now() + resultWaitMs(0, random) } : {};
    const after = journal.apply(id, fact, { trouble, ...soon });
    giveSlotBack(before, after);
    if (after?.phase === 'DONE') owed.delete(id);
    return after;
  }

  /** Records that Kling does not know a task that it had. It may have deleted a final one. */
  function miss(id: string): void {
    const before = tasks.find({ id });
    if (before?.phase !== 'SENT') return;
    giveSlotBack(before, journal.apply(id, null, { trouble: afterMissing(before.trouble, now()) }));
  }

  /** If the release is lost, the account's audit frees the slot. */
  function giveSlotBack(before: TaskRow, after: TaskRow | null): void {
    if (after === null || after.phase === 'DONE' || !wantsSlot(before) || wantsSlot(after)) return;
    background(() => slots.release(before.record.id));
  }

  async function readOrError(row: TaskRow): Promise<{ readonly read: TaskRow } | { readonly error: unknown }> {
    try {
      return { read: (await read(row)) ?? row };
    } catch (error) {
      log({ level: 'warn', message: 'read failed', taskId: row.record.id, cause: String(error) });
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
      log({ level: 'warn', message: 'callback not confirmed', taskId: id, cause: String(error) });
    }
  }

  function isStale(row: TaskRow): boolean {
    if (row.phase === 'SENT') return now() - row.readAtMs >= READ_INTERVAL_MS;
    const { status, expiresAtMs } = row.record;
    if (status !== 'SUCCEEDED' || expiresAtMs === null || now() >= expiresAtMs) return false;
    const learnedAtMs = Math.max(row.readAtMs, row.record.updatedAtMs);
    return now() - learnedAtMs >= URL_REFRESH_AGE_MS;
  }

  /** Schedules the next poll. The wait grows while nothing changes, and restarts with every change. */
  function settle(row: TaskRow, after: TaskRow | null): void {
    if (after === null || isFinal(after.record.status)) return;
    const isEmpty = after.trouble.emptySinceMs !== null;
    const isNews = after.record.status !== row.record.status || isEmpty !== (row.trouble.emptySinceMs !== null);
    const tries = isNews ? 0 : row.tries + 1;
    const waitMs = isEmpty ? resultWaitMs(tries, random) : pollWaitMs(tries, random);
    const readAgainAtMs = owed.get(row.record.id) ?? Infinity;
    journal.apply(row.record.id, null, { tries, wakeAtMs: Math.min(now() + waitMs, readAgainAtMs) });
  }

  /** Schedules a retry of a read that failed. The failure says nothing about the task. */
  function putOff({ record, trouble }: TaskRow): void {
    const wakeAtMs = now() + retryWaitMs(trouble.fails, random);
    journal.apply(record.id, null, { wakeAtMs, trouble: { ...trouble, fails: trouble.fails + 1 } });
  }

  /** Schedules the next poll of a task that a caller has just read. That read may have failed. */
  function skipPoll({ record, tries }: TaskRow): void {
    const wakeAtMs = now() + Math.min(retryWaitMs(tries, random), pollWaitMs(tries, random));
    journal.apply(record.id, null, { tries: tries + 1, wakeAtMs });
  }

  /**
   * Handles Kling's "no such task". If the answer to the create of a lip-sync was lost, Kling may have the task and not
   * find it by its external id. So it is looked for in Kling's list.
   */
  async function settleMissing(before: TaskRow): Promise<void> {
    const { id, kind, klingTaskId, createdAtMs } = before.record;
    if (kind === 'LIP_SYNC' && klingTaskId === null) {
      const found = await findLipSync(kling, id, before.firstSentAtMs ?? createdAtMs).catch((error: unknown) => {
        log({ level: 'warn', message: 'list of tasks not read', taskId: id, cause: String(error) });
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
      return isStale(before) ? this.poll(row) : skipPoll(before);
    },

    identify,

    async pollTogether(rows) {
      for (const { record } of rows) tasks.markRead(record.id, now());
      const taskIds = rows.map(({ record }) => record.id);
      const klingIds = rows.map(({ record }) => record.klingTaskId ?? record.id);
      const snapshots = await traced({ taskIds }, () => kling.readTasks(klingIds)).catch((error: unknown) => {
        log({ level: 'warn', message: 'reading tasks together failed', taskIds, cause: String(error) });
        // They were not read, so the interval between reads does not apply.
        for (const { record, readAtMs } of rows) tasks.markRead(record.id, readAtMs);
        return null;
      });
      if (snapshots === null) return false;
      for (const row of rows) {
        const { id, klingTaskId } = row.record;
        const snapshot = snapshots.find((candidate) => candidate.klingTaskId === klingTaskId);
        // A final task is read again by itself, because only that answer contains everything.
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

/** Tasks for queries, as fresh as the limits on reads of Kling allow. */
export interface FreshTasks {
  /**
   * Returns each task as it is now, at most a second old. The stored task is returned if Kling is down, if Kling does not
   * answer within 2 s, or if the tenant has no read left. A read that was started continues, and its answer is applied. Its
   * log lines name the request.
   */
  of(rows: readonly TaskRow[], requestId?: string): Promise<TaskRecord[]>;
}

/** The longest that a query waits for Kling. */
export const FRESH_WAIT_MS = 2_000;

/** The most reads for queries at once. An object has 6 connections, and the polls of the alarm need some. */
export const FRESH_READS_AT_ONCE = 4;

interface FreshTasksDeps {
  readonly tasks: TaskStore;
  readonly sync: Pick<TaskSync, 'fresh' | 'wantsRead' | 'isReading'>;
  readonly rates: Pick<Rates, 'upstreamRead'>;
  readonly now: () => number;
  readonly background: (work: () => Promise<unknown>) => void;
  readonly startTimer: StartTimer;
}

/** Creates the reads for queries. Build one per object, because it bounds the reads that are under way. */
export function createFreshTasks({ tasks, sync, rates, now, background, startTimer }: FreshTasksDeps): FreshTasks {
  /** The reads for queries that run or wait, by task. */
  const asked = new Map<string, Promise<void>>();
  const waiting: (() => void)[] = [];
  let running = 0;

  async function readInTurn(id: string): Promise<void> {
    const askedAtMs = now();
    if (running >= FRESH_READS_AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      const row = tasks.find({ id });
      // The query that asked has been answered by then.
      if (row !== null && now() - askedAtMs < FRESH_WAIT_MS) await sync.fresh(row);
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  }

  /** Returns null if there is nothing to wait for. */
  function refresh(row: TaskRow, requestId: string | undefined): Promise<unknown> | null {
    const { id } = row.record;
    const before = asked.get(id);
    if (before !== undefined) return before;
    if (sync.isReading(id)) return sync.fresh(row);
    if (!sync.wantsRead(row) || !rates.upstreamRead()) return null;
    const started = traced({ requestId }, () => readInTurn(id)).finally(() => asked.delete(id));
    asked.set(id, started);
    background(() => started);
    return started;
  }

  return {
    async of(rows, requestId) {
      const reads = rows.map((row) => refresh(row, requestId)).filter((read) => read !== null);
      if (reads.length > 0) await settledWithin(reads, FRESH_WAIT_MS, startTimer);
      return rows.map((row) => (tasks.find({ id: row.record.id }) ?? row).record);
    },
  };
}
