import { exports } from 'cloudflare:workers';
import { AUTHORIZATION } from './token.ts';

export const GRAPHQL_URL = 'https://gateway.test/graphql';
export const ALLOWED_ORIGIN = 'https://app.example.com';
export const FOREIGN_ORIGIN = 'https://evil.test';

/** Sent with every request of the security tests: what any caller needs, whatever page it is on. */
const COMMON_HEADERS: Readonly<Record<string, string>> = { authorization: AUTHORIZATION };

interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: BodyInit;
}

/** One request to the Worker, with the headers that a browser would add. */
export function send(url: string, { headers, ...init }: Sent = {}): Promise<Response> {
  return exports.default.fetch(url, { ...init, headers: { ...COMMON_HEADERS, ...headers } });
}

/** A GraphQL POST, as from a page of `origin`; null: from no browser. */
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

/** What a browser asks before a page of `origin` may send a POST with JSON. */
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

/** The headers of an answer that belong to CORS. */
export function corsHeaders({ headers }: Response): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-')));
}
