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
