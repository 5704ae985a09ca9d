import { type ErrorCode, type Failure, GatewayError } from '../errors.ts';
import type { Envelope } from './envelope.ts';

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
    super({ ...failure, isFromKling: true }, options);
    this.outcome = outcome;
  }
}

/** The end of the message of every `UNKNOWN` failure, except those of reads. */
export const MAY_HAVE_ACTED = ' Kling may have acted on the request all the same.';

/** The length of Kling's text that a message quotes, and the length that is read at all, in UTF-16 units. */
const QUOTE_LENGTH_MAX = 300;
const TEXT_LENGTH_MAX = 2000;
/** The shortest wait after a 1302 or 1303. Source: Kling docs, "Rate Limits", 2026-09: exponential, from 1 s. */
const RATE_LIMITED_WAIT_MS = 1000;

/** The smallest clock difference that explains a refusal. An answer may be some seconds old. */
const SKEW_MS_MIN = 60_000;
/** The codes of a token that is not yet valid or has expired. */
const TIME_CODES: ReadonlySet<number> = new Set([1003, 1004]);

/** A refusal, and the facts of the refused request. */
interface RefusedRequest {
  readonly envelope: Envelope;
  readonly httpStatus: number;
  /** True for a read, which may be retried after a fault inside Kling. */
  readonly isRead: boolean;
  readonly credentialKind: CredentialKind;
  readonly host: string;
  /** See `clockSkewMs`. */
  readonly clockSkewMs: number | null;
}

