const FORM = /^([\w-]{1,64})\.(\d{1,15})$/;

/**
 * Creates an opaque cursor of an item in a list or log. `namespace` names the list and its owner, in letters, digits, `_` and
 * `-`: a cursor of another list or owner is refused.
 */
export function toCursor(namespace: string, seq: number): string {
  return btoa(`${namespace}.${seq}`).replaceAll('=', '').replaceAll('+', '-').replaceAll('/', '_');
}

/** Returns the place of a cursor; null if it is not a cursor of this namespace. */
export function parseCursor(namespace: string, cursor: string): number | null {
  if (!/^[\w-]{1,128}$/.test(cursor)) return null;
  let text: string;
  try {
    text = atob(cursor.replaceAll('-', '+').replaceAll('_', '/'));
  } catch {
    return null;
  }
  const [, its, seq] = FORM.exec(text) ?? [];
  // Base64 ignores some bits, so another spelling of a cursor would decode to the same place.
  return its === namespace && toCursor(namespace, Number(seq)) === cursor ? Number(seq) : null;
}

/** A window of a list: the `first` items after an opaque cursor. `after` is null for the start of the list. */
export interface Window {
  readonly first: number;
  readonly after: string | null;
}

/** The items of a window, each with the cursor that continues after it. */
export interface Slice<T> {
  readonly edges: readonly { readonly cursor: string; readonly node: T }[];
  readonly hasNextPage: boolean;
  /** The cursor up to which the list was read, if that is not the last edge; null if nothing was read. */
  readonly endCursor?: string | null;
}
