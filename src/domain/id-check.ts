import type { Issue } from '../errors.ts';
import { type Checked, type Path, toChecked } from './check.ts';

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
export function checkKlingId(id: string, path: Path): Checked<string> {
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
  return toChecked(id, issues);
}

/**
 * An id or key that the caller chose (`externalId`, `idempotencyKey`), null for none. It stays in the gateway: Kling is
 * sent the gateway's own ids. The alphabet is the one that needs no escaping in a URL, a log line or a cache key.
 */
export function checkCallerKey(key: string | null | undefined, path: Path): Checked<string | null> {
  if (key === null || key === undefined) return { ok: true, value: null };
  const issues: Issue[] = [];
  if (key.length < 1 || key.length > CALLER_KEY_CHARS_MAX) {
    issues.push({ path, message: `must be 1 to ${CALLER_KEY_CHARS_MAX} characters long, was ${key.length}` });
  }
  if (key !== '' && !CALLER_KEY.test(key)) {
    issues.push({ path, message: 'must consist of A-Z a-z 0-9 . _ : -' });
  }
  return toChecked(key, issues);
}