/** Maps an envelope that is not `ok` to an error for the client of the gateway. */
export function toKlingError(request: RefusedRequest): KlingError {
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

/** The kind of credential that the gateway sends, for messages and logs. */
export type CredentialKind = 'ACCESS_KEY' | 'API_KEY';

/** Leaves Kling's text out: it mentions AccessKeys even if an API key was sent (live). */
function credentialHint(kind: CredentialKind, host: string): string {
  const sent = kind === 'API_KEY' ? 'the static API key' : 'a token signed with the AccessKey and SecretKey';
  return (
    ` The gateway sent ${sent} to ${host}. Keys belong to one console and its host, so a right key at the wrong host` +
    ' looks the same.'
  );
}

/** The answer of an edge, and the facts for the message. */
interface EdgeAnswer {
  readonly httpStatus: number;
  readonly credentialKind: CredentialKind;
  readonly host: string;
}

const NOTHING_MADE = "The answer carries no code of Kling's, so nothing was made or charged.";

/** Returns the error for a status without an envelope; null if Kling may have acted. */
export function toEdgeError({ httpStatus, credentialKind, host }: EdgeAnswer, cause: unknown): KlingError | null {
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

/**
 * `NEVER`: the refusal is permanent. `FRESH_TOKEN`: any call may be sent once more with a new token, because Kling did
 * nothing. `LATER`: refused for now. `READS`: a fault inside Kling, after which only a read may be sent again.
 */
type RetryPolicy = 'NEVER' | 'FRESH_TOKEN' | 'LATER' | 'READS';

/** The meaning of one of Kling's business codes to a client of the gateway. */
interface ErrorRow {
  readonly code: ErrorCode;
  readonly retry: RetryPolicy;
  readonly message: string;
  /** Adds Kling's text to the message. It says what the client can correct. */
  readonly quotesKling?: true;
  /** Adds the kind of credential and the host to the message: one of them is the cause. */
  readonly namesCredential?: true;
}

const AUTHENTICATION = { code: 'UPSTREAM_MISCONFIGURED', namesCredential: true } as const;

/**
 * The business codes that Kling documents. They decide, not the HTTP status: a 429 may be permanent or temporary.
 * Source: Kling docs, "Error codes", 2026-09; 1201 and 1102 also as recorded from live calls.
 */
export const ERROR_TABLE: ReadonlyMap<number, ErrorRow> = new Map<number, ErrorRow>([
  [1000, { ...AUTHENTICATION, retry: 'NEVER', message: 'Kling did not authenticate the gateway.' }],
  [1001, { ...AUTHENTICATION, retry: 'NEVER', message: 'Kling found no credential in the request.' }],
  [1002, { ...AUTHENTICATION, retry: 'NEVER', message: "Kling does not accept the gateway's credential." }],
  [1003, { ...AUTHENTICATION, retry: 'FRESH_TOKEN', message: "Kling considers the gateway's token not yet valid." }],
  [1004, { ...AUTHENTICATION, retry: 'FRESH_TOKEN', message: "Kling considers the gateway's token expired." }],
  [
    1100,
    { code: 'UPSTREAM_MISCONFIGURED', retry: 'NEVER', message: "Kling reports the gateway's account as abnormal." },
  ],
  [1101, { code: 'QUOTA_EXHAUSTED', retry: 'NEVER', message: "The gateway's account at Kling is in arrears." }],
  [1102, { code: 'QUOTA_EXHAUSTED', retry: 'NEVER', message: 'The resource pack at Kling is used up or expired.' }],
  [
    1103,
    {
      code: 'UPSTREAM_MISCONFIGURED',
      retry: 'NEVER',
      message: "The gateway's account at Kling has no permission for this API or model.",
    },
  ],
  [1200, { code: 'BAD_USER_INPUT', retry: 'NEVER', message: 'Kling refused the parameters.', quotesKling: true }],
  [1201, { code: 'BAD_USER_INPUT', retry: 'NEVER', message: 'Kling refused a parameter.', quotesKling: true }],
  [
    1202,
    { code: 'UPSTREAM_MISCONFIGURED', retry: 'NEVER', message: 'Kling does not know the method that was called.' },
  ],
  [1203, { code: 'NOT_FOUND', retry: 'NEVER', message: 'Kling has nothing under this id.' }],
  [
    1300,
    { code: 'CONTENT_REJECTED', retry: 'NEVER', message: "It is against Kling's platform policy.", quotesKling: true },
  ],
  [
    1301,
    {
      code: 'CONTENT_REJECTED',
      retry: 'NEVER',
      message: "Kling's content policy refused the input.",
      quotesKling: true,
    },
  ],
  [1302, { code: 'RATE_LIMITED', retry: 'LATER', message: 'Kling gets too many requests from this gateway.' }],
  [1303, { code: 'RATE_LIMITED', retry: 'LATER', message: 'All concurrent tasks of the resource pack are in use.' }],
  [
    1304,
    {
      code: 'UPSTREAM_MISCONFIGURED',
      retry: 'NEVER',
      message: "The gateway's IP address is not on the allow list at Kling.",
    },
  ],
  [5000, { code: 'UPSTREAM_UNAVAILABLE', retry: 'READS', message: 'Kling reports an internal error.' }],
  [5001, { code: 'UPSTREAM_UNAVAILABLE', retry: 'READS', message: 'Kling is under maintenance.' }],
  [5002, { code: 'UPSTREAM_UNAVAILABLE', retry: 'READS', message: 'Kling reports an internal timeout.' }],
]);

/**
 * The causes other than a bad parameter that 1200 and 1201 report in their text. Such a text holds ids and is not quoted.
 * Source: live calls, recorded 2025-12 to 2026-09; the documented code for a missing task is 404 / 1203.
 */
const LIVE_TEXTS: readonly { readonly pattern: RegExp; readonly row: ErrorRow }[] = [
  {
    pattern: /task not found by/i,
    row: { code: 'NOT_FOUND', retry: 'NEVER', message: 'Kling has no task under this id.' },
  },
  {
    pattern: /external_task_id\b.{0,300}\balready exists/i,
    row: { code: 'CONFLICT', retry: 'NEVER', message: 'A task with this external id already exists at Kling.' },
  },
  {
    pattern: /already be(?:en)? deleted/i,
    row: { code: 'NOT_FOUND', retry: 'NEVER', message: 'Kling has deleted this already.' },
  },
  {
    pattern: /voice id not found/i,
    row: {
      code: 'NOT_FOUND',
      retry: 'NEVER',
      message:
        'Kling has no voice under this id. A text-to-speech voice is most often there, and does not speak the language asked for.',
    },
  },
];

/**
 * Returns the row for a refusal. An unknown code is a fault inside Kling by its band (5xxx) or HTTP status, and otherwise
 * permanent. `text` is Kling's `message`.
 */
function errorRow(klingCode: number, text: string, httpStatus: number): ErrorRow {
  if (klingCode === 1200 || klingCode === 1201) {
    const live = LIVE_TEXTS.find(({ pattern }) => pattern.test(text));
    if (live !== undefined) return live.row;
  }
  return (
    ERROR_TABLE.get(klingCode) ?? {
      code: 'UPSTREAM_UNAVAILABLE',
      retry: httpStatus >= 500 || isFaultBand(klingCode) ? 'READS' : 'NEVER',
      message: `Kling answered with a code that this gateway does not know (${klingCode}).`,
    }
  );
}

/** Returns true if Kling certainly did nothing. An unknown code proves it only with a 1xxx code and a 4xx status together. */
function isCertainRefusal(klingCode: number, httpStatus: number): boolean {
  const row = ERROR_TABLE.get(klingCode);
  if (row !== undefined) return row.retry !== 'READS';
  return klingCode >= 1000 && klingCode < 2000 && httpStatus >= 400 && httpStatus < 500;
}

/**
 * The HTTP statuses that refuse a request by themselves if the answer has no envelope: an edge in front of Kling answered,
 * and Kling has not seen the request. After any other status, Kling may have acted.
 * Source: public reports of HTML with 403, 413 and 429, and of a Spring body with 400, 2025-12 to 2026-11.
 */
const EDGE_TABLE: ReadonlyMap<number, ErrorRow> = new Map<number, ErrorRow>([
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

function misconfigured(message: string, namesCredential = false): ErrorRow {
  return { code: 'UPSTREAM_MISCONFIGURED', retry: 'NEVER', message, ...(namesCredential ? { namesCredential } : {}) };
}

/** How one HTTP request to Kling ended. */
export interface ExchangeResult {
  /**
   * `REFUSED`: by Kling's code or by an edge's HTTP status. `FAILED`: answered without a result, such as a scan without
   * faces. `CANCELLED`: by the caller.
   */
  readonly outcome: 'OK' | 'REFUSED' | 'FAILED' | 'UNREADABLE' | 'NETWORK' | 'TIMEOUT' | 'CANCELLED';
  /** Null if no answer came. */
  readonly httpStatus: number | null;
  /** Null if the answer was not an envelope. */
  readonly klingCode: number | null;
}

/** The statuses of an edge that gave up waiting for Kling. Any other 4xx without an envelope is about one request. */
const TIMED_OUT_AT_THE_EDGE: ReadonlySet<number> = new Set([408, 499]);

/**
 * Returns true if an exchange counts against Kling's health. The business code of an envelope decides: 5xxx counts, and a
 * refusal of one request (1xxx, rate limits included) does not. Without an envelope, outcome and HTTP status decide.
 */
export function isFault({ outcome, httpStatus, klingCode }: ExchangeResult): boolean {
  if (outcome === 'OK' || outcome === 'CANCELLED') return false;
  if (klingCode !== null) return isFaultCode(klingCode, httpStatus ?? 0);
  if (outcome === 'TIMEOUT' || outcome === 'NETWORK' || httpStatus === null) return true;
  return httpStatus < 400 || httpStatus >= 500 || TIMED_OUT_AT_THE_EDGE.has(httpStatus);
}

/** Code 0 is no fault: Kling answered, only in a shape that the gateway cannot use. */
function isFaultCode(klingCode: number, httpStatus: number): boolean {
  const row = ERROR_TABLE.get(klingCode);
  if (row !== undefined) return row.retry === 'READS';
  return klingCode !== 0 && (httpStatus >= 500 || isFaultBand(klingCode));
}

function isFaultBand(klingCode: number): boolean {
  return klingCode >= 5000 && klingCode < 6000;
}
