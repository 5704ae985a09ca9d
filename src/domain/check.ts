import { badUserInput, type Issue, type IssueCode } from '../errors.ts';

/** The outcome of a check: the value, or every issue with it. A check never throws. */
export type Validation<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly issues: readonly [Issue, ...Issue[]] };

/** The place of a value in the arguments, such as `['input', 'placement', 'insertAtMs']`. */
export type Path = Issue['path'];

/** Returns the value, or the issues in their order if there are any. */
export function toValidation<T>(value: T, issues: readonly Issue[]): Validation<T> {
  const [first, ...rest] = issues;
  return first === undefined ? { ok: true, value } : { ok: false, issues: [first, ...rest] };
}

/** Builds an object from checked fields. Its issues are those of the fields, in the order of the keys, then `others`. */
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

/** Maps the value, and leaves issues as they are. */
export function mapValidation<A, B>(checked: Validation<A>, map: (value: A) => B): Validation<B> {
  return checked.ok ? { ok: true, value: map(checked.value) } : checked;
}

/** Returns the issues; empty for a valid value. */
export function issuesOf(checked: Validation<unknown>): readonly Issue[] {
  return checked.ok ? [] : checked.issues;
}

/** Returns the checked value. Throws `BAD_USER_INPUT` with every problem of the input. */
export function validOrThrow<T>(checked: Validation<T>): T {
  if (checked.ok) return checked.value;
  throw badUserInput(checked.issues);
}

/** Returns one issue. */
export function refused(path: Path, code: IssueCode, message: string): Validation<never> {
  return { ok: false, issues: [{ path, code, message }] };
}

/** The most characters of a Kling id. Those seen have 18 to 44 (live). */
const KLING_ID_CHARS_MAX = 128;

/** The most characters of an id or key that a caller chooses. */
const CALLER_KEY_CHARS_MAX = 64;

/** The characters of base64, base64url, UUIDs and voice names. Without a leading dot, so `.` and `..` do not match. */
const KLING_ID = /^[A-Za-z0-9+/_-][A-Za-z0-9+/=._:-]*$/;

const CALLER_KEY = /^[A-Za-z0-9._:-]+$/;

/**
 * Checks length and alphabet of an id that Kling assigned to a video, audio file or voice. Ids are opaque. They may contain
 * `/` and `+`, so a URL must encode them as one path segment.
 */
export function checkKlingId(id: string, path: Path): Validation<string> {
  const issues: Issue[] = [];
  if (id.length < 1 || id.length > KLING_ID_CHARS_MAX) {
    const message = `must be 1 to ${KLING_ID_CHARS_MAX} characters long, was ${id.length}`;
    issues.push({ path, code: 'OUT_OF_RANGE', message });
  }
  if (id !== '' && !KLING_ID.test(id)) {
    issues.push({
      path,
      code: 'MALFORMED',
      message: 'is not an id of Kling: those consist of A-Z a-z 0-9 + / = _ - . : and do not start with a dot, = or :',
    });
  }
  return toValidation(id, issues);
}

/**
 * Checks an `externalId`, which the caller chose. A missing one becomes null. It is never sent to Kling.
 * Its alphabet needs no escaping in a URL, a log line or a cache key.
 */
export function checkCallerKey(key: string | null | undefined, path: Path): Validation<string | null> {
  if (key === null || key === undefined) return { ok: true, value: null };
  const issues: Issue[] = [];
  if (key.length < 1 || key.length > CALLER_KEY_CHARS_MAX) {
    const message = `must be 1 to ${CALLER_KEY_CHARS_MAX} characters long, was ${key.length}`;
    issues.push({ path, code: 'OUT_OF_RANGE', message });
  }
  if (key !== '' && !CALLER_KEY.test(key)) {
    issues.push({ path, code: 'MALFORMED', message: 'must consist of A-Z a-z 0-9 . _ : -' });
  }
  return toValidation(key, issues);
}

/** A range that includes both ends. `fallback` replaces a missing value. */
export interface Range {
  readonly min: number;
  readonly max: number;
  readonly fallback: number;
}

/** Checks a number. Null and undefined become the fallback. NaN and infinities are refused. */
export function checkRange(value: number | null | undefined, range: Range, path: Path): Validation<number> {
  if (value === null || value === undefined) return { ok: true, value: range.fallback };
  if (value >= range.min && value <= range.max) return { ok: true, value };
  const message = `must be from ${range.min} to ${range.max}, was ${value}`;
  return { ok: false, issues: [{ path, code: 'OUT_OF_RANGE', message }] };
}

/** The rule for a text. */
export interface TextRule {
  /** In Unicode code points. */
  readonly charsMax: number;
  /** `one`: trimmed, without control characters. `many`: unchanged, and may have tabs and line breaks. */
  readonly lines: 'one' | 'many';
  /** Accepts an empty text, and one of blanks. */
  readonly mayBeBlank?: true;
}

/** Control characters, line and paragraph separators, and lone surrogates, which UTF-8 cannot encode. */
const NOT_ON_ONE_LINE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u;

const NOT_IN_TEXT = /[\p{Cs}]|(?![\t\n\r])\p{Cc}/u;

/**
 * Checks a text for people. It must not be blank, unless the rule allows it. Characters are Unicode code points, because Kling documents only
 * "characters" (2026-09). If Kling counts differently, it refuses the text and charges nothing.
 */
export function checkText(text: string, rule: TextRule, path: Path): Validation<string> {
  const issues: Issue[] = [];
  const value = rule.lines === 'one' ? text.trim() : text;
  if (rule.mayBeBlank !== true && value.trim() === '') {
    issues.push({ path, code: 'OUT_OF_RANGE', message: `must be 1 to ${rule.charsMax} characters long and not blank` });
  }
  const chars = countChars(value);
  if (chars > rule.charsMax) {
    issues.push({
      path,
      code: 'OUT_OF_RANGE',
      message: `must be at most ${rule.charsMax} characters long, was ${chars}`,
    });
  }
  const [forbidden, message] =
    rule.lines === 'one'
      ? [NOT_ON_ONE_LINE, 'must be one line, without control characters']
      : [NOT_IN_TEXT, 'must not have control characters other than tabs and line breaks'];
  if (forbidden.test(value)) issues.push({ path, code: 'MALFORMED', message });
  return toValidation(value, issues);
}

function countChars(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}
