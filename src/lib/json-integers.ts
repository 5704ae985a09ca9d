const LONG = /^-?\d{16,}$/;

/**
 * Parses JSON as `JSON.parse` does, but turns an integer of 16 digits or more, or one that a number cannot hold exactly,
 * into a string of its digits. As a number it would lose its last digits. Throws `SyntaxError`.
 */
export function parseJsonKeepingLongIntegers(text: string): unknown {
  return JSON.parse(text, keepLongInteger);
}

function keepLongInteger(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || context?.source === undefined) return value;
  const isExact = !Number.isInteger(value) || Number.isSafeInteger(value);
  return isExact && !LONG.test(context.source) ? value : context.source;
}
