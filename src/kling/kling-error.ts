import { GatewayError } from '../errors.ts';
import type { Failure } from '../errors.ts';

/**
 * `REFUSED`: Kling certainly did nothing and charged nothing. `UNKNOWN`: Kling may have acted, because its answer was lost,
 * is unreadable, or reports a fault. After an `UNKNOWN` create, look the task up before sending it again.
 */
export type Outcome = 'REFUSED' | 'UNKNOWN';

/**
 * The only error of the Kling client. `failure.retryable` says that the same call may succeed later. For a call that acts
 * it also says that Kling certainly did nothing.
 */
export class KlingError extends GatewayError {
  override readonly name = 'KlingError';
  readonly outcome: Outcome;

  constructor(outcome: Outcome, failure: Failure, options?: ErrorOptions) {
    super(failure, options);
    this.outcome = outcome;
  }
}

/** Thrown for an answer that cannot be decoded. The message never holds any part of the answer. */
export class UnreadableAnswer extends Error {
  override readonly name = 'UnreadableAnswer';
}

/** The end of the message of every `UNKNOWN` failure, except those of reads. */
export const MAY_HAVE_ACTED = ' Kling may have acted on the request all the same.';
