/** Gives a token that has not expired: asked for before every request, and before every new connection. */
export type GetToken = () => Promise<string>;

/** `fetch` that sends it. */
export function authorizedFetch(getToken: GetToken): typeof fetch {
  return async (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set('authorization', `Bearer ${await getToken()}`);
    return fetch(input, { ...init, headers });
  };
}
