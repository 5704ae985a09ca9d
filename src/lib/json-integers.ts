const LONG = /^-?\d{16,}$/;

/**
 * `JSON.parse`, but an unquoted integer of 16 digits or more, or one that a number does not hold exactly, becomes a string
 * of what is written: as a number it would lose its last digits. Takes several times as long. Throws `SyntaxError`.
 */
export function parseJsonKeepingLongIntegers(text: string): unknown {
  return JSON.parse(text, keepLongInteger);
}

function keepLongInteger(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || context?.source === undefined) return value;
  const isExact = !Number.isInteger(value) || Number.isSafeInteger(value);
  return isExact && !LONG.test(context.source) ? value : context.source;
}
