import type { MiddlewareHandler } from 'hono';
import { secureHeaders } from 'hono/secure-headers';

type Options = NonNullable<Parameters<typeof secureHeaders>[0]>;

/** No answer is a page: shown as one, it loads nothing, runs nothing and stands in no frame. */
const OPTIONS: Options = {
  contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
  permissionsPolicy: { camera: [], geolocation: [], microphone: [], payment: [], usb: [] },
  // For browsers that do not know frame-ancestors.
  xFrameOptions: 'DENY',
  // Headers for pages.
  crossOriginOpenerPolicy: false,
  originAgentCluster: false,
  xDnsPrefetchControl: false,
  xDownloadOptions: false,
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
};

const HSTS = 'max-age=31536000; includeSubDomains';

/** Sets the headers that keep browsers from sniffing, framing, embedding and caching an answer. */
export function securityHeaders(): MiddlewareHandler {
  const overTls = secureHeaders({ ...OPTIONS, strictTransportSecurity: HSTS });
  const overHttp = secureHeaders({ ...OPTIONS, strictTransportSecurity: false });
  return async (c, next) => {
    const { protocol, hostname } = new URL(c.req.url);
    // A browser would apply HSTS to every server of a developer at localhost, whatever its port.
    const isPublicTls = protocol === 'https:' && hostname !== 'localhost';
    await (isPublicTls ? overTls : overHttp)(c, next);
    // Streams forbid transformations, too.
    if (!c.res.headers.has('cache-control')) c.res.headers.set('cache-control', 'private, no-store');
  };
}
