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
