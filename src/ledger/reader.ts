import type { TaskRecord } from '../domain/records.ts';
import { isFinal, type TaskSnapshot } from '../domain/task.ts';
import type { LedgerDeps } from './deps.ts';
import type { Journal } from './journal.ts';
import { pollWaitMs, READ_INTERVAL_MS, retryWaitMs, URL_REFRESH_AGE_MS } from './plan.ts';
import type { TaskRow } from './task-store.ts';

/** Keeps what is known of tasks true, at as few reads at Kling as that takes. */
export interface Reader {
  /**
   * The task as it is now, good to a second: a final one costs Kling nothing, a running one is read at most once a second
   * however many ask, and all who ask meanwhile share the read. When Kling cannot be read, what is stored answers.
   */
  fresh(row: TaskRow): Promise<TaskRecord>;
  /**
   * The alarm's read: also plans the next one. Never throws for Kling's sake. `hintedId` is Kling's id for the task as a
   * callback told it: tried where the id is not known yet.
   */
  poll(row: TaskRow, hintedId?: string | null): Promise<void>;
  /** A poll that is due. Left out where somebody has just had the task read: Kling is asked once a second at most. */
  pollDue(row: TaskRow): Promise<void>;
  /** Reads a task by the id that a callback told, and believes it if Kling's answer does not speak of another task. */
  identify(row: TaskRow, hintedId: string): Promise<void>;
  /** Several polls by one request, where the credential allows it; false where it does not. */
  pollTogether(rows: readonly TaskRow[]): Promise<boolean>;
}

export function createReader(deps: LedgerDeps, journal: Journal): Reader {
  const { tasks, kling, slots, now, random } = deps;
  const reading = new Map<string, Promise<TaskRow | null>>();

  async function readKling({ record }: TaskRow, klingId = record.klingTaskId ?? record.id): Promise<TaskSnapshot> {
    return record.kind === 'LIP_SYNC' ? kling.readLipSyncTask(klingId) : kling.readVoiceTask(klingId);
  }

  function read(row: TaskRow): Promise<TaskRow | null> {
    const { id } = row.record;
    const running = reading.get(id);
    if (running) return running;
    if (row.phase !== 'DONE') tasks.markRead(id, now());
    const started = readKling(row)
      .then((snapshot) => {
        // A final task is marked only now, or one failed read would leave its URLs to age.
        if (row.phase === 'DONE') tasks.markRead(id, now());
        return journal.apply(id, { type: 'SNAPSHOT', snapshot });
      })
      .finally(() => reading.delete(id));
    reading.set(id, started);
    return started;
  }

  async function readOrNothing(row: TaskRow): Promise<TaskRow | null> {
    try {
      return (await read(row)) ?? row;
    } catch (error) {
      deps.log({ level: 'warn', message: 'read failed', taskId: row.record.id, cause: String(error) });
      return null;
    }
  }

  async function readOrStored(row: TaskRow): Promise<TaskRow> {
    return (await readOrNothing(row)) ?? row;
  }

  async function identify(row: TaskRow, hintedId: string): Promise<void> {
    const { id } = row.record;
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
    const tries = after.record.status === row.record.status ? row.tries + 1 : 0;
    journal.apply(row.record.id, null, { tries, wakeAtMs: now() + pollWaitMs(tries, random) });
  }

  /** A read that failed says nothing about the task: it is tried again sooner than one that showed no change. */
  function putOff({ record, tries }: TaskRow): void {
    const wakeAtMs = now() + Math.min(retryWaitMs(tries, random), pollWaitMs(tries, random));
    journal.apply(record.id, null, { tries: tries + 1, wakeAtMs });
  }

  return {
    async fresh(row) {
      if (!isStale(row) || !slots.isHealthy())
        return (reading.get(row.record.id) ? await readOrStored(row) : row).record;
      return (await readOrStored(row)).record;
    },

    async poll(row, hintedId = null) {
      if (row.record.klingTaskId === null && hintedId !== null) await identify(row, hintedId);
      const before = tasks.find({ id: row.record.id }) ?? row;
      const after = await readOrNothing(before);
      if (after !== null) settle(before, after);
      else putOff(before);
    },

    async pollDue(row) {
      const before = tasks.find({ id: row.record.id }) ?? row;
      // Whether that read failed is not known here.
      return isStale(before) ? this.poll(row) : putOff(before);
    },

    identify,

    async pollTogether(rows) {
      for (const { record } of rows) tasks.markRead(record.id, now());
      let snapshots: readonly TaskSnapshot[];
      try {
        snapshots = await kling.readTasks(rows.map(({ record }) => record.klingTaskId ?? record.id));
      } catch (error) {
        deps.log({ level: 'warn', message: 'reading tasks together failed', cause: String(error) });
        // They were not read after all, and may be at once.
        for (const { record, readAtMs } of rows) tasks.markRead(record.id, readAtMs);
        return false;
      }
      for (const row of rows) {
        const { id, klingTaskId } = row.record;
        const snapshot = snapshots.find((candidate) => candidate.klingTaskId === klingTaskId);
        // An end is read once more by itself: only that answer has everything a finished task holds.
        if (snapshot === undefined || isFinal(snapshot.status)) await this.poll(row);
        else settle(row, journal.apply(id, { type: 'SNAPSHOT', snapshot }));
      }
      return true;
    },
  };
}
