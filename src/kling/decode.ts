/** An unchecked JSON object from Kling. */
export type WireRecord = Readonly<Record<string, unknown>>;

const EMPTY: WireRecord = {};
const DECIMAL = /^-?\d+(?:\.\d+)?$/;
/** The latest instant that a `Date` can hold. */
const EPOCH_MS_MAX = 8.64e15;
/** A smaller number is an instant in seconds, up to the year 5138. In milliseconds it would be before 1974. */
const EPOCH_MS_MIN = 1e11;

/** Returns true for an object that is neither null nor an array. */
export function isRecord(value: unknown): value is WireRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns an object as it is, and an empty one for anything else. Kling omits `task_info` and `task_result`, or sends null. */
export function recordOf(value: unknown): WireRecord {
  return isRecord(value) ? value : EMPTY;
}

/** Returns the objects in a list; none for anything but a list. */
export function recordsOf(value: unknown): WireRecord[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

/** Thrown for an id that Kling sent as a number too long for `JSON.parse`, which has lost its last digits. */
export class LostDigits extends Error {
  override readonly name = 'LostDigits';
}

/**
 * Returns a text; null if it is missing or empty. Returns the digits of a number, because Kling sends ids as either.
 * Throws `LostDigits`.
 */
export function textOrNull(value: unknown): string | null {
  if (typeof value === 'string') return value === '' ? null : value;
  if (typeof value !== 'number') return null;
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) throw new LostDigits('an integer of too many digits');
  return String(value);
}

/** Returns a number, also from a decimal string; null for anything else. */
export function numberOrNull(value: unknown): number | null {
  const number = typeof value === 'string' && DECIMAL.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}

/** Returns an amount as a decimal string, also from a number; null for anything else. */
export function decimalOrNull(value: unknown): string | null {
  const text = textOrNull(value);
  return text !== null && DECIMAL.test(text) ? text : null;
}

/** Converts seconds, a number or a decimal string, to whole milliseconds. Returns null if missing or negative. */
export function secondsToMs(value: unknown): number | null {
  const seconds = numberOrNull(value);
  // Rounded, because 1.005 * 1000 is 1004.9999999999999.
  return seconds === null ? null : wholeOrNull(seconds * 1000);
}

/** Returns whole milliseconds from a number or a decimal string; null if missing or negative. */
export function msOrNull(value: unknown): number | null {
  const ms = numberOrNull(value);
  return ms === null ? null : wholeOrNull(ms);
}

/**
 * Returns milliseconds since the epoch, from a number or a decimal string; null if missing, zero, or too large for a `Date`.
 * Kling sometimes sends seconds, as in `created_at` of speech (live). Numbers too small for milliseconds are read as seconds.
 */
export function epochMsOrNull(value: unknown): number | null {
  const sent = numberOrNull(value);
  const ms = sent === null ? null : wholeOrNull(sent < EPOCH_MS_MIN ? sent * 1000 : sent);
  return ms === null || ms <= 0 || ms > EPOCH_MS_MAX ? null : ms;
}

function wholeOrNull(value: number): number | null {
  const whole = Math.round(value);
  return whole >= 0 && Number.isSafeInteger(whole) ? whole : null;
}
