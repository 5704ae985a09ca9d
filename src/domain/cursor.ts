/** Opaque places in a list or in a log. A cursor carries whose it is, so that another's, or another list's, is refused. */

const FORM = /^([\w-]{1,64})\.(\d{1,15})$/;

/** `scope` tells lists and logs, and their owners, apart: letters, digits, `_` and `-`. */
export function toCursor(scope: string, seq: number): string {
  return btoa(`${scope}.${seq}`).replaceAll('=', '').replaceAll('+', '-').replaceAll('/', '_');
}

/** The place; null when it is no cursor of this scope. */
export function parseCursor(scope: string, cursor: string): number | null {
  if (!/^[\w-]{1,128}$/.test(cursor)) return null;
  let text: string;
  try {
    text = atob(cursor.replaceAll('-', '+').replaceAll('_', '/'));
  } catch {
    return null;
  }
  const [, its, seq] = FORM.exec(text) ?? [];
  // Only the one spelling that was handed out: bits that base64 ignores must not make two cursors of one.
  return its === scope && toCursor(scope, Number(seq)) === cursor ? Number(seq) : null;
}
