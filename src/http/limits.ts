/** The limits of what one isolate takes: large bodies at once, and requests at a rate. */

import { GatewayError } from '../errors.ts';
import { requestFailure } from '../graphql/errors.ts';

/** The most large bodies in one isolate at once. 4 of 8 MB take a quarter of its 128 MB. */
export const LARGE_BODIES_MAX = 4;

/** The longest time that a request keeps its place: 60 s for its body, and 30 s for its response. */
const PLACE_MS_MAX = 90_000;

const RETRY_AFTER_MS = 2_000;

/** The dependencies of `createLargeBodies`. */
export interface LargeBodiesDeps {
  /** Counts a large body of a tenant. Throws `RATE_LIMITED` past the tenant's rate. */
  readonly takeRate: (tenant: string) => Promise<void>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** The places for large bodies in one isolate. A request keeps its place until it is answered, or its client disconnects. */
export interface LargeBodies {
  /**
   * Takes a place for the body of a request, before it is read. Throws a request error if no place is free (503), or if
   * the tenant has sent too many large bodies (429).
   */
  enter(request: Request, tenant: string): Promise<void>;
  /** Gives back the place of a request, if it has one. */
  leave(request: Request): void;
}

interface Place {
  readonly tenant: string;
  readonly untilMs: number;
}

/** Invariant: the last free place goes only to a tenant without a place, so that one tenant cannot keep all others out. */
export function createLargeBodies({ takeRate, now }: LargeBodiesDeps): LargeBodies {
  const places = new Set<Place>();
  const placeOf = new WeakMap<Request, Place>();

  function take(tenant: string): Place {
    const nowMs = now();
    for (const place of places) if (place.untilMs <= nowMs) places.delete(place);
    const hasOne = [...places].some((place) => place.tenant === tenant);
    if (places.size >= LARGE_BODIES_MAX - (hasOne ? 1 : 0)) throw busy();
    const place = { tenant, untilMs: nowMs + PLACE_MS_MAX };
    places.add(place);
    return place;
  }

  return {
    async enter(request, tenant) {
      const place = take(tenant);
      placeOf.set(request, place);
      // If the client disconnects, the Worker ends at its next await, and never calls `leave`.
      request.signal.addEventListener('abort', () => places.delete(place), { once: true });
      try {
        await takeRate(tenant);
      } catch (error) {
        places.delete(place);
        throw error instanceof GatewayError ? requestFailure(error.failure, 429) : error;
      }
    },
    leave(request) {
      const place = placeOf.get(request);
      if (place !== undefined) places.delete(place);
    },
  };
}

function busy() {
  const message = 'Too many large requests are being read. Nothing was done: send the same request again.';
  return requestFailure({ code: 'RATE_LIMITED', message, retryable: true, retryAfterMs: RETRY_AFTER_MS }, 503);
}

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

/** Cloudflare's rate-limit binding. */
export interface RateLimitBinding {
  limit(options: { readonly key: string }): Promise<{ readonly success: boolean }>;
}

/** Counts a request of `key`. Throws `RATE_LIMITED` if it has sent too many. */
export type RequestRate = (key: string) => Promise<void>;

/**
 * Creates the function from Cloudflare's rate-limit binding, which needs no network call. Without a binding, as in a bare
 * workerd, it counts nothing. The configuration refuses production without it.
 */
export function createRequestRate(binding: RateLimitBinding | null): RequestRate {
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
