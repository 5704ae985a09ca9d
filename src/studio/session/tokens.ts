const KEY = 'studio.token';

/** Of this tab alone, and gone with it: never in a URL, a cookie, or a storage that other tabs read. */
export function readToken(): string | null {
  return sessionStorage.getItem(KEY);
}

export function storeToken(token: string | null): void {
  if (token === null) sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, token);
}
