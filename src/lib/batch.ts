/** Asks for one thing. Null: there is no such thing. */
export type LoadOne<K, V> = (key: K) => Promise<V | null>;

export interface BatchOptions<K, V> {
  /** Answers in the order of the keys, which are all different. */
  readonly load: (keys: readonly K[]) => Promise<readonly (V | null)[]>;
  /** What tells two keys apart; unless given, the key itself as text. */
  readonly textOf?: (key: K) => string;
  /** Most keys of one call; more make several calls. No limit unless given. */
  readonly keysMax?: number;
}

/**
 * Collects what is asked for in one turn of the event loop and loads it by one call; a key that is asked for twice is
 * loaded once. Nothing is kept after that. Build one per request: in a Worker the promises belong to it.
 */
export function createBatch<K, V>({ load, textOf = String, keysMax = Infinity }: BatchOptions<K, V>): LoadOne<K, V> {
  let open: { readonly keys: Map<string, K>; readonly values: Promise<ReadonlyMap<string, V | null>> } | null = null;

  async function loadAll(keys: ReadonlyMap<string, K>): Promise<ReadonlyMap<string, V | null>> {
    // The rest of this turn asks first.
    await Promise.resolve();
    open = null;
    const texts = [...keys.keys()];
    const values = (await Promise.all(chunksOf([...keys.values()], keysMax).map(load))).flat();
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

function chunksOf<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let at = 0; at < items.length; at += size) chunks.push(items.slice(at, at + size));
  return chunks;
}
