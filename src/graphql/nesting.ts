/**
 * Returns how deep the brackets of a GraphQL document are nested, at most `limit + 1`. Does not recurse, because it guards
 * the parser, whose stack overflows at about 2,000. The result is meaningless after a syntax error, where the parser stops.
 */
export function documentDepth(document: string, limit: number): number {
  return depth(document, limit, (at) => endOfDocumentText(document, at));
}

/** The deepest JSON of a request. No input of the schema is deeper than 3. Code that reads variables recurses. */
export const JSON_DEPTH_MAX = 100;

/** Returns how deep a JSON text is nested, at most `limit + 1`. */
export function jsonDepth(json: string, limit: number): number {
  return depth(json, limit, (at) => (json[at] === '"' ? endOfString(json, at + 1, '"') : null));
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

/** `skip` returns the end of a string or comment that starts at a position. It returns null if none starts there. */
function depth(text: string, limit: number, skip: (at: number) => number | null): number {
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

function endOfDocumentText(document: string, at: number): number | null {
  if (document[at] === '#') return endOf(document.slice(at).search(/[\r\n]/), at, document);
  if (document[at] !== '"') return null;
  return document.startsWith('"""', at) ? endOfString(document, at + 3, '"""') : endOfString(document, at + 1, '"');
}

/** Returns the position after the closing quotes, or the end of the text without them. */
function endOfString(text: string, start: number, quotes: string): number {
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

function endOf(found: number, at: number, text: string): number {
  return found === -1 ? text.length : at + found;
}
