import { ERROR_CODES, type Failure } from '../errors.ts';
import { toFailure, toRefusal, toRetryAfter } from '../graphql/errors.ts';
import type { Log } from '../lib/log.ts';
import type { RequestTrace } from './log.ts';

/** The parts of a response. */
export interface Answer {
  readonly status: number;
  /** A text is sent as plain text with a line end, and an object as JSON. A stream needs a content type. */
  readonly body: string | object | ReadableStream | null;
  /** Replaces the content type of the body. */
  readonly contentType?: string;
  /** The routes send `private, no-store` if it is missing. */
  readonly cacheControl?: string;
  /** Sent in whole seconds, rounded up. */
  readonly retryAfterMs?: number | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** The socket of a 101. */
  readonly webSocket?: WebSocket;
}

/** Makes every response of the Worker, except for those that Yoga makes. */
export function respond(answer: Answer): Response {
  const { status, body, cacheControl, retryAfterMs, headers, webSocket = null } = answer;
  const contentType = answer.contentType ?? contentTypeOf(body);
  return new Response(toBody(body), {
    status,
    webSocket,
    headers: {
      ...headers,
      ...(contentType !== null && { 'content-type': contentType }),
      ...(cacheControl !== undefined && { 'cache-control': cacheControl }),
      ...(retryAfterMs !== undefined && { 'retry-after': toRetryAfter(retryAfterMs) }),
    },
  });
}

function contentTypeOf(body: Answer['body']): string | null {
  if (body === null || body instanceof ReadableStream) return null;
  return typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json';
}

function toBody(body: Answer['body']): string | ReadableStream | null {
  if (body === null || body instanceof ReadableStream) return body;
  return typeof body === 'string' ? `${body}\n` : JSON.stringify(body);
}

/** Clients read errors next to a 401 or 429 only under this media type. Under `application/json` they report the status. */
const GRAPHQL_RESPONSE = 'application/graphql-response+json';

interface FailureOptions {
  readonly requestId: string;
  /** Replaces the status of the failure's code. */
  readonly status?: number;
  /** The client's `accept` header. */
  readonly accept?: string | null;
}

/** Makes the response of a GraphQL request that is refused before Yoga answers it. */
export function respondFailure(failure: Failure, { requestId, status, accept }: FailureOptions): Response {
  const { code, retryAfterMs } = failure;
  const { errors } = toRefusal(failure, requestId);
  return respond({
    status: status ?? ERROR_CODES[code].status,
    body: { errors },
    ...(accept?.includes(GRAPHQL_RESPONSE) && { contentType: `${GRAPHQL_RESPONSE}; charset=utf-8` }),
    retryAfterMs,
    // RFC 6750, section 3.
    headers: code === 'UNAUTHENTICATED' ? { 'www-authenticate': 'Bearer' } : {},
  });
}

/** Makes the response of a request whose handler threw. */
export function respondThrown(
  error: unknown,
  request: Request,
  { requestId, notes }: RequestTrace,
  log: Log,
): Response {
  const failure = toFailure(error, log, requestId, notes.tenant);
  notes.errorCodes = [failure.code];
  return respondFailure(failure, { requestId, accept: request.headers.get('accept') });
}
