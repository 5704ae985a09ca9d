/**
 * The errors that clients see.
 *
 * @module
 */

/** Stable codes, sent as `extensions.code`. Renaming one is a breaking change. */
export const ERROR_CODES = [
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'BAD_USER_INPUT',
  'CONFLICT',
  'CONTENT_REJECTED',
  'QUOTA_EXHAUSTED',
  'RATE_LIMITED',
  'UPSTREAM_UNAVAILABLE',
  'UPSTREAM_MISCONFIGURED',
  'QUERY_TOO_COMPLEX',
  'INTERNAL',
] as const;

/** A code of `ERROR_CODES`. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** One problem of an input. The path starts with the argument, as in `['input', 'name']`. The message states what is allowed. */
export interface Issue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** An error as plain data. Durable Objects return it, because RPC loses error classes. */
export interface Failure {
  readonly code: ErrorCode;
  /** Clients see the message. It has no secret, no stack and no internal name. */
  readonly message: string;
  /** Whether the same call, unchanged, may succeed later. */
  readonly retryable: boolean;
  /** The time to wait before a retry, in milliseconds, if it is known. */
  readonly retryAfterMs?: number;
  /** Kling's business code, if Kling refused the request. */
  readonly klingCode?: number;
  /** Kling's id of the refused request, for its support. */
  readonly klingRequestId?: string;
  /** All problems of the input. Only `BAD_USER_INPUT` has them. */
  readonly issues?: readonly Issue[];
}

/** An error that clients may see. Any other thrown error is a bug: it is logged, and clients see `INTERNAL`. */
export class GatewayError extends Error {
  override readonly name: string = 'GatewayError';
  readonly failure: Failure;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(failure.message, options);
    this.failure = failure;
  }
}

/** Creates the error for a refused input. It has all issues, and its message names the first. */
export function badUserInput(issues: readonly [Issue, ...Issue[]]): GatewayError {
  const [first] = issues;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  return new GatewayError({
    code: 'BAD_USER_INPUT',
    message: `${first.path.join('.')}: ${first.message}${more}`,
    retryable: false,
    issues,
  });
}

/** Creates the error for a task or voice that is missing or belongs to another tenant. The caller cannot tell which. */
export function notFound(type: 'task' | 'voice'): GatewayError {
  return new GatewayError({ code: 'NOT_FOUND', message: `There is no such ${type}.`, retryable: false });
}
