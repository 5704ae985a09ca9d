import type { ErrorCode } from '../errors.ts';
import type { KlingExchangeEvent } from './transport.ts';

/**
 * `NEVER`: the refusal is permanent. `FRESH_TOKEN`: any call may be sent once more with a new token, because Kling did
 * nothing. `LATER`: refused for now. `READS`: a fault inside Kling, after which only a read may be sent again.
 */
export type RetryPolicy = 'NEVER' | 'FRESH_TOKEN' | 'LATER' | 'READS';

/** The meaning of one of Kling's business codes to a client of the gateway. */
export interface ErrorRow {
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
  [1003, { ...AUTHENTICATION, retry: 'FRESH_TOKEN', message: "Kling takes the gateway's token for not yet valid." }],
  [1004, { ...AUTHENTICATION, retry: 'FRESH_TOKEN', message: "Kling takes the gateway's token for expired." }],
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
    { code: 'CONTENT_REJECTED', retry: 'NEVER', message: "It did not pass Kling's content safety.", quotesKling: true },
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
  [5000, { code: 'UPSTREAM_UNAVAILABLE', retry: 'READS', message: 'Kling failed inside.' }],
  [5001, { code: 'UPSTREAM_UNAVAILABLE', retry: 'READS', message: 'Kling is under maintenance.' }],
  [5002, { code: 'UPSTREAM_UNAVAILABLE', retry: 'READS', message: 'Kling timed out inside.' }],
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
export function errorRow(klingCode: number, text: string, httpStatus: number): ErrorRow {
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
export function isCertainRefusal(klingCode: number, httpStatus: number): boolean {
  const row = ERROR_TABLE.get(klingCode);
  if (row !== undefined) return row.retry !== 'READS';
  return klingCode >= 1000 && klingCode < 2000 && httpStatus >= 400 && httpStatus < 500;
}

/** The statuses of an edge that gave up waiting for Kling. Any other 4xx without an envelope is about one request. */
const TIMED_OUT_AT_THE_EDGE: ReadonlySet<number> = new Set([408, 499]);

/**
 * Returns true if an exchange counts against Kling's health. With an envelope the business code decides: a 5xxx counts, a
 * refusal of one request (1xxx, rate limits included) does not. Without one, the outcome and the HTTP status decide.
 */
export function isFault({
  outcome,
  httpStatus,
  klingCode,
}: Pick<KlingExchangeEvent, 'outcome' | 'httpStatus' | 'klingCode'>): boolean {
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
