/**
 * Brings the tables of a Durable Object up to date, in one transaction. `steps` is append only: an object that has run
 * step n never runs it again. `PRAGMA user_version` is refused in Durable Objects, hence the key.
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

/** Rows of one kind, each kept for a time. */
export interface Shelf {
  readonly keptMs: number;
  /** The instant of the oldest row; null when the table is empty. */
  readonly oldestAtMs: () => number | null;
  /** Forgets at most `limit` rows from `atMs` or earlier, the oldest first. */
  readonly forgetUntil: (atMs: number, limit: number) => void;
}

/** Forgets what is too old, in bounded steps. */
export interface Retention {
  /** Forgets at most `FORGET_AT_ONCE` rows of each kind. What is left is due at once. */
  run(): void;
  /** When the next row is due, in milliseconds since the epoch; null when nothing is kept. */
  nextAtMs(): number | null;
}

/** Most rows of a kind that one run forgets, so that a long log never holds up the object. */
export const FORGET_AT_ONCE = 200;

export function createRetention(shelves: readonly Shelf[], now: () => number): Retention {
  /**
   * When each shelf is due next. A row that is put down later is due later, so that what is known stays true until a run;
   * a shelf that was empty is asked again.
   */
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
    nextAtMs() {
      const instants = shelves.map(dueAtMs).filter((atMs) => atMs !== null);
      return instants.length === 0 ? null : Math.min(...instants);
    },
  };
}
