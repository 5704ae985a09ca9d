/** Where in a JSON text a long base64 text stands: from behind its opening quote to before its closing one, in bytes. */
export interface Base64Span {
  readonly start: number;
  readonly end: number;
}

/** Finds long base64 texts in a JSON text that comes in chunks, in one pass. JSON that is none has no meaning here. */
export interface Base64Scan {
  push(chunk: Uint8Array): void;
  /** How many of the bytes so far are in none: one that has not ended counts as one while it may be. */
  otherBytes(): number;
  /** In order. Of the texts that have ended. */
  spans(): readonly Base64Span[];
}

/** Shorter ones are of no weight. */
const SPAN_BYTES_MIN = 1024;

/** A value of the body itself, such as `query`, is never one: the first bracket is the body's. */
const DEPTH_MIN = 2;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SLASH = 0x2f;

const IS_BASE64 = new Uint8Array(256);
for (const char of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=')
  IS_BASE64[char.charCodeAt(0)] = 1;

const NESTS = new Int8Array(256);
for (const char of '{[') NESTS[char.charCodeAt(0)] = 1;
for (const char of '}]') NESTS[char.charCodeAt(0)] = -1;

export function createBase64Scan(): Base64Scan {
  const spans: Base64Span[] = [];
  let bytes = 0;
  let bytesInSpans = 0;
  let depth = 0;
  /** Behind the quote that opened the text we are in; null outside. */
  let start: number | null = null;
  let isBase64 = false;
  /** Whether the byte before was a backslash that escapes this one. */
  let isEscaped = false;

  function end(at: number): void {
    if (start !== null && isBase64 && at - start >= SPAN_BYTES_MIN) {
      spans.push({ start, end: at });
      bytesInSpans += at - start;
    }
    start = null;
  }

  function take(byte: number, at: number): void {
    if (start === null) {
      depth += NESTS[byte] ?? 0;
      if (byte !== QUOTE) return;
      start = at + 1;
      isBase64 = depth >= DEPTH_MIN;
    } else if (isEscaped) {
      isEscaped = false;
      // Some encoders write `/` as `\/`.
      if (byte !== SLASH) isBase64 = false;
    } else if (byte === BACKSLASH) {
      isEscaped = true;
    } else if (byte === QUOTE) {
      end(at);
    } else if (IS_BASE64[byte] === 0) {
      isBase64 = false;
    }
  }

  return {
    push(chunk) {
      for (let i = 0; i < chunk.length; i += 1) {
        // Most of a large body is one run, in which nothing changes.
        if (start !== null && !isEscaped) i = endOfRun(chunk, i);
        if (i < chunk.length) take(chunk[i] ?? 0, bytes + i);
      }
      bytes += chunk.length;
    },
    otherBytes: () => bytes - bytesInSpans - (start !== null && isBase64 ? bytes - start : 0),
    spans: () => spans,
  };
}

/** Where the base64 ends that goes on at a place. */
function endOfRun(chunk: Uint8Array, from: number): number {
  let at = from;
  while (at < chunk.length && IS_BASE64[chunk[at] ?? 0] === 1) at += 1;
  return at;
}
