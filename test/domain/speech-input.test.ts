import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkSynthesizeSpeechInput } from '../../src/domain/inputs.ts';

const INPUT = { text: 'Hello', voiceId: 'reader_en_m-v1', language: 'en' } as const;

function paths(input: Partial<Parameters<typeof checkSynthesizeSpeechInput>[0]>): string[] {
  const checked = checkSynthesizeSpeechInput({ ...INPUT, ...input });
  return checked.ok ? [] : checked.issues.map((issue) => issue.path.join('.'));
}

describe('checkSynthesizeSpeechInput', () => {
  it('returns the request, at the default speed if none is given', () => {
    expect(checkSynthesizeSpeechInput({ ...INPUT, text: ' Hi,\n you ', speed: null })).toEqual({
      ok: true,
      value: { ...INPUT, text: ' Hi,\n you ', speed: 1 },
    });
  });

  it.each(['a', 'a'.repeat(1000), '🎤'.repeat(1000), 'line\nline\ttab\r\n'])(
    'accepts a text of valid length',
    (text) => {
      expect(paths({ text })).toEqual([]);
    },
  );

  it.each(['', ' \n ', 'a'.repeat(1001), '🎤'.repeat(1001), 'a\0', 'a\u001Bb', 'a\uDC00'])(
    'refuses a text that is blank, too long or has control characters',
    (text) => {
      expect(paths({ text })).toEqual(['input.text']);
    },
  );

  it.each([
    [0.8, []],
    [2, []],
    [1.25, []],
    [0.79, ['input.speed']],
    [2.01, ['input.speed']],
    [Number.NaN, ['input.speed']],
    [Number.POSITIVE_INFINITY, ['input.speed']],
  ])('accepts a speed from 0.8 to 2.0: %d', (speed, expected) => {
    expect(paths({ speed })).toEqual(expected);
  });

  it('says which characters a text must not have', () => {
    const checked = checkSynthesizeSpeechInput({ text: 'a\0b', voiceId: 'v', language: 'en' });
    expect(checked.ok ? [] : checked.issues).toEqual([
      {
        path: ['input', 'text'],
        code: 'MALFORMED',
        message: 'must not have control characters other than tabs and line breaks',
      },
    ]);
  });

  it('reports all issues at once', () => {
    expect(paths({ text: '', voiceId: '', speed: 3, externalId: '!' })).toEqual([
      'input.text',
      'input.voiceId',
      'input.speed',
      'input.externalId',
    ]);
  });

  it('never throws for any strings', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(text, text, fc.double(), (a, b, speed) => {
        expect(() => paths({ text: a, voiceId: b, speed })).not.toThrow();
      }),
    );
  });
});
