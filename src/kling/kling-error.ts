import { GatewayError } from '../errors.ts';
import type { Failure } from '../errors.ts';

/**
 * `REFUSED`: Kling certainly did nothing, and charged nothing. `UNKNOWN`: it may have acted: the answer was lost,
 * unreadable, or speaks of a fault inside Kling. After an `UNKNOWN` create, look the task up before sending it again.
 */
export type Outcome = 'REFUSED' | 'UNKNOWN';

/**
 * The one error of the Kling client. `failure.retryable` is about the same call unchanged: for a read, that the cause
 * may pass; for anything that acts, also that Kling certainly did nothing.
 */
export class KlingError extends GatewayError {
  override readonly name = 'KlingError';
  readonly outcome: Outcome;

  constructor(outcome: Outcome, failure: Failure, options?: ErrorOptions) {
    super(failure, options);
    this.outcome = outcome;
  }
}

/** An answer that no decoder can use. `message` says what is wrong with it and never holds any part of it. */
export class UnreadableAnswer extends Error {
  override readonly name = 'UnreadableAnswer';
}

/** Ends the message of every failure that is `UNKNOWN` and not a read's. */
export const MAY_HAVE_ACTED = ' Kling may have acted on the request all the same.';
