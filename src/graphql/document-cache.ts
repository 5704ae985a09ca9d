/** What is kept of documents, by their text or its hash. As Yoga wants it. */
export interface DocumentCache<T> {
  get(key: string): T | undefined;
  set(key: string, value: T): void;
}

export interface DocumentCacheOptions<T> {
  /** A longer document is not kept. */
  readonly charsPerDocumentMax: number;
  /** Of all documents together. */
  readonly charsMax: number;
  /** How long a document is; unless given, the key is its text. */
  readonly charsOf?: (value: T) => number;
}

/** The documents used last, bounded by their length and not by their number: clients choose how long they are. */
export function createDocumentCache<T>(options: DocumentCacheOptions<T>): DocumentCache<T> {
  const { charsPerDocumentMax, charsMax, charsOf } = options;
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
      if (chars > charsPerDocumentMax) return;
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
