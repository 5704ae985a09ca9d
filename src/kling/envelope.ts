import type { UpstreamPage } from '../domain/ports.ts';
import { isRecord, parseJsonKeepingLongIntegers } from '../lib/json.ts';

/** The envelope of every answer of Kling's. */
export interface Envelope {
  /** True for an answer, false for a refusal. Decided by `code`, not by the HTTP status. */
  readonly ok: boolean;
  readonly code: number;
  /** Kling's text; empty if missing. */
  readonly message: string;
  readonly requestId: string | null;
  /** Undefined if missing, as in most refusals and some deletions. */
  readonly data: unknown;
}

type ParseJson = (text: string) => unknown;

/**
 * Reads an answer with `JSON.parse`, and again without losing digits if a decoder throws `LostDigits`. Most answers have no
 * such id, and searching each of them takes a tenth of the time of a long list.
 */
export function readKeepingDigits<T>(read: (parse: ParseJson) => T): T {
  try {
    return read(JSON.parse);
  } catch (error) {
    if (!(error instanceof LostDigits)) throw error;
    return read(parseJsonKeepingLongIntegers);
  }
}

/**
 * Parses an envelope. Throws `UnreadableAnswer` for anything but an object with a numeric `code`: a proxy answers with HTML
 * or nothing, or cuts an answer off. Also throws `LostDigits`.
 */
export function parseEnvelope(text: string, parse: ParseJson): Envelope {
  const body = parseBody(text, parse);
  if (!isRecord(body)) throw new UnreadableAnswer('JSON, but not an object');
  // Kling also sends a text, such as "0" or "000000" (live, 2026-11).
  const code = numberOrNull(body['code']);
  if (code === null) throw new UnreadableAnswer('JSON without a numeric code');
  return {
    ok: code === 0,
    code,
    message: textOrNull(body['message']) ?? '',
    requestId: textOrNull(body['request_id']),
    data: body['data'],
  };
}

function parseBody(text: string, parse: ParseJson): unknown {
  const start = text.trimStart().charAt(0);
  if (start === '') throw new UnreadableAnswer('an empty body');
  if (start === '<') throw new UnreadableAnswer('HTML instead of JSON');
  try {
    return parse(text);
  } catch {
    // The parser's error quotes the body, so it is no cause of this one.
    throw new UnreadableAnswer('broken or cut off JSON');
  }
}

/** Thrown for an answer that cannot be decoded. The message never holds any part of the answer. */
export class UnreadableAnswer extends Error {
  override readonly name = 'UnreadableAnswer';
}

/** Returns the envelope's `data` as an object. Throws `UnreadableAnswer` if it has no text under `key`. */
export function dataWith(envelope: Envelope, key: string): WireRecord {
  const data = recordOf(envelope.data);
  if (textOrNull(data[key]) === null) throw new UnreadableAnswer(`an answer without ${key}`);
  return data;
}

/** Returns the items of a list; none if `data` is missing. Throws `UnreadableAnswer` for anything but a list. */
export function dataItems(envelope: Envelope): WireRecord[] {
  const { data } = envelope;
  if (data === undefined || data === null) return [];
  if (!Array.isArray(data)) throw new UnreadableAnswer('a list answered with something else');
  return data.map(recordOf);
}

/** Returns a page of `items` with the id of Kling's request. */
export function toPage<T>(envelope: Envelope, items: readonly T[]): UpstreamPage<T> {
  return { items, klingRequestId: envelope.requestId };
}

/** An unchecked JSON object from Kling. */
export type WireRecord = Readonly<Record<string, unknown>>;

const EMPTY: WireRecord = {};
const DECIMAL = /^-?\d+(?:\.\d+)?$/;
/** The latest instant that a `Date` can hold. */
const EPOCH_MS_MAX = 8.64e15;
/** A smaller number is an instant in seconds, up to the year 5138. In milliseconds it would be before 1974. */
const EPOCH_MS_MIN = 1e11;

/** Returns an object as it is, and an empty one for anything else. Kling may omit `task_info` and `task_result`, or send null. */
export function recordOf(value: unknown): WireRecord {
  return isRecord(value) ? value : EMPTY;
}

/** Returns the objects in a list; none for anything but a list. */
export function recordsOf(value: unknown): WireRecord[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

/** Thrown for an id that Kling sent as a number too long for `JSON.parse`, which has lost its last digits. */
class LostDigits extends Error {
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
