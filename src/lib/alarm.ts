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
