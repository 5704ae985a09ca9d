/** A least-recently-used cache, such as of parsed documents by their text. */
export interface BoundedCache<T> {
  get(key: string): T | undefined;
  set(key: string, value: T): void;
}

export interface BoundedCacheOptions<T> {
  /** The longest entry that is kept, in characters. */
  readonly charsPerEntryMax: number;
  /** The length of all entries together, in characters. */
  readonly charsMax: number;
  /** Returns the length of an entry; the length of its key by default. */
  readonly charsOf?: (value: T) => number;
}

/** Creates a cache bounded by the length of its entries, not by their number: clients choose how long entries are. */
export function createBoundedCache<T>(options: BoundedCacheOptions<T>): BoundedCache<T> {
  const { charsPerEntryMax, charsMax, charsOf } = options;
  // A Map keeps the order of insertion: the first entry is the least recently used.
  const entries = new Map<string, { readonly value: T; readonly chars: number }>();
  let sum = 0;

  function remove(key: string): void {
    sum -= entries.get(key)?.chars ?? 0;
    entries.delete(key);
  }

  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entries.delete(key);
      entries.set(key, entry);
      return entry.value;
    },
    set(key, value) {
      const chars = charsOf?.(value) ?? key.length;
      if (chars > charsPerEntryMax) return;
      remove(key);
      entries.set(key, { value, chars });
      sum += chars;
      for (const oldest of entries.keys()) {
        if (sum <= charsMax) break;
        remove(oldest);
      }
    },
  };
}

/**
 * Shares one call of `run` between overlapping calls, with its result or failure. Caches nothing once it has settled.
 * In a Worker `run` must not wait for I/O: a promise that is shared between requests would hang.
 */
export function createSingleFlight<T>(run: () => Promise<T>): () => Promise<T> {
  let flight: Promise<T> | null = null;
  return function join() {
    flight ??= run().finally(() => {
      flight = null;
    });
    return flight;
  };
}
