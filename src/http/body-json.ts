import { JSON_DEPTH_MAX, jsonDepth, measureLongStrings } from '../graphql/nesting.ts';
import { requestError } from '../graphql/request-error.ts';
import { type BodyLimits, tooLarge } from './read-body.ts';

export interface BodyJson {
  readonly json: unknown;
  /** The bytes of the body. In long strings of a large one each escaped character counts as one. */
  readonly unescapedBytes: number;
}

/**
 * Parses the JSON of a body. Throws a request error if it is not UTF-8, not JSON, or nested too deep (400). Also if a large
 * body has more than `bytesMax` bytes outside of long strings (413): millions of small values take many times their bytes
 * once they are parsed.
 */
export function parseBodyJson(bytes: Uint8Array, limits: BodyLimits): BodyJson {
  const text = decoded(bytes);
  if (bytes.byteLength <= limits.bytesMax) {
    return { json: parseJson(text, 'The body'), unescapedBytes: bytes.byteLength };
  }
  const { chars, escapeChars } = measureLongStrings(text);
  if (bytes.byteLength - chars > limits.bytesMax) throw tooLarge(limits);
  return { json: parseJson(text, 'The body'), unescapedBytes: bytes.byteLength - escapeChars };
}

/** Parses JSON that a client sent. `what` names it in messages. */
export function parseJson(text: string, what: string): unknown {
  if (jsonDepth(text, JSON_DEPTH_MAX) > JSON_DEPTH_MAX) {
    throw requestError('QUERY_TOO_COMPLEX', `${what} is nested deeper than ${JSON_DEPTH_MAX}.`, 400);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw requestError('BAD_USER_INPUT', `${what} must be JSON.`, 400);
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

function decoded(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw requestError('BAD_USER_INPUT', 'The body must be UTF-8.', 400);
  }
}
