import { withHeaders } from './answer-headers.ts';

/** An answer of the API is no page: shown as one, it loads nothing, runs nothing and stands in no frame. */
const API_CONTENT_POLICY = "default-src 'none'; frame-ancestors 'none'";

const HEADERS = [
  ['x-content-type-options', 'nosniff'],
  ['referrer-policy', 'no-referrer'],
  // For what knows no frame-ancestors.
  ['x-frame-options', 'DENY'],
  // Against embedding by no-cors. What CORS lets a page read is not asked for it: https://fetch.spec.whatwg.org/#cross-origin-resource-policy-header
  ['cross-origin-resource-policy', 'same-origin'],
  ['permissions-policy', 'camera=(), geolocation=(), microphone=(), payment=(), usb=()'],
] as const;

const HSTS = 'max-age=31536000; includeSubDomains';

/**
 * The headers of an answer with those below among them. For answers that are made often: a copy of the whole costs a
 * fraction of what it takes to set one after another.
 */
export function createSecuredHeaders(own: Readonly<Record<string, string>>): Headers {
  return new Headers({ ...Object.fromEntries(HEADERS), 'content-security-policy': API_CONTENT_POLICY, ...own });
}

/**
 * Every answer's headers against what a browser could be made to do with it. It is kept by no cache unless it says for how
 * long. `contentPolicy` is for an answer that is a page.
 */
export function withSecurityHeaders(answer: Response, url: URL, contentPolicy: string = API_CONTENT_POLICY): Response {
  return withHeaders(answer, (headers) => {
    if (headers.get('content-security-policy') !== contentPolicy) {
      for (const [name, value] of HEADERS) headers.set(name, value);
      headers.set('content-security-policy', contentPolicy);
    }
    if (!headers.has('cache-control')) headers.set('cache-control', 'private, no-store');
    // A browser would hold every other server of the developer's to it, at whatever port.
    if (url.protocol === 'https:' && url.hostname !== 'localhost') headers.set('strict-transport-security', HSTS);
  });
}
