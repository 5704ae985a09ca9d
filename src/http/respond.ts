import { type ErrorCode, type Failure, GatewayError } from '../errors.ts';
import { toRefusal } from '../graphql/errors.ts';
import { logBug, type Log } from '../lib/log.ts';
import type { RequestTrace } from './log.ts';

/** The HTTP status of a request that failed as a whole, before any of it was executed. */
const STATUS = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  BAD_USER_INPUT: 400,
  CONFLICT: 409,
  CONTENT_REJECTED: 422,
  QUOTA_EXHAUSTED: 402,
  RATE_LIMITED: 429,
  UPSTREAM_UNAVAILABLE: 503,
  UPSTREAM_MISCONFIGURED: 503,
  QUERY_TOO_COMPLEX: 400,
  INTERNAL: 500,
} as const satisfies Record<ErrorCode, number>;

interface FailureResponseOptions {
  readonly requestId: string;
  /** By the code, if it is not given. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** What the client accepts; null: it did not say. */
  readonly accept?: string | null;
}

/** Under this name clients read the errors beside a 401 or 429 too; under `application/json` they see a status alone. */
const GRAPHQL_RESPONSE = 'application/graphql-response+json';

/** A failure in GraphQL's shape, for answers that no GraphQL server made. */
export function failureResponse(
  failure: Failure,
  { requestId, status, headers, accept }: FailureResponseOptions,
): Response {
  const { code, retryAfterMs } = failure;
  const { errors } = toRefusal(failure, requestId);
  return Response.json(
    { errors },
    {
      status: status ?? STATUS[code],
      headers: {
        // RFC 6750, 3.
        ...(code === 'UNAUTHENTICATED' && { 'www-authenticate': 'Bearer' }),
        ...(accept?.includes(GRAPHQL_RESPONSE) && { 'content-type': `${GRAPHQL_RESPONSE}; charset=utf-8` }),
        ...(retryAfterMs !== undefined && { 'retry-after': String(Math.ceil(retryAfterMs / 1_000)) }),
        ...headers,
      },
    },
  );
}

/** Answers a request whose handler threw. A bug is logged with its stack; its client sees `INTERNAL` and nothing else. */
export function answerFailure(
  error: unknown,
  request: Request,
  { requestId, notes }: RequestTrace,
  log: Log,
): Response {
  const isKnown = error instanceof GatewayError;
  if (!isKnown) logBug(log, requestId, error, notes.tenant);
  const failure: Failure = isKnown ? error.failure : { code: 'INTERNAL', message: 'Internal error', retryable: false };
  notes.errorCodes = [failure.code];
  return failureResponse(failure, { requestId, accept: request.headers.get('accept') });
}
