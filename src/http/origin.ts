import type { Config } from '../config/index.ts';

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
