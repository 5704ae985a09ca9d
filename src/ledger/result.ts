import { type Failure, GatewayError } from '../errors.ts';
import type { Log } from '../lib/log.ts';

/** An expected outcome that crosses an RPC boundary, where a thrown error would lose its class. */
export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure };

/** Returns a `GatewayError` as data. Any other error is a bug: it is thrown, and becomes an internal error. */
export async function toResult<T>(work: () => T | Promise<T>): Promise<Result<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    if (error instanceof GatewayError) return { ok: false, failure: error.failure };
    throw error;
  }
}

/** Returns the value, or throws the failure as a `GatewayError`. */
export function fromResult<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new GatewayError(result.failure);
}

/** Shown for a call that may be repeated as it is. */
export const INTERRUPTED: Failure = {
  code: 'UPSTREAM_UNAVAILABLE',
  message: 'The gateway was interrupted. Repeat the call.',
  retryable: true,
  retryAfterMs: 1_000,
};

/** Awaits a call to an object. Throws `failure`, or `INTERRUPTED`, if the object was lost during the call. */
export type Reach = <C extends PromiseLike<unknown>>(call: C, failure?: Failure) => Promise<Awaited<C>>;

/** Creates the function that awaits calls to ledgers. It logs each ledger that was lost during a call. */
export function createReach(log: Log, requestId?: string): Reach {
  return async function reach<C extends PromiseLike<unknown>>(call: C, failure = INTERRUPTED): Promise<Awaited<C>> {
    try {
      return await call;
    } catch (error) {
      if (!isLost(error)) throw error;
      log({ level: 'warn', message: 'ledger lost during a call', requestId, cause: String(error) });
      throw new GatewayError(failure, { cause: error });
    }
  };
}

/** An error of a call to an object, with the properties that the runtime gives it. */
interface CallError extends Error {
  readonly remote?: boolean;
  readonly retryable?: boolean;
  readonly overloaded?: boolean;
  readonly durableObjectReset?: boolean;
}

/**
 * Returns true if an object was reset, as by a deployment, or is overloaded or out of reach. It may have carried the call
 * out. `remote` marks an error that the object's own code has thrown, which is a bug.
 * Source: Cloudflare docs, "Durable Objects, Error handling", 2026-11. `durableObjectReset` is set by workerd, 2026-11.
 */
function isLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { remote, retryable, overloaded, durableObjectReset }: CallError = error;
  return remote !== true && (retryable === true || overloaded === true || durableObjectReset === true);
}
