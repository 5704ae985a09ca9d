/**
 * What the gateway reports when it does not do what it was asked to.
 *
 * @module
 */

/** Stable codes, sent as `extensions.code`. Adding one is a feature; renaming one is a breaking change. */
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

export type ErrorCode = (typeof ERROR_CODES)[number];

/** One thing that is wrong with an input: where (from the argument down, as in `['input', 'name']`), and what is allowed. */
export interface Issue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** A failure as plain data: it crosses an object's RPC boundary, where error classes are lost. */
export interface Failure {
  readonly code: ErrorCode;
  /** Safe to show to the caller: no secret, no stack, no internal name. */
  readonly message: string;
  /** Whether the same call, unchanged, may succeed later. */
  readonly retryable: boolean;
  /** How long to wait before that, in milliseconds; set only where it is known. */
  readonly retryAfterMs?: number;
  /** Kling's business code, where Kling refused. */
  readonly klingCode?: number;
  /** Kling's id of the refused request, for its support. */
  readonly klingRequestId?: string;
  /** Everything that is wrong with the input; only with `BAD_USER_INPUT`. */
  readonly issues?: readonly Issue[];
}

/** A failure whose message is safe to show. Anything else that is thrown is a bug, is masked, and is logged. */
export class GatewayError extends Error {
  override readonly name: string = 'GatewayError';
  readonly failure: Failure;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(failure.message, options);
    this.failure = failure;
  }
}

/** The one error for a refused input: it carries every problem, and its message names the first. */
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
