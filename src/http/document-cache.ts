/** What Yoga keeps parsed documents, and the errors of others, in. */
export interface DocumentCache<T> {
  get(document: string): T | undefined;
  set(document: string, value: T): void;
}

interface DocumentCacheOptions {
  /** A longer document is not kept. */
  readonly charsPerDocumentMax: number;
  /** Of all documents together: what is made of a document takes some 30 times its length in memory. */
  readonly charsMax: number;
}

/** The documents used last, bounded by their length and not by their number: clients choose how long they are. */
export function createDocumentCache<T>({ charsPerDocumentMax, charsMax }: DocumentCacheOptions): DocumentCache<T> {
  // A Map keeps the order of insertion: the first is the one unused for longest.
  const entries = new Map<string, T>();
  let chars = 0;

  function remove(document: string): void {
    if (entries.delete(document)) chars -= document.length;
  }

  return {
    get(document) {
      const value = entries.get(document);
      if (value === undefined) return undefined;
      entries.delete(document);
      entries.set(document, value);
      return value;
    },
    set(document, value) {
      if (document.length > charsPerDocumentMax) return;
      remove(document);
      entries.set(document, value);
      chars += document.length;
      for (const oldest of entries.keys()) {
        if (chars <= charsMax) break;
        remove(oldest);
      }
    },
  };
}
