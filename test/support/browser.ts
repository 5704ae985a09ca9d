import { exports } from 'cloudflare:workers';
import { AUTHORIZATION } from './token.ts';

export const GRAPHQL_URL = 'https://gateway.test/graphql';
export const ALLOWED_ORIGIN = 'https://app.example.com';
export const FOREIGN_ORIGIN = 'https://evil.test';

/** Headers of every request, whatever page it comes from. */
const COMMON_HEADERS: Readonly<Record<string, string>> = { authorization: AUTHORIZATION };

interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: BodyInit;
}

/** Sends one request to the Worker, with the token and the given headers. */
export function send(url: string, { headers, ...init }: Sent = {}): Promise<Response> {
  return exports.default.fetch(url, { ...init, headers: { ...COMMON_HEADERS, ...headers } });
}

/** Sends a GraphQL POST as a page of `origin` does. An `origin` of null means a client that is not a browser. */
export function post(
  origin: string | null,
  headers: Record<string, string> = {},
  query = '{ __typename }',
): Promise<Response> {
  return send(GRAPHQL_URL, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(origin !== null && { origin }), ...headers },
    body: JSON.stringify({ query }),
  });
}

/** Sends the preflight request of a browser before a page of `origin` posts JSON. */
export function preflight(origin: string, headerNames = 'authorization,content-type'): Promise<Response> {
  return send(GRAPHQL_URL, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': headerNames,
    },
  });
}

/** Returns the CORS headers of a response. */
export function corsHeaders({ headers }: Response): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-')));
}
