const KEY = 'studio.token';

/** Reads the token from the storage of this tab. It is never in a URL, a cookie, or a storage that other tabs read. */
export function readToken(): string | null {
  return sessionStorage.getItem(KEY);
}

export function storeToken(token: string | null): void {
  if (token === null) sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, token);
}

/** A development caller of the gateway that `npm start` runs. */
export interface DevCaller {
  readonly name: string;
  readonly scope: string;
  readonly token: string;
}

/** Reads the development callers. Empty in a deployed studio, which does not request the file. */
export async function readDevCallers(): Promise<readonly DevCaller[]> {
  if (!DEVELOPMENT) return [];
  try {
    const response = await fetch('/development.json');
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- src/scripts/studio.ts writes it
    return (await response.json()) as readonly DevCaller[];
  } catch {
    return [];
  }
}

/** Returns the token in a text that the user has pasted, which may be a whole header. Empty without one. */
export function toToken(text: string): string {
  return text.trim().replace(/^Bearer\s+/i, '');
}
