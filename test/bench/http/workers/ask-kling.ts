/** The bindings of Workers that call Kling. */
export interface RelayEnv {
  readonly KLING_BASE_URL: string;
  readonly KLING_API_KEY: string;
}

/** Sends a request to Kling, with its body if it has one. */
export async function askKling(
  { KLING_BASE_URL, KLING_API_KEY }: RelayEnv,
  path: string,
  request?: Request,
): Promise<Response> {
  const headers = { authorization: `Bearer ${KLING_API_KEY}`, 'content-type': 'application/json' };
  if (request?.method !== 'POST') return fetch(KLING_BASE_URL + path, { headers });
  return fetch(KLING_BASE_URL + path, { headers, method: 'POST', body: await request.text() });
}
