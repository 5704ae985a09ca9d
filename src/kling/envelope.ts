import { parseJsonKeepingLongIntegers } from '../lib/json-integers.ts';
import { isRecord, LostDigits, numberOrNull, textOrNull } from './decode.ts';
import { UnreadableAnswer } from './kling-error.ts';

/** The envelope of every answer of Kling's. */
export interface Envelope {
  /** True for an answer, false for a refusal. Decided by `code`, not by the HTTP status. */
  readonly ok: boolean;
  readonly code: number;
  /** Kling's text; empty if missing. */
  readonly message: string;
  readonly requestId: string | null;
  /** Undefined if missing, as in most refusals and some deletions. */
  readonly data: unknown;
}

type ParseJson = (text: string) => unknown;

/**
 * Reads an answer, and once more where an id in it came as a number that is too long for one: with all its digits then.
 * Most answers have none, and looking for them first takes a tenth of the time of a long list.
 */
export function readKeepingDigits<T>(read: (parse: ParseJson) => T): T {
  try {
    return read(JSON.parse);
  } catch (error) {
    if (!(error instanceof LostDigits)) throw error;
    return read(parseJsonKeepingLongIntegers);
  }
}

/**
 * Parses an envelope. Throws `UnreadableAnswer` for anything but an object with a numeric `code`: a proxy answers with HTML
 * or nothing, or cuts an answer off. Also throws `LostDigits`.
 */
export function parseEnvelope(text: string, parse: ParseJson): Envelope {
  const body = parseBody(text, parse);
  if (!isRecord(body)) throw new UnreadableAnswer('JSON, but not an object');
  // Kling also sends a text, such as "0" or "000000" (live, 2026-11).
  const code = numberOrNull(body['code']);
  if (code === null) throw new UnreadableAnswer('JSON without a numeric code');
  return {
    ok: code === 0,
    code,
    message: textOrNull(body['message']) ?? '',
    requestId: textOrNull(body['request_id']),
    data: body['data'],
  };
}

function parseBody(text: string, parse: ParseJson): unknown {
  const start = text.trimStart().charAt(0);
  if (start === '') throw new UnreadableAnswer('an empty body');
  if (start === '<') throw new UnreadableAnswer('HTML instead of JSON');
  try {
    return parse(text);
  } catch {
    // The parser's error quotes the body, so it is no cause of this one.
    throw new UnreadableAnswer('broken or cut off JSON');
  }
}
