import type { Config } from '../config.ts';

export type OriginRules = Pick<Config, 'environment' | 'corsOrigins'> & {
  readonly callbacks: Pick<Config['callbacks'], 'publicUrl'>;
};

/**
 * Why the page that a request comes from may not ask anything; null: it may, or no page sent it (native apps, servers, curl
 * send neither header). CORS alone would only hide the answer: the request would still be run, and WebSockets know no CORS.
 */
export function originProblem(request: Request, url: URL, rules: OriginRules): string | null {
  const { environment, corsOrigins, callbacks } = rules;
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
  const isKnown = origin === url.origin || origin === publicUrl || corsOrigins.includes(origin);
  return isKnown ? null : 'This origin may not use the gateway. Its operator allows origins by CORS_ORIGINS.';
}

/**
 * Whether anybody who owns a domain could point this name at the developer's machine, so that their page has the gateway's
 * own origin (DNS rebinding). Over TLS the certificate would not fit.
 */
function isRebindable({ protocol, hostname }: URL): boolean {
  return (
    protocol === 'http:' &&
    hostname.includes('.') &&
    !hostname.endsWith('.localhost') &&
    !/^\d+\.\d+\.\d+\.\d+$/.test(hostname)
  );
}
