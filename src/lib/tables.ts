import { earliest } from './alarm.ts';

/**
 * Migrates the tables of a Durable Object in one transaction. `steps` is append-only: an object never runs a step twice. The
 * version is a key, because Durable Objects refuse `PRAGMA user_version`.
 */
export function runMigrations(storage: DurableObjectStorage, steps: readonly string[]): void {
  storage.transactionSync(() => {
    const from = storage.kv.get<number>('schema_version') ?? 0;
    for (const [i, step] of steps.slice(from).entries()) {
      storage.sql.exec(step);
      storage.kv.put('schema_version', from + i + 1);
    }
  });
}

/** A table whose rows are deleted after a time. */
export interface Shelf {
  /** The age at which a row is deleted. */
  readonly keptMs: number;
  /** Returns the instant of the oldest row; null if the table is empty. */
  readonly oldestAtMs: () => number | null;
  /** Deletes at most `limit` rows from `atMs` or earlier, oldest first. */
  readonly forgetUntil: (atMs: number, limit: number) => void;
}

/** Deletes old rows in bounded steps. */
export interface Retention {
  /** Deletes at most `FORGET_AT_ONCE` rows of each table. If more are old, the next run is due at once. */
  run(): void;
  /** Returns when the next row is due, in milliseconds since the epoch; null if there are no rows. */
  nextAtMs(): number | null;
}

/** The most rows of a table that a run deletes, so that a long log does not block the object. */
export const FORGET_AT_ONCE = 200;

/** Creates the retention of some tables. `now` returns milliseconds since the epoch. */
export function createRetention(shelves: readonly Shelf[], now: () => number): Retention {
  // Caches when each table is due. A newer row is due later, so an entry is valid until a run. Empty tables are not cached.
  const due = new Map<Shelf, number>();

  function dueAtMs(shelf: Shelf): number | null {
    const known = due.get(shelf);
    if (known !== undefined) return known;
    const oldestAtMs = shelf.oldestAtMs();
    if (oldestAtMs === null) return null;
    due.set(shelf, oldestAtMs + shelf.keptMs);
    return oldestAtMs + shelf.keptMs;
  }

  return {
    run() {
      for (const shelf of shelves) {
        if ((dueAtMs(shelf) ?? Infinity) > now()) continue;
        shelf.forgetUntil(now() - shelf.keptMs, FORGET_AT_ONCE);
        due.delete(shelf);
      }
    },
    nextAtMs: () => earliest(shelves.map(dueAtMs)),
  };
}
