/**
 * An unquoted integer of 16 digits or more, where a JSON value may stand. One pass over the text, no backtracking over
 * more than a run of white space. May also hit inside a quoted string: that costs time, never correctness.
 */
const LONG_INTEGER = /[:,[]\s*-?\d{16}/;
const INTEGER = /^-?\d{16,}$/;

/**
 * `JSON.parse`, but an unquoted integer of 16 digits or more becomes a string of exactly its digits: as a number it
 * would lose the last ones. The slow way is taken only for texts that hold such a number. Throws `SyntaxError`.
 */
export function parseJsonKeepingLongIntegers(text: string): unknown {
  return LONG_INTEGER.test(text) ? JSON.parse(text, keepLongInteger) : JSON.parse(text);
}

function keepLongInteger(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source;
  return typeof value === 'number' && source !== undefined && INTEGER.test(source) ? source : value;
}
