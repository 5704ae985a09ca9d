import { GatewayError } from '../errors.ts';

/** The `period` in wrangler.toml. The binding does not say when a request is allowed again. After a period it always is. */
const PERIOD_MS = 10_000;

/** Returns the part of an address that identifies a subscriber: all of IPv4, or the first 64 bits of IPv6, in one spelling. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  // An IPv4 address mapped into IPv6, such as ::ffff:203.0.113.7.
  const mapped = address.slice(address.lastIndexOf(':') + 1);
  if (mapped.includes('.')) return mapped;
  const [head = '', tail] = address.toLowerCase().split('::', 2);
  const [before, after] = [head, tail ?? ''].map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = tail === undefined ? 0 : 8 - (before?.length ?? 0) - (after?.length ?? 0);
  const groups = [...(before ?? []), ...Array.from({ length: Math.max(zeros, 0) }, () => '0'), ...(after ?? [])];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}

/** Returns the network of a request's client. Returns null if no trustworthy header names it, as in local development. */
export function clientNetworkOf({ headers }: Request): string | null {
  // Cloudflare overwrites this header. A client can forge any other.
  const address = headers.get('cf-connecting-ip') ?? '';
  return address === '' ? null : networkOf(address);
}

/** Counts a request of `key`. Throws `RATE_LIMITED` if it has sent too many. */
export type RequestRate = (key: string) => Promise<void>;

/**
 * Creates the function from Cloudflare's rate-limit binding, which needs no network call. Without a binding, as in a bare
 * workerd, it counts nothing. The configuration refuses production without it.
 */
export function createRequestRate(binding: RateLimit | null): RequestRate {
  return async (key) => {
    if (binding === null || (await binding.limit({ key })).success) return;
    throw new GatewayError({
      code: 'RATE_LIMITED',
      message: 'Too many requests.',
      retryable: true,
      retryAfterMs: PERIOD_MS,
    });
  };
}
