import type { Credentials } from './credentials.ts';
import type { ErrorRow } from './errors.ts';
import { KlingError } from './kling-error.ts';
import { credentialHint, RATE_LIMITED_WAIT_MS } from './refusal.ts';

const NOTHING_MADE = "The answer carries no code of Kling's, so nothing was made or charged.";

/**
 * The HTTP statuses that refuse a request by themselves if the answer has no envelope: an edge in front of Kling answered,
 * and Kling has not seen the request. After any other status, Kling may have acted.
 * Source: public reports of HTML with 403, 413 and 429, and of a Spring body with 400, 2025-12 to 2026-11.
 */
export const EDGE_TABLE: ReadonlyMap<number, ErrorRow> = new Map<number, ErrorRow>([
  [400, { code: 'BAD_USER_INPUT', retry: 'NEVER', message: "Kling's edge refused the request as malformed." }],
  [401, misconfigured("Kling's edge did not authenticate the gateway.", true)],
  [403, misconfigured("Kling's edge does not let the gateway's requests through.", true)],
  [404, misconfigured("Kling's edge does not know the address that was called.")],
  [405, misconfigured("Kling's edge does not take the method that was called.")],
  [413, { code: 'BAD_USER_INPUT', retry: 'NEVER', message: "Kling's edge refused the request as too large." }],
  [414, misconfigured("Kling's edge refused the address as too long.")],
  [415, misconfigured("Kling's edge does not take the type of the request's body.")],
  [422, { code: 'BAD_USER_INPUT', retry: 'NEVER', message: "Kling's edge cannot process the request's content." }],
  [429, { code: 'RATE_LIMITED', retry: 'LATER', message: "Kling's edge gets too many requests from this gateway." }],
]);

/** The answer of an edge, and the facts for the message. */
export interface EdgeRequest {
  readonly httpStatus: number;
  readonly credentialKind: Credentials['kind'];
  readonly host: string;
}

/** Returns the error for a status without an envelope; null if Kling may have acted. */
export function toEdgeRefusal({ httpStatus, credentialKind, host }: EdgeRequest, cause: unknown): KlingError | null {
  const row = EDGE_TABLE.get(httpStatus);
  if (row === undefined) return null;
  const isLater = row.retry === 'LATER';
  const hint = row.namesCredential === true ? credentialHint(credentialKind, host) : '';
  return new KlingError(
    'REFUSED',
    {
      code: row.code,
      message: `${row.message} It answered with HTTP ${httpStatus}. ${NOTHING_MADE}${hint}`,
      retryable: isLater,
      ...(isLater ? { retryAfterMs: RATE_LIMITED_WAIT_MS } : {}),
    },
    { cause },
  );
}

function misconfigured(message: string, namesCredential = false): ErrorRow {
  return { code: 'UPSTREAM_MISCONFIGURED', retry: 'NEVER', message, ...(namesCredential ? { namesCredential } : {}) };
}
