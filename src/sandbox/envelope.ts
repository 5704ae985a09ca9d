/** One HTTP answer, sent after a delay. */
export interface Answer {
  readonly httpStatus: number;
  readonly contentType: string;
  readonly body: string;
  readonly delayMs: number;
  /** Set if nothing is answered and the connection is held open. */
  readonly held?: Held;
}

/** A call whose connection is held open without an answer. The Worker tells its account when the connection has ended. */
export interface Held {
  readonly account: string;
  readonly requestId: string;
  /** The longest time. A client that leaves ends the connection earlier. */
  readonly forMs: number;
}

const jsonType = 'application/json; charset=utf-8';

/** Wraps data into Kling's envelope. `undefined` leaves `data` out. */
export function toSuccess(requestId: string, data: unknown, numberIds: boolean): Answer {
  const body = writeJson({ code: 0, message: 'SUCCEED', request_id: requestId, data }, numberIds);
  return { httpStatus: 200, contentType: jsonType, body, delayMs: 0 };
}

/** Wraps a refusal into Kling's envelope, which then has no data. */
export function toErrorAnswer(requestId: string, code: BusinessCode, message: string): Answer {
  const body = JSON.stringify({ code, message, request_id: requestId });
  return { httpStatus: businessCodes[code].httpStatus, contentType: jsonType, body, delayMs: 0 };
}

/** Answers nothing, and holds the connection open. */
export function toHeld(held: Held): Answer {
  return { httpStatus: 200, contentType: jsonType, body: '', delayMs: 0, held };
}

/** Builds the error page of a proxy between the client and Kling. */
export function toProxyPage(delayMs: number): Answer {
  const body =
    '<html>\n<head><title>502 Bad Gateway</title></head>\n<body><center><h1>502 Bad Gateway</h1></center></body>\n</html>\n';
  return { httpStatus: 502, contentType: 'text/html', body, delayMs };
}

/**
 * Writes JSON. `numberIds` writes ids of 18 digits as unquoted numbers, as some clients have received them. `JSON.parse`
 * corrupts such numbers.
 */
export function writeJson(value: unknown, numberIds: boolean): string {
  const text = JSON.stringify(value);
  return numberIds ? text.replaceAll(/"(\w*id)":"(\d{18})"/g, '"$1":$2') : text;
}

/** Kling's business codes, each with its HTTP status and text. Source: Kling's error table (2026-09). */
export const businessCodes = {
  1000: { httpStatus: 401, message: 'Authentication failed' },
  1001: { httpStatus: 401, message: 'Authorization is empty' },
  1002: { httpStatus: 401, message: 'Authorization is invalid' },
  1003: { httpStatus: 401, message: 'Authorization is not yet valid' },
  1004: { httpStatus: 401, message: 'Authorization has expired' },
  1100: { httpStatus: 429, message: 'Account abnormal' },
  1101: { httpStatus: 429, message: 'Account in arrears' },
  1102: { httpStatus: 429, message: 'Account balance not enough' },
  1103: { httpStatus: 403, message: 'Unauthorized access to the requested resource' },
  1200: { httpStatus: 400, message: 'Invalid request parameters' },
  1201: { httpStatus: 400, message: 'Invalid parameters' },
  1202: { httpStatus: 404, message: 'The requested method is invalid' },
  1203: { httpStatus: 404, message: 'The requested resource does not exist' },
  1300: { httpStatus: 400, message: 'Trigger platform strategy' },
  1301: { httpStatus: 400, message: 'Trigger the content security policy of the platform' },
  1302: { httpStatus: 429, message: 'The API request is too fast, exceeding the platform rate limit' },
  1303: { httpStatus: 429, message: 'parallel task over resource pack limit' },
  1304: { httpStatus: 429, message: 'Trigger the IP whitelist policy of the platform' },
  5000: { httpStatus: 500, message: 'Server internal error' },
  5001: { httpStatus: 503, message: 'Server temporarily unavailable, under maintenance' },
  5002: { httpStatus: 504, message: 'Server internal timeout' },
} as const;

/** One of Kling's codes for a call that was refused or failed. */
export type BusinessCode = keyof typeof businessCodes;

/** Whether Kling's table has this code. */
export function isBusinessCode(code: number): code is BusinessCode {
  return code in businessCodes;
}

/** Ends the handling of a call with one of Kling's codes. */
export class KlingFailure extends Error {
  readonly code: BusinessCode;

  constructor(code: BusinessCode, message: string = businessCodes[code].message) {
    super(message);
    this.name = 'KlingFailure';
    this.code = code;
  }
}

/** Refuses the parameters of a call (1201), in Kling's words. */
export function invalid(message: string): KlingFailure {
  return new KlingFailure(1201, message);
}
