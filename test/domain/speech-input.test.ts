import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkSynthesizeSpeechInput, type SpeechInput } from '../../src/domain/inputs.ts';

const INPUT = { text: 'Hello', klingVoiceId: 'reader_en_m-v1', language: 'en' } as const;

function paths({ externalId, ...speech }: Partial<SpeechInput> & { externalId?: string }): string[] {
  const input = { speech: { ...INPUT, ...speech }, ...(externalId === undefined ? {} : { externalId }) };
  const checked = checkSynthesizeSpeechInput(input);
  return checked.ok ? [] : checked.issues.map((issue) => issue.path.join('.'));
}

describe('checkSynthesizeSpeechInput', () => {
  it('returns the request, at the default speed if none is given', () => {
    expect(checkSynthesizeSpeechInput({ speech: { ...INPUT, text: ' Hi,\n you ', speed: null } })).toEqual({
      ok: true,
      value: { text: ' Hi,\n you ', voiceId: 'reader_en_m-v1', language: 'en', speed: 1 },
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
      expect(paths({ text })).toEqual(['speech.text']);
    },
  );

  it.each([
    [0.8, []],
    [2, []],
    [1.25, []],
    [0.79, ['speech.speed']],
    [2.01, ['speech.speed']],
    [Number.NaN, ['speech.speed']],
    [Number.POSITIVE_INFINITY, ['speech.speed']],
  ])('accepts a speed from 0.8 to 2.0: %d', (speed, expected) => {
    expect(paths({ speed })).toEqual(expected);
  });

  it('says which characters a text must not have', () => {
    const checked = checkSynthesizeSpeechInput({ speech: { text: 'a\0b', klingVoiceId: 'v', language: 'en' } });
    expect(checked.ok ? [] : checked.issues).toEqual([
      {
        path: ['speech', 'text'],
        code: 'MALFORMED',
        message: 'must not have control characters other than tabs and line breaks',
      },
    ]);
  });

  it('reports all issues at once', () => {
    expect(paths({ text: '', klingVoiceId: '', speed: 3, externalId: '!' })).toEqual([
      'speech.text',
      'speech.klingVoiceId',
      'speech.speed',
      'externalId',
    ]);
  });

  it('never throws for any strings', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(text, text, fc.double(), (a, b, speed) => {
        expect(() => paths({ text: a, klingVoiceId: b, speed })).not.toThrow();
      }),
    );
  });
});
