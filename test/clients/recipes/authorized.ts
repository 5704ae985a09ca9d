/** Returns a token that has not expired. Called before every request and every new connection. */
export type GetToken = () => Promise<string>;

/** A `fetch` that sends the token. */
export function authorizedFetch(getToken: GetToken): typeof fetch {
  return async (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set('authorization', `Bearer ${await getToken()}`);
    return fetch(input, { ...init, headers });
  };
}
