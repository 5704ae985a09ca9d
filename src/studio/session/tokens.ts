const KEY = 'studio.token';

/** Of this tab alone, and gone with it: never in a URL, a cookie, or a storage that other tabs read. */
export function readToken(): string | null {
  return sessionStorage.getItem(KEY);
}

export function storeToken(token: string | null): void {
  if (token === null) sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, token);
}

/** Someone who is ready to call the gateway of `npm start`. */
export interface DevCaller {
  readonly name: string;
  readonly scope: string;
  readonly token: string;
}

/** Empty in what is deployed, where nobody asks for the file and it is not there. */
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
