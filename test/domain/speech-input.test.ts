import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkSynthesizeSpeechInput, type SpeechInput } from '../../src/domain/speech.ts';

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

  it.each([
    ['oversea_male1', 'en'],
    ['mengwa-v1', 'zh'],
  ] as const)('takes the language of %s, which is listed for %s alone', (klingVoiceId, language) => {
    for (const left of [{}, { language: null }]) {
      const checked = checkSynthesizeSpeechInput({ speech: { text: 'Hello', klingVoiceId, ...left } });
      expect(checked).toMatchObject({ ok: true, value: { voiceId: klingVoiceId, language } });
    }
    // The list may be out of date, so a given language is passed on.
    expect(checkSynthesizeSpeechInput({ speech: { text: 'Hello', klingVoiceId, language: 'zh' } })).toMatchObject({
      value: { language: 'zh' },
    });
  });

  it.each([
    ['unlisted', 'must be EN or ZH: this voice is not in `speechVoices`'],
    ['genshin_klee2', 'must be EN or ZH: this voice is in `speechVoices` for both'],
  ])('refuses %s without a language', (klingVoiceId, message) => {
    const checked = checkSynthesizeSpeechInput({ speech: { text: 'Hello', klingVoiceId } });
    expect(checked.ok ? [] : checked.issues).toEqual([{ path: ['speech', 'language'], code: 'OUT_OF_RANGE', message }]);
  });

  it('refuses a voice for video models once, also without a language', () => {
    const speech = { text: '', klingVoiceId: '829824295735410756', isVideoVoice: true };
    const checked = checkSynthesizeSpeechInput({ speech });
    expect(checked.ok ? [] : checked.issues.map(({ code, path }) => [code, path.join('.')])).toEqual([
      ['OUT_OF_RANGE', 'speech.text'],
      ['VOICE_CANNOT_SPEAK', 'speech.klingVoiceId'],
    ]);
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
