import type { Failure } from '../errors.ts';
import type { Credentials } from './credentials.ts';
import type { Envelope } from './envelope.ts';
import { errorRow, isCertainRefusal } from './errors.ts';
import { KlingError, MAY_HAVE_ACTED } from './kling-error.ts';

/** The length of Kling's text that a message quotes, and the length that is read at all, in UTF-16 units. */
const QUOTE_LENGTH_MAX = 300;
const TEXT_LENGTH_MAX = 2000;
/** The shortest wait after a 1302 or 1303. Source: Kling docs, "Rate Limits", 2026-09: exponential, from 1 s. */
export const RATE_LIMITED_WAIT_MS = 1000;

/** The smallest clock difference that explains a refusal. An answer may be some seconds old. */
const SKEW_MS_MIN = 60_000;
/** The codes of a token that is not yet valid or has expired. */
const TIME_CODES: ReadonlySet<number> = new Set([1003, 1004]);

/** A refusal, and the facts of the refused request. */
export interface RefusedRequest {
  readonly envelope: Envelope;
  readonly httpStatus: number;
  /** True for a read, which may be retried after a fault inside Kling. */
  readonly isRead: boolean;
  readonly credentialKind: Credentials['kind'];
  readonly host: string;
  /** The result of `clockSkewMs`. */
  readonly clockSkewMs: number | null;
}

/** Maps an envelope that is not `ok` to an error for the gateway's client. */
export function toRefusal(request: RefusedRequest): KlingError {
  const { envelope, httpStatus, isRead, credentialKind, host } = request;
  const text = envelope.message.slice(0, TEXT_LENGTH_MAX);
  const row = errorRow(envelope.code, text, httpStatus);
  const outcome = isCertainRefusal(envelope.code, httpStatus) ? 'REFUSED' : 'UNKNOWN';
  const failure: Failure = {
    code: row.code,
    message:
      row.message +
      (row.quotesKling === true ? quote(text) : '') +
      (request.clockSkewMs === null ? '' : clockHint(request.clockSkewMs)) +
      (row.namesCredential === true ? credentialHint(credentialKind, host) : '') +
      (outcome === 'UNKNOWN' && !isRead ? MAY_HAVE_ACTED : ''),
    retryable: row.retry === 'LATER' || (row.retry === 'READS' && isRead),
    ...(row.retry === 'LATER' ? { retryAfterMs: RATE_LIMITED_WAIT_MS } : {}),
    klingCode: envelope.code,
    ...(envelope.requestId === null ? {} : { klingRequestId: envelope.requestId }),
  };
  return new KlingError(outcome, failure);
}

/** Returns ` Kling says: …` on one line, without control characters and cut to length; an empty string for no text. */
export function quote(text: string): string {
  const line = text
    .slice(0, TEXT_LENGTH_MAX)
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim();
  if (line === '') return '';
  if (line.length <= QUOTE_LENGTH_MAX) return ` Kling says: ${line}`;
  return ` Kling says: ${line.slice(0, QUOTE_LENGTH_MAX - 1).toWellFormed()}…`;
}

/**
 * Returns how far the gateway's clock is ahead of Kling's, in milliseconds; negative if it is late. Returns null unless Kling
 * refused a token for its times and the `Date` header of the answer differs by more than 60 s.
 */
export function clockSkewMs(klingCode: number, dateHeader: string | null, nowMs: number): number | null {
  if (!TIME_CODES.has(klingCode) || dateHeader === null) return null;
  const skewMs = nowMs - Date.parse(dateHeader);
  return Math.abs(skewMs) > SKEW_MS_MIN ? skewMs : null;
}

function clockHint(skewMs: number): string {
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  const direction = skewMs > 0 ? 'ahead of' : 'behind';
  return ` The gateway's clock is ${seconds} s ${direction} Kling's, by the Date header of the answer: set the clock.`;
}

/** Leaves Kling's text out: it mentions AccessKeys even if an API key was sent (live). */
export function credentialHint(kind: Credentials['kind'], host: string): string {
  const sent = kind === 'API_KEY' ? 'the static API key' : 'a token signed with the AccessKey and SecretKey';
  return (
    ` The gateway sent ${sent} to ${host}. Keys belong to one console and its host, so a right key at the wrong host` +
    " looks the same. Kling's own text for this is not diagnostic and is not repeated."
  );
}
