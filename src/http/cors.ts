import { GatewayError } from '../errors.ts';
import { withHeaders } from './answer-headers.ts';
import { originProblem, type OriginRules } from './origin.ts';
import { isUpgrade } from './socket.ts';

const METHODS = 'GET, POST, OPTIONS';

/** What GraphQL clients send, and no page may send without asking. A browser caches one answer for all of them. */
const REQUEST_HEADERS = [
  'accept',
  'authorization',
  'cache-control',
  'content-type',
  'last-event-id',
  'x-request-id',
  // Apollo Client, Kotlin and iOS.
  'apollo-require-preflight',
  'apollographql-client-name',
  'apollographql-client-version',
  'apollographql-library-name',
  'apollographql-library-version',
  'x-apollo-operation-id',
  'x-apollo-operation-name',
  'x-apollo-operation-type',
  // Relay and others.
  'graphql-require-preflight',
].join(', ');

/** What an answer of `/graphql` depends on, beside who asks. */
export const VARY = 'Accept, Origin';

/** What a page's script may read beside the body. */
const EXPOSED = 'x-request-id, retry-after, www-authenticate';

/** In seconds. Chrome keeps it no longer. */
const MAX_AGE = '7200';

/**
 * The answer to a preflight, and to an upgrade from a foreign page; null: the request goes on. Throws `FORBIDDEN` for any
 * other request from a foreign page, its preflight included: so the log has the refusal, and says what the request would get.
 */
export function answerOrigin(request: Request, url: URL, rules: OriginRules): Response | null {
  const problem = originProblem(request, url, rules);
  if (problem !== null && isUpgrade(request)) {
    return new Response(`${problem}\n`, { status: 403, headers: { 'content-type': 'text/plain; charset=utf-8' } });
  }
  if (problem !== null) throw new GatewayError({ code: 'FORBIDDEN', message: problem, retryable: false });
  if (request.method !== 'OPTIONS') return null;
  return new Response(null, {
    status: 204,
    headers: {
      allow: METHODS,
      ...(request.headers.has('access-control-request-method') && {
        'access-control-allow-methods': METHODS,
        'access-control-allow-headers': REQUEST_HEADERS,
        'access-control-max-age': MAX_AGE,
      }),
    },
  });
}

/**
 * An answer of `/graphql`, whoever made it, with what lets a page of an allowed origin read it. Never with credentials: a
 * token is sent by the page, or not at all. The answer to every origin says that it depends on it.
 */
export function withCors(answer: Response, request: Request, corsOrigins: readonly string[]): Response {
  const origin = request.headers.get('origin');
  return withHeaders(answer, (headers) => {
    if (headers.get('vary') !== VARY) headers.set('vary', VARY);
    if (origin === null || !corsOrigins.includes(origin)) return;
    headers.set('access-control-allow-origin', origin);
    headers.set('access-control-expose-headers', EXPOSED);
  });
}
