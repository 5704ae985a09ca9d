import type { MiddlewareHandler } from 'hono';
import { type Config, configResultOf } from '../config/index.ts';
import { GatewayError } from '../errors.ts';
import type { AppEnv } from './log.ts';
import { respond } from './respond.ts';

/** The settings that decide which pages may use the gateway. */
export type OriginRules = Pick<Config, 'environment' | 'corsOrigins' | 'corsHeaders'> & {
  readonly callbacks: Pick<Config['callbacks'], 'publicUrl'>;
};

/** The rights of pages on a route: which requests they may send, and which headers of responses they read. */
export interface RouteAccess {
  readonly methods: string;
  /** The request headers that a page may send, in lower case. */
  readonly requestHeaders: readonly string[];
  /** The response headers that a page's script may read. */
  readonly exposed: string;
  /** The request headers that a response depends on. */
  readonly vary: string;
  /** The headers of every response to OPTIONS. */
  readonly offer?: Readonly<Record<string, string>>;
}

/**
 * Answers a preflight, and an upgrade from a page of a foreign origin. Returns null for a request that may go on. Throws
 * `FORBIDDEN` for any other request from a foreign page, also for its preflight: the log then has the refusal.
 */
export function answerOrigin(
  request: Request,
  rules: OriginRules,
  access: RouteAccess = GRAPHQL_ACCESS,
): Response | null {
  const url = new URL(request.url);
  const problem = originProblem(request, url, rules);
  if (problem !== null && isUpgrade(request)) return respond({ status: 403, body: problem });
  if (problem !== null) throw new GatewayError({ code: 'FORBIDDEN', message: problem, retryable: false });
  if (request.method !== 'OPTIONS') return null;
  return respond({
    status: 204,
    body: null,
    headers: {
      ...access.offer,
      allow: access.methods,
      ...(request.headers.has('access-control-request-method') && {
        'access-control-allow-methods': access.methods,
        'access-control-allow-headers': allowedHeaders(request, access, rules.corsHeaders),
        'access-control-max-age': MAX_AGE,
      }),
    },
  });
}

/** Returns true if a request asks for a WebSocket. */
export function isUpgrade(request: Request): boolean {
  return request.headers.get('upgrade')?.toLowerCase() === 'websocket';
}

/**
 * Returns why the page that sent a request may not use the gateway. Returns null if it may, or if no page sent it: native
 * apps, servers and curl send neither header. CORS is not enough, because it only hides the response after the request
 * has run, and does not apply to WebSockets.
 */
export function originProblem(request: Request, url: URL, rules: OriginRules): string | null {
  const { environment, callbacks } = rules;
  const { publicUrl } = callbacks;
  if (environment === 'development' && publicUrl !== url.origin && isRebindable(url)) {
    return `${url.hostname} is no name of a gateway in development: use localhost, an IP address or the host of PUBLIC_URL.`;
  }
  // Apollo iOS 1 sends the socket's own address, `wss://…`, which is the origin of no page.
  const origin = request.headers.get('origin')?.replace(/^ws/, 'http') ?? null;
  if (origin === null) {
    // An image, script, link or no-cors fetch of another site sends a GET without an origin.
    const site = request.headers.get('sec-fetch-site');
    const isOwn = site === null || site === 'same-origin' || site === 'none';
    return isOwn ? null : 'Pages of other sites have to ask by CORS, or by their own server.';
  }
  // After a proxy that ends TLS, the URL's origin is not the one that the browser sees.
  const isKnown = origin === url.origin || origin === publicUrl || isAllowedPage(origin, url, rules);
  return isKnown ? null : 'This origin may not use the gateway. Its operator allows origins by CORS_ORIGINS.';
}

/**
 * Returns true if pages of this origin may read responses by CORS: the listed ones and, in development, pages of a dev
 * server at localhost or on the gateway's own host. A phone in the same network sees both on that host.
 */
function isAllowedPage(
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
 * Returns true if the owner of a domain could point this name at the developer's machine. Their page would then have the
 * gateway's own origin (DNS rebinding). Over TLS the certificate would not match.
 */
function isRebindable({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && hostname.includes('.') && !hostname.endsWith('.localhost') && !isAddress(hostname);
}

/** Returns true for a literal address. `URL` writes IPv4 with dots, and IPv6 in brackets. */
function isAddress(hostname: string): boolean {
  return hostname.startsWith('[') || /^\d+\.\d+\.\d+\.\d+$/.test(hostname);
}

/** Request headers of all clients, sent in the response to a preflight. */
const COMMON_HEADERS: readonly string[] = [
  'accept',
  'authorization',
  'cache-control',
  'content-type',
  'x-request-id',
  // W3C Trace Context and Baggage, and Sentry.
  'traceparent',
  'tracestate',
  'baggage',
  'sentry-trace',
];

/** Request headers of GraphQL clients. */
const GRAPHQL_HEADERS: readonly string[] = [
  'last-event-id',
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
];

/** Families of headers that a page may send: the client awareness of Apollo and GraphQL, and the tracing of Datadog. */
const REQUEST_HEADER = /^(?:apollographql-client|graphql-client|x-datadog)-[a-z0-9-]{1,40}$/;

/** The most names of `access-control-request-headers` that are read. A browser sends each name once, in lower case. */
const ASKED_HEADERS_MAX = 50;

/** The most seconds for which Chrome caches a preflight. */
const MAX_AGE = '7200';

function allowedHeaders(request: Request, { requestHeaders }: RouteAccess, more: readonly string[]): string {
  const asked = (request.headers.get('access-control-request-headers') ?? '').split(',', ASKED_HEADERS_MAX);
  const ofFamilies = asked.map((name) => name.trim()).filter((name) => REQUEST_HEADER.test(name));
  return [...COMMON_HEADERS, ...requestHeaders, ...more, ...ofFamilies].join(', ');
}

/** The access of pages to `/graphql`. */
const GRAPHQL_ACCESS: RouteAccess = {
  methods: 'GET, POST, OPTIONS',
  requestHeaders: GRAPHQL_HEADERS,
  exposed: 'www-authenticate',
  vary: 'Accept, Origin',
};

/** Response headers of all routes that a page's script may read. */
const EXPOSED = 'x-request-id, retry-after';

/** Lets pages of allowed origins read responses. Never allows credentials: a page sends its token itself. */
export function cors(access: RouteAccess = GRAPHQL_ACCESS): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    await next();
    const { headers } = c.res;
    headers.set('vary', access.vary);
    const origin = c.req.header('origin');
    if (origin === undefined) return;
    const config = configResultOf(c.env);
    const url = new URL(c.req.url);
    if (origin === url.origin || !config.ok || !isAllowedPage(origin, url, config.config)) return;
    headers.set('access-control-allow-origin', origin);
    headers.set('access-control-expose-headers', `${EXPOSED}, ${access.exposed}`);
  };
}
