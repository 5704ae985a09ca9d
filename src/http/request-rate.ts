import { GatewayError } from '../errors.ts';

/** The `period` of wrangler.toml: the binding does not tell when there is room again, only that this is long enough. */
const PERIOD_MS = 10_000;

/** What one subscriber has of an address: all of IPv4, the first 64 bits of IPv6, whichever way it is written. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  // Such as ::ffff:203.0.113.7
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

/** The network of a request's client; null where nobody trustworthy tells, as in local development. */
export function clientNetworkOf({ headers }: Request): string | null {
  // Cloudflare sets it, whatever a client sends. Any other header is a client's word.
  const address = headers.get('cf-connecting-ip') ?? '';
  return address === '' ? null : networkOf(address);
}

/** Throws `RATE_LIMITED` when `key` has had its share. */
export type RequestRate = (key: string) => Promise<void>;

/**
 * Cloudflare's own counter, which answers without a network call. Null outside its network, such as in a bare workerd:
 * nothing is counted there then, and the configuration refuses production without it.
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
