/** What was used last, by a key, such as parsed documents by their text. */
export interface BoundedCache<T> {
  get(key: string): T | undefined;
  set(key: string, value: T): void;
}

export interface BoundedCacheOptions<T> {
  /** A longer entry is not kept. */
  readonly charsPerEntryMax: number;
  /** Of all entries together. */
  readonly charsMax: number;
  /** How long an entry is; unless given, as long as its key. */
  readonly charsOf?: (value: T) => number;
}

/** The entries used last, bounded by their length and not by their number: clients choose how long they are. */
export function createBoundedCache<T>(options: BoundedCacheOptions<T>): BoundedCache<T> {
  const { charsPerEntryMax, charsMax, charsOf } = options;
  // A Map keeps the order of insertion: the first is the one unused for longest.
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
