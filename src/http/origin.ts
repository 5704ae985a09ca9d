import type { MiddlewareHandler } from 'hono';
import { type Config, configResultOf } from '../config/index.ts';
import { GatewayError } from '../errors.ts';
import type { AppEnv } from './log.ts';
import { isUpgrade } from './socket.ts';

export type OriginRules = Pick<Config, 'environment' | 'corsOrigins' | 'corsHeaders'> & {
  readonly callbacks: Pick<Config['callbacks'], 'publicUrl'>;
};

/**
 * Why the page that a request comes from may not ask anything; null: it may, or no page sent it (native apps, servers, curl
 * send neither header). CORS alone would only hide the answer: the request would still be run, and WebSockets know no CORS.
 */
export function originProblem(request: Request, url: URL, rules: OriginRules): string | null {
  const { environment, callbacks } = rules;
  const { publicUrl } = callbacks;
  if (environment === 'development' && publicUrl !== url.origin && isRebindable(url)) {
    return `${url.hostname} is no name of a gateway in development: use localhost, an IP address or the host of PUBLIC_URL.`;
  }
  // Apollo iOS 1 names the socket's own address, `wss://…`, which is the origin of no page.
  const origin = request.headers.get('origin')?.replace(/^ws/, 'http') ?? null;
  if (origin === null) {
    // An image, a script, a link or a no-cors fetch: a GET of another site's that names no origin.
    const site = request.headers.get('sec-fetch-site');
    const isOwn = site === null || site === 'same-origin' || site === 'none';
    return isOwn ? null : 'Pages of other sites have to ask by CORS, or by their own server.';
  }
  // Behind a proxy that ends TLS, the URL's own origin is not the one that the browser sees.
  const isKnown = origin === url.origin || origin === publicUrl || isAllowedPage(origin, url, rules);
  return isKnown ? null : 'This origin may not use the gateway. Its operator allows origins by CORS_ORIGINS.';
}

/**
 * Whether pages of this origin may read answers by CORS: those listed and, in development, pages of a dev server at
 * localhost or on the host that the gateway was asked at, as a phone in the same network sees both.
 */
export function isAllowedPage(
  origin: string,
  url: URL,
  { environment, corsOrigins }: Pick<Config, 'environment' | 'corsOrigins'>,
): boolean {
  if (corsOrigins.includes(origin)) return true;
  if (environment !== 'development' || !URL.canParse(origin)) return false;
  const page = new URL(origin);
  const isSpelt = page.origin === origin && (page.protocol === 'http:' || page.protocol === 'https:');
  return isSpelt && (page.hostname === 'localhost' || (page.hostname === url.hostname && isAddress(page.hostname)));
}

/**
 * Whether anybody who owns a domain could point this name at the developer's machine, so that their page has the gateway's
 * own origin (DNS rebinding). Over TLS the certificate would not fit.
 */
function isRebindable({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && hostname.includes('.') && !hostname.endsWith('.localhost') && !isAddress(hostname);
}

/** The hostname of a URL, which has a literal IPv4 address dotted and an IPv6 address in brackets. */
function isAddress(hostname: string): boolean {
  return hostname.startsWith('[') || /^\d+\.\d+\.\d+\.\d+$/.test(hostname);
}

const METHODS = 'GET, POST, OPTIONS';

/** Request headers of GraphQL and tracing clients. Browsers ask before a page may send one, and cache the answer. */
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
  // W3C Trace Context and Baggage, and Sentry.
  'traceparent',
  'tracestate',
  'baggage',
  'sentry-trace',
];

/** Families of headers, of which a page may send every one: Apollo's and GraphQL's client awareness, and Datadog's tracing. */
const REQUEST_HEADER = /^(?:apollographql-client|graphql-client|x-datadog)-[a-z0-9-]{1,40}$/;

/** Names of `access-control-request-headers` that are looked at: a browser sends each once, in lower case. */
const ASKED_HEADERS_MAX = 50;

/** What an answer of `/graphql` depends on, beside who asks. */
const VARY = 'Accept, Origin';

/** What a page's script may read beside the body. */
const EXPOSED = 'x-request-id, retry-after, www-authenticate';

/** In seconds. Chrome keeps it no longer. */
const MAX_AGE = '7200';

/**
 * The answer to a preflight, and to an upgrade from a foreign page; null: the request goes on. Throws `FORBIDDEN` for any
 * other request from a foreign page, its preflight included: so the log has the refusal, and says what the request would get.
 */
export function answerOrigin(request: Request, rules: OriginRules): Response | null {
  const url = new URL(request.url);
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
        'access-control-allow-headers': allowedHeaders(request, rules.corsHeaders),
        'access-control-max-age': MAX_AGE,
      }),
    },
  });
}

function allowedHeaders(request: Request, more: readonly string[]): string {
  const asked = (request.headers.get('access-control-request-headers') ?? '').split(',', ASKED_HEADERS_MAX);
  const ofFamilies = asked.map((name) => name.trim()).filter((name) => REQUEST_HEADER.test(name));
  return [...REQUEST_HEADERS, ...more, ...ofFamilies].join(', ');
}

/**
 * Lets pages of allowed origins read answers. Never with credentials: a page sends its token itself. Every answer says that
 * it depends on the origin.
 */
export function cors(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    await next();
    const { headers } = c.res;
    headers.set('vary', VARY);
    const origin = c.req.header('origin');
    const config = configResultOf(c.env);
    const url = new URL(c.req.url);
    if (origin === undefined || origin === url.origin || !config.ok || !isAllowedPage(origin, url, config.config))
      return;
    headers.set('access-control-allow-origin', origin);
    headers.set('access-control-expose-headers', EXPOSED);
  };
}
