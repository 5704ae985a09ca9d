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

/** Loads one value. Returns null if the key has no value. */
export type LoadOne<K, V> = (key: K) => Promise<V | null>;

export interface BatchOptions<K, V> {
  /** Returns the values in the order of the keys, which all differ. */
  readonly load: (keys: readonly K[]) => Promise<readonly (V | null)[]>;
  /** Returns the identity of a key; `String(key)` by default. */
  readonly textOf?: (key: K) => string;
}

/**
 * Collects the keys asked for in one turn of the event loop and loads them in one call, each key once. Caches nothing.
 * Build one per request, because a promise of a Worker belongs to its request.
 */
export function createBatch<K, V>({ load, textOf = String }: BatchOptions<K, V>): LoadOne<K, V> {
  let open: { readonly keys: Map<string, K>; readonly values: Promise<ReadonlyMap<string, V | null>> } | null = null;

  async function loadAll(keys: ReadonlyMap<string, K>): Promise<ReadonlyMap<string, V | null>> {
    // Waits for the other keys of this turn.
    await Promise.resolve();
    open = null;
    const texts = [...keys.keys()];
    const values = await load([...keys.values()]);
    return new Map(texts.map((text, at) => [text, values[at] ?? null]));
  }

  return async (key) => {
    const text = textOf(key);
    if (open === null) {
      const keys = new Map<string, K>();
      open = { keys, values: loadAll(keys) };
    }
    open.keys.set(text, key);
    return (await open.values).get(text) ?? null;
  };
}

/** Calls `call` for each item in order, at most `atOnce` at a time. `call` handles its own errors: one that throws ends the loop. */
export async function forEachAtOnce<T>(
  items: readonly T[],
  atOnce: number,
  call: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const workers = Array.from({ length: Math.min(atOnce, items.length) }, async () => {
    for (const item of queue) await call(item);
  });
  await Promise.all(workers);
}
