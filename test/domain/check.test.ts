import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkCallerKey, checkKlingId } from '../../src/domain/check.ts';

const PATH = ['input', 'id'];

describe('checkKlingId', () => {
  it.each([
    '0',
    '850087542757535834',
    '3f2b8c1e-0d4a-4a57-9c1b-0b6a2f1d9e77',
    'Cjil4mfBfz+/AAAA+E0hWg==',
    'genshin_vindi2',
    'reader_en_m-v1',
    'girlfriend_4_speech02',
    'a'.repeat(128),
  ])('accepts %s', (id) => {
    expect(checkKlingId(id, PATH)).toEqual({ ok: true, value: id });
  });

  it.each([
    ['empty', ''],
    ['too long', 'a'.repeat(129)],
    ['a dot', '.'],
    ['two dots', '..'],
    ['a path upwards', '../delete-voices'],
    ['a query', 'a?b=c'],
    ['a fragment', 'a#b'],
    ['an escape', 'a%2Fb'],
    ['a space', 'a b'],
    ['a line break', 'a\r\nb'],
    ['a line break at the end', 'a\n'],
    ['a quote', 'a"b'],
    ['a backslash', 'a\\b'],
    ['letters outside ASCII', 'голос'],
  ])('refuses %s', (_what, id) => {
    expect(checkKlingId(id, PATH).ok).toBe(false);
  });

  it('says what is wrong with an id', () => {
    const alphabet =
      'is not an id of Kling: those consist of A-Z a-z 0-9 + / = _ - . : and do not start with a dot, = or :';
    expect(checkKlingId('', PATH)).toEqual({
      ok: false,
      issues: [{ path: PATH, code: 'OUT_OF_RANGE', message: 'must be 1 to 128 characters long, was 0' }],
    });
    expect(checkKlingId(`.${'a'.repeat(128)}`, PATH)).toEqual({
      ok: false,
      issues: [
        { path: PATH, code: 'OUT_OF_RANGE', message: 'must be 1 to 128 characters long, was 129' },
        { path: PATH, code: 'MALFORMED', message: alphabet },
      ],
    });
  });

  it('accepts any base64', () => {
    fc.assert(
      fc.property(fc.base64String({ minLength: 4, maxLength: 128 }), (id) => {
        expect(checkKlingId(id, PATH).ok).toBe(true);
      }),
    );
  });
});

describe('checkCallerKey', () => {
  it('returns null for a missing key', () => {
    expect(checkCallerKey(undefined, PATH)).toEqual({ ok: true, value: null });
    expect(checkCallerKey(null, PATH)).toEqual({ ok: true, value: null });
  });

  it.each(['a', 'order:42', '3f2b8c1e-0d4a-4a57-9c1b-0b6a2f1d9e77', 'v1.0_b', 'x'.repeat(64)])('accepts %s', (key) => {
    expect(checkCallerKey(key, PATH)).toEqual({ ok: true, value: key });
  });

  it.each(['', 'x'.repeat(65), 'a b', 'a/b', 'a\n', 'ключ', 'a+b'])('refuses %j', (key) => {
    expect(checkCallerKey(key, PATH).ok).toBe(false);
  });

  it('reports both issues at once', () => {
    expect(checkCallerKey(`${'x'.repeat(64)}/`, PATH)).toEqual({
      ok: false,
      issues: [
        { path: PATH, code: 'OUT_OF_RANGE', message: 'must be 1 to 64 characters long, was 65' },
        { path: PATH, code: 'MALFORMED', message: 'must consist of A-Z a-z 0-9 . _ : -' },
      ],
    });
  });
});
