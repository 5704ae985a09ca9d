import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AUDIO_BYTES_MAX, checkInlineAudio } from '../../src/domain/audio.ts';
import { base64Of, textBytes, wav, wavOf } from './support-audio.ts';

const PATH = ['input', 'audio', 'base64'];

function messages(text: string): string {
  const checked = checkInlineAudio(text, PATH);
  return checked.ok ? '' : checked.issues.map((issue) => issue.message).join('; ');
}

function durationMs(bytes: readonly number[]): number | null | undefined {
  const checked = checkInlineAudio(base64Of(bytes), PATH);
  return checked.ok ? checked.value.durationMs : undefined;
}

const MP3 = [0xff, 0xfb, 0x90, 0x64, 0, 0, 0, 0, 0, 0, 0, 0];

describe('checkInlineAudio, by format', () => {
  it.each([
    ['MP3 with an ID3 tag', [...textBytes('ID3'), 4, 0, 0, 0, 0, 0, 0]],
    ['MP3, MPEG-1 layer III', MP3],
    ['MP3, MPEG-1 with CRC', [0xff, 0xfa, 0x90, 0x64]],
    ['MP3, MPEG-2', [0xff, 0xf3, 0x90, 0x64]],
    ['MP3, MPEG-2.5', [0xff, 0xe3, 0x90, 0x64]],
    ['WAV', wav({ dataBytes: 16 })],
    ['M4A', [0, 0, 0, 0x20, ...textBytes('ftypM4A ')]],
    ['M4A as mp42', [0, 0, 0, 0x20, ...textBytes('ftypmp42')]],
    ['M4A as isom', [0, 0, 0, 0x20, ...textBytes('ftypisom')]],
    ['AAC, ADTS of MPEG-4', [0xff, 0xf1, 0x50, 0x80]],
    ['AAC, ADTS of MPEG-2', [0xff, 0xf9, 0x50, 0x80]],
    ['AAC, ADTS with CRC', [0xff, 0xf0, 0x50, 0x80]],
  ])('accepts %s', (_what, bytes) => {
    expect(messages(base64Of(bytes))).toBe('');
  });

  it.each([
    ['nothing', [], /^must not be empty$/],
    ['one byte', [0xff], /none of these/],
    ['zeros', [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], /none of these/],
    ['text', textBytes('hello, I am no sound'), /none of these/],
    ['HTML', textBytes('<!doctype html><html>'), /none of these/],
    ['PNG', [0x89, ...textBytes('PNG'), 13, 10, 26, 10], /none of these/],
    ['Ogg', textBytes('OggS and more'), /this is Ogg/],
    ['FLAC', textBytes('fLaC and more'), /this is FLAC/],
    ['WebM', [0x1a, 0x45, 0xdf, 0xa3, 1, 2, 3, 4], /this is WebM/],
    ['QuickTime', [0, 0, 0, 0x14, ...textBytes('ftypqt  ')], /another kind of MP4/],
    ['HEIC', [0, 0, 0, 0x14, ...textBytes('ftypheic')], /another kind of MP4/],
    ['AVI', [...textBytes('RIFF'), 0, 0, 0, 0, ...textBytes('AVI LIST')], /none of these/],
    ['MPEG layer II', [0xff, 0xfd, 0x90, 0x64], /none of these/],
    ['reserved MPEG version', [0xff, 0xeb, 0x90, 0x64], /none of these/],
    ['MP3 with bitrate 1111', [0xff, 0xfb, 0xf0, 0x64], /none of these/],
    ['MP3 with reserved sampling rate', [0xff, 0xfb, 0x9c, 0x64], /none of these/],
    ['ADTS with sampling rate 15', [0xff, 0xf1, 0x7c, 0x80], /none of these/],
    ['UTF-16 byte order mark', [0xff, 0xfe, 0x41, 0x00], /none of these/],
  ])('refuses %s', (_what, bytes, message) => {
    expect(messages(base64Of(bytes))).toMatch(message);
  });
});

