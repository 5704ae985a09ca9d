/**
 * Parses JSON that only this program can have written, such as a column of an object's SQLite or a payload that it signed.
 * Checks nothing: use a decoder for input from outside.
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- says what was written: there is nothing to infer it from
export function readOwnJson<T>(json: string): T {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written as a T by the same module that reads it
  return JSON.parse(json) as T;
}

const LONG = /^-?\d{16,}$/;

/**
 * Parses JSON as `JSON.parse` does, but turns some integers into a string of their digits: those of 16 digits or more, and
 * those that a number cannot hold exactly. As a number they would lose their last digits. Throws `SyntaxError`.
 */
export function parseJsonKeepingLongIntegers(text: string): unknown {
  return JSON.parse(text, keepLongInteger);
}

function keepLongInteger(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || context?.source === undefined) return value;
  const isExact = !Number.isInteger(value) || Number.isSafeInteger(value);
  return isExact && !LONG.test(context.source) ? value : context.source;
}

/** Returns how deep a JSON text is nested, at most `limit + 1`. */
export function jsonDepth(json: string, limit: number): number {
  return nestingDepth(json, limit, (at) => (json[at] === '"' ? endOfString(json, at + 1, '"') : null));
}

/** The shortest long string. */
const LONG_STRING_CHARS_MIN = 1_024;

/** The size of the long strings in a JSON text. */
export interface LongStrings {
  /** The characters of the strings as written, with quotes. */
  readonly chars: number;
  /** The characters that escapes take beyond one each. `\u002B` takes 5. */
  readonly escapeChars: number;
}

/** Measures the strings of at least 1,024 characters in a JSON text. The result is meaningless if the text is not JSON. */
export function measureLongStrings(json: string): LongStrings {
  let chars = 0;
  let escapeChars = 0;
  let end = 0;
  for (let at = json.indexOf('"'); at !== -1; at = json.indexOf('"', end)) {
    end = endOfString(json, at + 1, '"');
    if (end - at < LONG_STRING_CHARS_MIN) continue;
    chars += end - at;
    escapeChars += escapeCharsIn(json.slice(at, end));
  }
  return { chars, escapeChars };
}

function escapeCharsIn(string: string): number {
  let count = 0;
  for (let at = string.indexOf('\\'); at !== -1;) {
    const more = string[at + 1] === 'u' ? 5 : 1;
    count += more;
    at = string.indexOf('\\', at + 1 + more);
  }
  return count;
}

/**
 * Returns how deep the brackets of a text are nested, at most `limit + 1`. `skip` returns the end of a string or comment that
 * starts at a position. It returns null if none starts there.
 */
export function nestingDepth(text: string, limit: number, skip: (at: number) => number | null): number {
  let open = 0;
  let deepest = 0;
  const marks = /["#[\](){}]/g;
  for (let match = marks.exec(text); match !== null; match = marks.exec(text)) {
    const end = skip(match.index);
    if (end !== null) {
      marks.lastIndex = end;
    } else if ('[({'.includes(match[0])) {
      open += 1;
      if (open > deepest) deepest = open;
      if (deepest > limit) return deepest;
    } else if ('])}'.includes(match[0])) {
      open -= 1;
    }
  }
  return deepest;
}

/** Returns the position after the closing quotes, or the end of the text without them. */
export function endOfString(text: string, start: number, quotes: string): number {
  let from = start;
  for (;;) {
    const close = text.indexOf(quotes, from);
    if (close === -1) return text.length;
    let backslashes = 0;
    while (close - backslashes > start && text[close - backslashes - 1] === '\\') backslashes += 1;
    // In a block string `\"""` is the only escape, so the number of backslashes does not matter.
    const isEscaped = quotes === '"""' ? backslashes > 0 : backslashes % 2 === 1;
    if (!isEscaped) return close + quotes.length;
    from = close + (quotes === '"""' ? quotes.length : 1);
  }
}

/** Returns true for an object that is neither null nor an array. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Thrown by `readText` for a body with too many bytes. */
export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge';
}

/**
 * Reads a whole body as UTF-8 text, with at most `bytesMax` bytes and one chunk in memory. Throws `BodyTooLarge` for a
 * larger body, and the reason of `signal` if that aborts. Either cancels the body.
 */
export async function readText(
  body: ReadableStream<Uint8Array> | null,
  bytesMax: number,
  signal: AbortSignal,
): Promise<string> {
  if (body === null) return '';
  const reader = body.getReader();
  function giveUp(): void {
    reader.cancel(signal.reason).catch(() => {});
  }
  if (signal.aborted) giveUp();
  else signal.addEventListener('abort', giveUp, { once: true });
  try {
    const decoder = new TextDecoder();
    let text = '';
    let bytes = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        // A cancelled body ends like a whole one.
        signal.throwIfAborted();
        return text + decoder.decode();
      }
      bytes += value.byteLength;
      if (bytes > bytesMax) {
        giveUp();
        throw new BodyTooLarge(`the body holds more than ${bytesMax} bytes`);
      }
      text += decoder.decode(value, { stream: true });
    }
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
