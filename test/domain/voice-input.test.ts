import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkCreateVoiceTaskInput } from '../../src/domain/inputs.ts';

const URL_SOURCE = { url: 'https://cdn.example.com/me.mp3' };

function issuesOfName(name: string): string[] {
  const checked = checkCreateVoiceTaskInput({ name, sample: URL_SOURCE });
  return checked.ok ? [] : checked.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
}

describe('the name of a voice', () => {
  it.each([
    ['one character', 'a'],
    ['20 characters', 'a'.repeat(20)],
    ['20 Chinese characters', '声'.repeat(20)],
    ['20 emoji, each two UTF-16 units long', '🎤'.repeat(20)],
    ['20 characters with blanks around', `  ${'a'.repeat(20)}\n`],
    ['a joined emoji', 'Mum 👩‍👧'],
  ])('may be %s', (_what, name) => {
    expect(issuesOfName(name)).toEqual([]);
  });

  it.each([
    ['empty', '', 'input.name: must be 1 to 20 characters long and not blank'],
    ['blank', ' \t\u3000', 'input.name: must be 1 to 20 characters long and not blank'],
    ['21 characters', 'a'.repeat(21), 'input.name: must be at most 20 characters long, was 21'],
    ['21 emoji', '🎤'.repeat(21), 'input.name: must be at most 20 characters long, was 21'],
    ['two lines', 'a\nb', 'input.name: must be one line, without control characters'],
    ['with NUL', 'a\0b', 'input.name: must be one line, without control characters'],
    ['with a C1 control', 'a\u0085b', 'input.name: must be one line, without control characters'],
    ['with a paragraph separator', 'a\u2029b', 'input.name: must be one line, without control characters'],
    ['with half a surrogate pair', 'a\uD800', 'input.name: must be one line, without control characters'],
  ])('must not be %s', (_what, name, expected) => {
    expect(issuesOfName(name)).toEqual([expected]);
  });

  it('is trimmed', () => {
    expect(checkCreateVoiceTaskInput({ name: '  Ann ', sample: URL_SOURCE })).toEqual({
      ok: true,
      value: { name: 'Ann', source: URL_SOURCE },
    });
  });
});

describe('the source of a voice', () => {
  it('may be a video that Kling made', () => {
    expect(
      checkCreateVoiceTaskInput({ name: 'Ann', sample: { klingVideoId: '850087542757535834', url: null } }),
    ).toEqual({
      ok: true,
      value: { name: 'Ann', source: { videoId: '850087542757535834' } },
    });
  });

  it.each([[{}], [{ url: null, klingVideoId: null }], [{ ...URL_SOURCE, klingVideoId: '1' }]])(
    'must be exactly one of URL and video id: %j',
    (sample) => {
      expect(checkCreateVoiceTaskInput({ name: 'Ann', sample })).toEqual({
        ok: false,
        issues: [
          {
            path: ['input', 'sample'],
            code: 'OUT_OF_RANGE',
            message: 'must have exactly one of mediaId, url and klingVideoId',
          },
        ],
      });
    },
  );

  it('must be audio or video', () => {
    const checked = checkCreateVoiceTaskInput({ name: 'Ann', sample: { url: 'https://cdn.example.com/me.m4a' } });
    expect(checked.ok ? [] : checked.issues).toEqual([
      {
        path: ['input', 'sample', 'url'],
        code: 'UNSUPPORTED_FORMAT',
        message: 'must be a file of type .mp3 .wav .mp4 .mov, not .m4a',
      },
    ]);
  });
});

describe('checkCreateVoiceTaskInput', () => {
  it('reports all issues at once under its path', () => {
    const input = { name: ' ', sample: { klingVideoId: 'a b' }, externalId: '' };
    const checked = checkCreateVoiceTaskInput(input, ['voices', 0]);
    expect(checked.ok ? [] : checked.issues.map((issue) => issue.path)).toEqual([
      ['voices', 0, 'name'],
      ['voices', 0, 'sample', 'klingVideoId'],
      ['voices', 0, 'externalId'],
    ]);
  });

  it('never throws for any strings', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(text, text, fc.option(text), (name, source, externalId) => {
        expect(() => checkCreateVoiceTaskInput({ name, sample: { url: source }, externalId })).not.toThrow();
        expect(() => checkCreateVoiceTaskInput({ name, sample: { klingVideoId: source }, externalId })).not.toThrow();
      }),
    );
  });
});
