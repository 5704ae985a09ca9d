import { businessCodes, type BusinessCode } from './codes.ts';
import { writeJson } from './json.ts';

/** One HTTP answer, ready to be sent after a wait. */
export interface Answer {
  readonly httpStatus: number;
  readonly contentType: string;
  readonly body: string;
  readonly delayMs: number;
  /** Set where nothing is answered: the connection is kept for so long, unless its client goes before. */
  readonly held?: Held;
}

/** A call whose connection is kept without an answer; its account wants to hear when the connection has ended. */
export interface Held {
  readonly account: string;
  readonly requestId: string;
  readonly forMs: number;
}

const jsonType = 'application/json; charset=utf-8';

/** Kling's envelope around data; `undefined` leaves `data` out. */
export function toSuccess(requestId: string, data: unknown, numberIds: boolean): Answer {
  const body = writeJson({ code: 0, message: 'SUCCEED', request_id: requestId, data }, numberIds);
  return { httpStatus: 200, contentType: jsonType, body, delayMs: 0 };
}

/** Kling's envelope around a refusal: it has no data. */
export function toRefusal(requestId: string, code: BusinessCode, message: string): Answer {
  const body = JSON.stringify({ code, message, request_id: requestId });
  return { httpStatus: businessCodes[code].httpStatus, contentType: jsonType, body, delayMs: 0 };
}

/** No answer at all. */
export function toHeld(held: Held): Answer {
  return { httpStatus: 200, contentType: jsonType, body: '', delayMs: 0, held };
}

/** What a proxy on the way answers in Kling's place. */
export function toProxyPage(delayMs: number): Answer {
  const body =
    '<html>\n<head><title>502 Bad Gateway</title></head>\n<body><center><h1>502 Bad Gateway</h1></center></body>\n</html>\n';
  return { httpStatus: 502, contentType: 'text/html', body, delayMs };
}
