import type { Failure } from '../errors.ts';
import type { Credentials } from './credentials.ts';
import type { Envelope } from './envelope.ts';
import { errorRow, isCertainRefusal } from './error-table.ts';
import { KlingError, MAY_HAVE_ACTED } from './kling-error.ts';

/** How much of Kling's text a message quotes, in UTF-16 units, and how much of it is looked at. */
const QUOTE_LENGTH_MAX = 300;
const TEXT_LENGTH_MAX = 2000;
/** The least wait after a 1302 or 1303. Source: Kling docs, "Rate Limits", 2026-09: exponential, from 1 s. */
export const RATE_LIMITED_WAIT_MS = 1000;

/** Clocks that differ by less are not the cause: an answer may be some seconds old. */
const SKEW_MS_MIN = 60_000;
/** The codes of a token that is not yet valid, or has expired. */
const TIME_CODES: ReadonlySet<number> = new Set([1003, 1004]);

/** A refusal and what is known of the request that met it. */
export interface RefusedRequest {
  readonly envelope: Envelope;
  readonly httpStatus: number;
  /** Whether it was a read, so that a fault inside Kling may be retried. */
  readonly isRead: boolean;
  readonly credentialKind: Credentials['kind'];
  readonly host: string;
  /** As `clockSkewMs` tells it; null when the clocks agree, or it is not about them. */
  readonly clockSkewMs: number | null;
}

/** An envelope that is not `ok`, as the error that the gateway's caller sees. */
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

/** ` Kling says: ...`, made safe to show: one line, no control or formatting characters, cut to length. Empty for no text. */
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
 * How far the gateway's clock is ahead of Kling's, in milliseconds; negative if it is behind. Null unless Kling refused a
 * token for its times and the answer's `Date` header differs by over 60 s.
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

/** Kling's own text is left out: it may speak of AccessKeys to one who sent an API key (live). */
export function credentialHint(kind: Credentials['kind'], host: string): string {
  const sent = kind === 'API_KEY' ? 'the static API key' : 'a token signed with the AccessKey and SecretKey';
  return (
    ` The gateway sent ${sent} to ${host}. Keys belong to one console and its host, so a right key at the wrong host` +
    " looks the same. Kling's own text for this is not diagnostic and is not repeated."
  );
}
