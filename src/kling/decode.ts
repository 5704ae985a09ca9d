/** A JSON object of Kling's, nothing about it checked. */
export type WireRecord = Readonly<Record<string, unknown>>;

const EMPTY: WireRecord = {};
const DECIMAL = /^-?\d+(?:\.\d+)?$/;
/** The last instant that a `Date` can hold. */
const EPOCH_MS_MAX = 8.64e15;
/** A smaller number is an instant in seconds: as such it reaches to the year 5138, as milliseconds only to 1973. */
const EPOCH_MS_MIN = 1e11;

/** An object that is neither null nor an array. */
export function isRecord(value: unknown): value is WireRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object, or an empty one for anything else: Kling leaves out `task_info` and `task_result`, or sends null. */
export function recordOf(value: unknown): WireRecord {
  return isRecord(value) ? value : EMPTY;
}

/** The list's objects; empty for anything else, without its other items. */
export function recordsOf(value: unknown): WireRecord[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

/** A text was asked for, and an integer found that has lost its last digits: as a number no JSON parser keeps them. */
export class LostDigits extends Error {
  override readonly name = 'LostDigits';
}

/**
 * Text that says something: null for a missing or empty one. Numbers become their digits, since ids come as both. Throws
 * `LostDigits`.
 */
export function textOrNull(value: unknown): string | null {
  if (typeof value === 'string') return value === '' ? null : value;
  if (typeof value !== 'number') return null;
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) throw new LostDigits('an integer of too many digits');
  return String(value);
}

/** A number, or the decimal string of one; null for anything else, also for an empty string. */
export function numberOrNull(value: unknown): number | null {
  const number = typeof value === 'string' && DECIMAL.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}

/** An amount as the decimal string that Kling sent, or that its number prints as; null for anything else. */
export function decimalOrNull(value: unknown): string | null {
  const text = textOrNull(value);
  return text !== null && DECIMAL.test(text) ? text : null;
}

/** Seconds, as a decimal string or a number, to whole milliseconds: `"5.1"` is 5100. Null when missing or negative. */
export function secondsToMs(value: unknown): number | null {
  const seconds = numberOrNull(value);
  // The product may be off by a fraction of a millisecond (1.005 * 1000 is 1004.9999999999999); the rounding mends it.
  return seconds === null ? null : wholeOrNull(seconds * 1000);
}

/** Whole milliseconds, as a number or a string; null when missing or negative. */
export function msOrNull(value: unknown): number | null {
  const ms = numberOrNull(value);
  return ms === null ? null : wholeOrNull(ms);
}

/**
 * Milliseconds since the epoch, as a number or a string; null when missing, zero, or beyond what a `Date` holds.
 * Kling sometimes sends seconds (live, `created_at` of speech): a smaller number than any instant since 1973 is read so.
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
