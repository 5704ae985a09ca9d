import type { ErrorCode } from '../errors.ts';
import type { KlingExchangeEvent } from './attempt.ts';

/**
 * `NEVER`: permanent until somebody changes something. `FRESH_TOKEN`: once more, with a token minted anew; anything may
 * be sent again, since it was refused. `LATER`: refused for now. `READS`: a fault inside Kling; what acts may have acted.
 */
export type RetryPolicy = 'NEVER' | 'FRESH_TOKEN' | 'LATER' | 'READS';

/** What one of Kling's business codes means to the gateway's caller. */
export interface ErrorRow {
  readonly code: ErrorCode;
  readonly retry: RetryPolicy;
  readonly message: string;
  /** Kling's own text is added: it says what the caller can mend. */
  readonly quotesKling?: true;
  /** The kind of credential and the host are added: the cause is among them. */
  readonly namesCredential?: true;
}

const AUTHENTICATION = { code: 'UPSTREAM_MISCONFIGURED', namesCredential: true } as const;

/**
 * Every business code that Kling documents. The code decides, never the HTTP status: 429 alone has permanent and passing
 * causes. Source: Kling docs, "Error codes", 2026-09; 1201 and 1102 also as recorded from live calls.
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
 * What 1200 and 1201 hide in their text: other causes than a bad parameter. Kling's text is not quoted then, since it
 * holds ids. Source: live calls, recorded 2025-12 to 2026-09; the documented code for a missing task is 404 / 1203.
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
 * The row for a refusal, known or not. An unknown code is judged by its band and the HTTP status: a fault inside Kling
 * may pass, anything else is taken for permanent. `text` is Kling's `message`.
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

/** Whether Kling certainly did nothing. An unknown code says so only from the 1xxx band and with a 4xx status together. */
export function isCertainRefusal(klingCode: number, httpStatus: number): boolean {
  const row = ERROR_TABLE.get(klingCode);
  if (row !== undefined) return row.retry !== 'READS';
  return klingCode >= 1000 && klingCode < 2000 && httpStatus >= 400 && httpStatus < 500;
}

/** A request that an edge gave up on. Any other 4xx without an envelope is its answer to that one request. */
const TIMED_OUT_AT_THE_EDGE: ReadonlySet<number> = new Set([408, 499]);

/**
 * Whether an exchange counts against Kling's health. By the business code where there is an envelope: 5xxx does, a refusal
 * of one request (1xxx, the rate limits among them) does not. Without one, by what was met instead.
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

/** With code 0 Kling answered, and only this answer has a shape that the gateway cannot use. */
function isFaultCode(klingCode: number, httpStatus: number): boolean {
  const row = ERROR_TABLE.get(klingCode);
  if (row !== undefined) return row.retry === 'READS';
  return klingCode !== 0 && (httpStatus >= 500 || isFaultBand(klingCode));
}

function isFaultBand(klingCode: number): boolean {
  return klingCode >= 5000 && klingCode < 6000;
}
