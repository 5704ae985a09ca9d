import { AsyncLocalStorage } from 'node:async_hooks';
import type { Log } from './log.ts';

/**
 * Migrates the tables of a Durable Object in one transaction. `steps` is append-only: an object never runs a step twice. The
 * version is a key, because Durable Objects refuse `PRAGMA user_version`.
 */
export function runMigrations(storage: DurableObjectStorage, steps: readonly string[]): void {
  storage.transactionSync(() => {
    for (let next = versionOf(storage); next < steps.length; next += 1) runStep(storage, steps, next);
  });
}

/**
 * Does the same, but commits each step before the next. A step over many rows takes seconds, and a start has 30 s of CPU
 * time. If an object is killed for that, its next start continues after the last step that was committed.
 */
export async function runMigrationsInSteps(storage: DurableObjectStorage, steps: readonly string[]): Promise<void> {
  for (let next = versionOf(storage); next < steps.length; next += 1) {
    storage.transactionSync(() => runStep(storage, steps, next));
    await storage.sync();
  }
}

/** Returns how many steps an object has run; 0 for a new object. */
export function versionOf(storage: DurableObjectStorage): number {
  return storage.kv.get<number>('schema_version') ?? 0;
}

function runStep(storage: DurableObjectStorage, steps: readonly string[], index: number): void {
  storage.sql.exec(steps[index] ?? '');
  storage.kv.put('schema_version', index + 1);
}

/** Rows of one kind, which are deleted after a time. */
export interface RetainedRows {
  /** The age at which a row is deleted. */
  readonly keptMs: number;
  /** Returns the instant of the oldest row; null if there are no rows. */
  readonly oldestAtMs: () => number | null;
  /** Deletes at most `limit` rows from `atMs` or earlier, oldest first. */
  readonly deleteUntil: (atMs: number, limit: number) => void;
}

/** Deletes old rows in bounded steps. */
export interface Retention {
  /** Deletes at most `DELETED_ROWS_MAX` rows of each kind. If more are old, the next run is due at once. */
  run(): void;
  /** Returns when the next row is due, in milliseconds since the epoch; null if there are no rows. */
  nextAtMs(): number | null;
}

/** The most rows of a kind that a run deletes, so that a long log does not block the object. */
export const DELETED_ROWS_MAX = 200;

/** Creates the retention of some kinds of rows. `now` returns milliseconds since the epoch. */
export function createRetention(tables: readonly RetainedRows[], now: () => number): Retention {
  // Caches when each kind is due. A newer row is due later, so an entry is valid until a run. Empty kinds are not cached.
  const due = new Map<RetainedRows, number>();

  function dueAtMs(table: RetainedRows): number | null {
    const known = due.get(table);
    if (known !== undefined) return known;
    const oldestAtMs = table.oldestAtMs();
    if (oldestAtMs === null) return null;
    due.set(table, oldestAtMs + table.keptMs);
    return oldestAtMs + table.keptMs;
  }

  return {
    run() {
      for (const table of tables) {
        if ((dueAtMs(table) ?? Infinity) > now()) continue;
        table.deleteUntil(now() - table.keptMs, DELETED_ROWS_MAX);
        due.delete(table);
      }
    },
    nextAtMs: () => earliest(tables.map(dueAtMs)),
  };
}

/** The alarm of a Durable Object. An object has only one, so each `setAlarm` replaces the instant of the one before. */
export interface ObjectAlarm {
  /** Sets the alarm to an instant, in milliseconds since the epoch. Writes nothing if it is set to that instant already. */
  set(atMs: number): void;
  /** Sets the alarm to an instant, unless it is set to an earlier one. Infinity sets no alarm. */
  setNoLaterThan(atMs: number): void;
  /** Records that the alarm has fired. Call it first in the `alarm` method of the object. */
  fired(): void;
}

/**
 * Keeps the instant of the alarm in memory, because reading it from storage is asynchronous. After an eviction the instant
 * is unknown: the constructor of the object has to set the alarm to the earliest instant that is due.
 */
export function createObjectAlarm(storage: Pick<DurableObjectStorage, 'setAlarm'>): ObjectAlarm {
  /** Infinity while no alarm is known. */
  let knownAtMs = Infinity;

  function set(atMs: number): void {
    if (atMs === knownAtMs) return;
    knownAtMs = atMs;
    // Not awaited: the write belongs to the current transaction, and the output gate waits for it.
    void storage.setAlarm(atMs);
  }

  return {
    set,
    setNoLaterThan(atMs) {
      if (atMs < knownAtMs) set(atMs);
    },
    fired() {
      knownAtMs = Infinity;
    },
  };
}

/** Returns the earliest of the instants that are not null; null if all are. */
export function earliest(instants: readonly (number | null)[]): number | null {
  const known = instants.filter((atMs) => atMs !== null);
  return known.length === 0 ? null : Math.min(...known);
}

/** Runs work that continues after the answer. A failure is logged, never thrown. */
export function createBackground(ctx: DurableObjectState, log: Log): (work: () => Promise<unknown>) => void {
  return (work) => {
    ctx.waitUntil(
      work().catch((error: unknown) =>
        log({ level: 'error', message: 'background work failed', cause: String(error) }),
      ),
    );
  };
}

/** The fields that a log line has about the work that wrote it. */
export interface TraceFields {
  /** The id of the request that caused the work; undefined for an alarm. */
  readonly requestId?: string | undefined;
  readonly taskId?: string;
  /** Set for work on several tasks at once. */
  readonly taskIds?: readonly string[];
}

const current = new AsyncLocalStorage<TraceFields>();

/** Runs `work`, and adds the fields to the log lines of everything that it starts, however long that takes. */
export function traced<T>(fields: TraceFields, work: () => T): T {
  return current.run({ ...current.getStore(), ...fields }, work);
}

/** Returns a log that adds the fields of the current work to each line. The line's own fields win. */
export function createTracedLog(log: Log): Log {
  return (event) => log({ ...event, ...current.getStore(), ...event });
}