describe('checkInlineAudio, by base64', () => {
  const good = base64Of(MP3);

  it.each([
    ['a data: prefix', `data:audio/mpeg;base64,${good}`, /remove the data: prefix/],
    ['a data: prefix without a type', `data:,${good}`, /remove the data: prefix/],
    ['a data: prefix after blanks', ` data:audio/mpeg;base64,${good}`, /^must be bare base64: remove the data: prefix/],
    ['a data: prefix somewhere else', `${good}AAAAdata:,AAAA`, /^must be base64 .*: character 25 is none/],
    ['a data: prefix in capitals', `DATA:audio/mpeg;base64,${good}`, /remove the data: prefix/],
    ['a line break', `${good.slice(0, 8)}\n${good.slice(8)}`, /whitespace at character 9/],
    ['a space at the end', `${good} `, /whitespace at character 17/],
    ['the URL-safe alphabet', `${good.slice(0, 12)}-_AA`, /URL-safe alphabet: there is a - at character 13/],
    ['the URL-safe alphabet, elsewhere', `${good}_AAA`, /URL-safe alphabet: there is a _ at character 17/],
    ['another character', `${good.slice(0, 12)}A*AA`, /character 14 is none/],
    ['padding in the middle', `${good}AA==AAAA`, /character 19 is none/],
    ['three characters of padding', `${good}A===`, /character 18 is none/],
    ['no padding', `${good}AA`, /cut off or not padded/],
    ['padding of the wrong length', `${good}AAA==`, /cut off or not padded/],
    ['a letter outside ASCII', `${good}ÄAAA`, /character 17 is none/],
  ])('refuses %s with a message of its own', (_what, text, message) => {
    expect(messages(text)).toMatch(message);
  });

  it('accepts padding', () => {
    expect(messages(base64Of([...MP3, 1]))).toBe('');
    expect(messages(base64Of([...MP3, 1, 2]))).toBe('');
  });

  it('reports all issues at once', () => {
    const checked = checkInlineAudio(`data:audio/ogg;base64,${base64Of(textBytes('OggS.....'))} `, PATH);
    expect(checked.ok ? [] : checked.issues.map((issue) => issue.message)).toEqual([
      expect.stringMatching(/data:/),
      expect.stringMatching(/whitespace/),
      expect.stringMatching(/Ogg/),
    ]);
  });

  it('accepts 5 MB and refuses one byte more', () => {
    const head = good.slice(0, 12);
    const exactly = `${head}${'A'.repeat(6_990_508 - 12 - 1)}=`;
    const checked = checkInlineAudio(exactly, PATH);
    expect(checked.ok ? checked.value.sizeBytes : checked.issues).toBe(AUDIO_BYTES_MAX);
    expect(messages(`${exactly.slice(0, -1)}A`)).toBe('must be at most 5242880 bytes (5 MB) when decoded, was 5242881');
    expect(messages(`${exactly.slice(0, -2)}==`)).toBe('');
  });

  it('refuses any text that is too large, with any padding or content', () => {
    fc.assert(
      fc.property(fc.integer({ min: 6_990_509, max: 7_200_000 }), fc.constantFrom('', '=', '=='), (chars, padding) => {
        const text = `${good.slice(0, 12)}${'A'.repeat(chars - 12)}${padding}`;
        expect(checkInlineAudio(text, PATH).ok).toBe(false);
      }),
      { numRuns: 30 },
    );
  });

  it('never throws for any text', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.base64String(),
      fc.base64String().map((s) => `UklGR${s}`),
    );
    fc.assert(
      fc.property(text, (s) => {
        expect(() => checkInlineAudio(s, PATH)).not.toThrow();
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the duration of a WAV', () => {
  it('comes from its data chunk, in whole milliseconds', () => {
    expect(durationMs(wav({ bytesPerSecond: 1000, dataBytes: 2000 }))).toBe(2000);
    expect(durationMs(wav({ bytesPerSecond: 1000, dataBytes: 1999 }))).toBe(1999);
    expect(durationMs(wav({ bytesPerSecond: 44_100, dataBytes: 100_000 }))).toBe(2267);
    expect(durationMs(wav({ dataBytes: 0 }))).toBe(0);
  });

  it('is found after other chunks of even and odd size', () => {
    const list = [...textBytes('LIST'), 3, 0, 0, 0, 1, 2, 3, 0];
    const junk = [...textBytes('JUNK'), 2, 0, 0, 0, 1, 2];
    expect(durationMs(wav({ bytesPerSecond: 100, dataBytes: 250, before: [...list, ...junk] }))).toBe(2500);
  });

  it('counts the existing bytes if the header claims more, as in streamed files', () => {
    expect(durationMs(wav({ bytesPerSecond: 100, dataBytes: 250, claimedBytes: 0xffff_ffff }))).toBe(2500);
    expect(durationMs(wav({ bytesPerSecond: 100, dataBytes: 250, claimedBytes: 251 }))).toBe(2500);
  });

  it.each([
    ['there is no data chunk', wavOf([...textBytes('fmt '), 16, 0, 0, 0])],
    ['there is no fmt chunk', wavOf([...textBytes('data'), 4, 0, 0, 0, 1, 2, 3, 4])],
    ['the byte rate is 0', wav({ bytesPerSecond: 0, dataBytes: 100 })],
    ['a streamed file claims no data', wav({ dataBytes: 100, claimedBytes: 0 })],
    ['there is just the head', wavOf([])],
    [
      'there are endless empty chunks',
      wavOf(Array.from({ length: 3000 }, () => [...textBytes('junk'), 0, 0, 0, 0]).flat()),
    ],
  ])('is null if %s', (_what, bytes) => {
    expect(durationMs(bytes)).toBeNull();
  });

  it('is null for other formats', () => {
    expect(durationMs(MP3)).toBeNull();
    const chunks = wav({ dataBytes: 100 }).slice(12);
    expect(durationMs([...textBytes('ID3'), 4, 0, 0, 0, 0, 0, 0, 0, 0, ...chunks])).toBeNull();
  });

  it('is correct for every rate and size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400_000 }), fc.integer({ min: 1, max: 5000 }), (rate, size) => {
        expect(durationMs(wav({ bytesPerSecond: rate, dataBytes: size }))).toBe(Math.floor((size * 1000) / rate));
      }),
      { numRuns: 200 },
    );
  });
});
