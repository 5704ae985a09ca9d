import { type Failure, GatewayError } from '../errors.ts';

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
