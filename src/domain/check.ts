import type { Issue } from '../errors.ts';

/** What a check answers: the value, ready to be used, or everything that is wrong with it. A check never throws. */
export type Validation<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly issues: readonly [Issue, ...Issue[]] };

/** Where in the arguments a value stands, from the argument down: `['input', 'placement', 'insertAtMs']`. */
export type Path = Issue['path'];

/** The value when there are no issues, otherwise the issues, in their order. */
export function toValidation<T>(value: T, issues: readonly Issue[]): Validation<T> {
  const [first, ...rest] = issues;
  return first === undefined ? { ok: true, value } : { ok: false, issues: [first, ...rest] };
}

/** One object of many checked fields: its issues are those of all fields, in the order of the keys, and then `others`. */
export function checkAll<T extends object>(
  fields: { readonly [K in keyof T]: Validation<T[K]> },
  others: readonly Issue[] = [],
): Validation<T> {
  const entries = Object.entries<Validation<unknown>>(fields);
  const issues = entries.flatMap(([, field]) => issuesOf(field));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `fields` has every key of T, and without issues each has its value
  const value = Object.fromEntries(entries.map(([key, field]) => [key, field.ok ? field.value : undefined])) as T;
  return toValidation(value, [...issues, ...others]);
}

/** The value made into another; issues stay as they are. */
export function mapValidation<A, B>(checked: Validation<A>, map: (value: A) => B): Validation<B> {
  return checked.ok ? { ok: true, value: map(checked.value) } : checked;
}

/** Empty when the value is good. */
export function issuesOf(checked: Validation<unknown>): readonly Issue[] {
  return checked.ok ? [] : checked.issues;
}

/** The longest Kling id that is passed on. Those seen are 18 to 44 characters long. */
export const KLING_ID_CHARS_MAX = 128;

/** The longest id or key that a caller may choose. */
export const CALLER_KEY_CHARS_MAX = 64;

/** Letters, digits and what base64, base64url, UUIDs and voice names use; no leading dot, so `.` and `..` cannot come up. */
const KLING_ID = /^[A-Za-z0-9+/_-][A-Za-z0-9+/=._:-]*$/;

const CALLER_KEY = /^[A-Za-z0-9._:-]+$/;

/**
 * An id that Kling gave out (of a video, an audio, a voice). It is opaque: only its length and alphabet are looked at.
 * It may contain `/` and `+`, so that in a URL it must be encoded as one path segment.
 */
export function checkKlingId(id: string, path: Path): Validation<string> {
  const issues: Issue[] = [];
  if (id.length < 1 || id.length > KLING_ID_CHARS_MAX) {
    issues.push({ path, message: `must be 1 to ${KLING_ID_CHARS_MAX} characters long, was ${id.length}` });
  }
  if (id !== '' && !KLING_ID.test(id)) {
    issues.push({
      path,
      message: 'is not an id of Kling: those consist of A-Z a-z 0-9 + / = _ - . : and do not start with a dot, = or :',
    });
  }
  return toValidation(id, issues);
}

/**
 * An id or key that the caller chose (`externalId`, `idempotencyKey`), null for none. It stays in the gateway: Kling is
 * sent the gateway's own ids. The alphabet is the one that needs no escaping in a URL, a log line or a cache key.
 */
export function checkCallerKey(key: string | null | undefined, path: Path): Validation<string | null> {
  if (key === null || key === undefined) return { ok: true, value: null };
  const issues: Issue[] = [];
  if (key.length < 1 || key.length > CALLER_KEY_CHARS_MAX) {
    issues.push({ path, message: `must be 1 to ${CALLER_KEY_CHARS_MAX} characters long, was ${key.length}` });
  }
  if (key !== '' && !CALLER_KEY.test(key)) {
    issues.push({ path, message: 'must consist of A-Z a-z 0-9 . _ : -' });
  }
  return toValidation(key, issues);
}

/** Both ends are allowed; `fallback` stands for a value that was not given. */
export interface Range {
  readonly min: number;
  readonly max: number;
  readonly fallback: number;
}

/** A number within a range, or the range's fallback when it is null or missing. NaN and the infinities are refused. */
export function checkRange(value: number | null | undefined, range: Range, path: Path): Validation<number> {
  if (value === null || value === undefined) return { ok: true, value: range.fallback };
  if (value >= range.min && value <= range.max) return { ok: true, value };
  return { ok: false, issues: [{ path, message: `must be from ${range.min} to ${range.max}, was ${value}` }] };
}

/** What a text may be. */
export interface TextRule {
  /** In Unicode code points. */
  readonly charsMax: number;
  /** One line: is trimmed, and has no control characters. Many: is kept as it is, and may have tabs and line breaks. */
  readonly lines: 'one' | 'many';
}

/** Controls, line and paragraph separators, and halves of surrogate pairs, which cannot be sent as UTF-8. */
const NOT_ON_ONE_LINE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u;

const NOT_IN_TEXT = /[\p{Cs}]|(?![\t\n\r])\p{Cc}/u;

/**
 * A text that people read or hear; it must not be blank.
 *
 * Characters are counted as Unicode code points: an emoji is one or more of them, never one of its halves. Kling says
 * "characters" and nothing more (2026-09); should it count another way, it refuses the text itself, and charges nothing.
 */
export function checkText(text: string, rule: TextRule, path: Path): Validation<string> {
  const issues: Issue[] = [];
  const value = rule.lines === 'one' ? text.trim() : text;
  if (value.trim() === '') {
    issues.push({ path, message: `must be 1 to ${rule.charsMax} characters long and not blank` });
  }
  const chars = countChars(value);
  if (chars > rule.charsMax) {
    issues.push({ path, message: `must be at most ${rule.charsMax} characters long, was ${chars}` });
  }
  const [refused, message] =
    rule.lines === 'one'
      ? [NOT_ON_ONE_LINE, 'must be one line, without control characters']
      : [NOT_IN_TEXT, 'must not have control characters other than tabs and line breaks'];
  if (refused.test(value)) issues.push({ path, message });
  return toValidation(value, issues);
}

function countChars(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}
