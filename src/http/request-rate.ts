import { GatewayError } from '../errors.ts';

/** The `period` of wrangler.toml: the binding does not tell when there is room again, only that this is long enough. */
const PERIOD_MS = 10_000;

/** What one subscriber has of an address: all of IPv4, the first 64 bits of IPv6. */
export function networkOf(address: string): string {
  const [head = ''] = address.split('::');
  return address.includes(':') ? head.split(':').slice(0, 4).join(':') : address;
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
