import { JSON_DEPTH_MAX, jsonDepth } from '../graphql/nesting.ts';
import { requestError } from '../graphql/request-error.ts';
import { type Body, notUtf8 } from './read-body.ts';

type Path = readonly (string | number)[];

/** The JSON of a body. Each of its long base64 texts is left out: in the place of it stands a mark. */
export interface BodyJson {
  readonly json: unknown;
  /** How many are left out. */
  readonly omittedCount: number;
  /** Puts them back into a part of `json`. Null: some are not in it, or stand where `isPlace` allows none. */
  restored(part: unknown, isPlace: (path: Path) => boolean): unknown;
}

/** Throws request errors when a body is not UTF-8, not JSON, or nested too deep. A text that is left out is not parsed. */
export function parseBodyJson(body: Body): BodyJson {
  const { bytes, spans } = body;
  if (spans.length === 0) return toBodyJson(decoded(bytes));
  // Not to be guessed: a client could name one of its texts otherwise.
  const prefix = crypto.randomUUID();
  const texts = new Map(spans.map(({ start, end }, i) => [`${prefix}-${i}`, bytes.subarray(start, end)]));
  const marks = [...texts.keys()];
  let rest = '';
  let from = 0;
  for (const [i, { start, end }] of spans.entries()) {
    rest += `${decoded(bytes.subarray(from, start))}${marks[i]}`;
    from = end;
  }
  const json = parseJson(rest + decoded(bytes.subarray(from)), 'The body');

  function restored(part: unknown, isPlace: (path: Path) => boolean): unknown {
    let count = 0;
    function restore(value: unknown, path: Path): unknown {
      if (typeof value === 'string') {
        const text = texts.get(value);
        if (text === undefined) return value;
        if (isPlace(path)) count += 1;
        return decoded(text).replaceAll('\\/', '/');
      }
      if (Array.isArray(value)) return value.map((item: unknown, i) => restore(item, [...path, i]));
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, restore(item, [...path, key])]));
    }
    const whole = restore(part, []);
    return count === texts.size ? whole : null;
  }

  return { json, omittedCount: texts.size, restored };
}

function toBodyJson(text: string): BodyJson {
  return { json: parseJson(text, 'The body'), omittedCount: 0, restored: (part) => part };
}

/** A JSON text of a client's. `what` names it in the message. */
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
    throw notUtf8();
  }
}
