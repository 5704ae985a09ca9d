import { describe, it } from 'vitest';
import { AUDIO_HEAD_BYTES, detectAudio, wavDurationMs } from '../../src/domain/audio.ts';
import { textBytes, wav, wavOf } from './support-audio.ts';

const detect = (bytes: readonly number[]) => detectAudio(Uint8Array.from(bytes));

function durationMs(bytes: readonly number[], sizeBytes = bytes.length): number | null {
  return wavDurationMs((offset, count) => Uint8Array.from(bytes.slice(offset, offset + count)), sizeBytes);
}

/** An empty chunk. */
const EMPTY_CHUNK = [...textBytes('LIST'), 0, 0, 0, 0];

const emptyChunks = (count: number) => Array.from({ length: count }, () => EMPTY_CHUNK).flat();

describe('detectAudio', () => {
  it.for<[name: string, bytes: number[], format: string]>([
    ['an ID3 tag', [...textBytes('ID3'), 4, 0], 'mp3'],
    ['an ID3 tag of the highest version', [...textBytes('ID3'), 0xfe, 0xfe], 'mp3'],
    ['a frame of layer III', [0xff, 0xfb, 0x90, 0x64], 'mp3'],
    ['RIFF and WAVE', textBytes('RIFF\0\0\0\0WAVE'), 'wav'],
    ['an ADTS frame', [0xff, 0xf1, 0x50], 'aac'],
    ['an ADTS frame of the last sampling rate', [0xff, 0xf1, 12 << 2], 'aac'],
    ...['M4A ', 'M4B ', 'mp41', 'mp42', 'isom', ...[2, 3, 4, 5, 6, 7, 8, 9].map((n) => `iso${n}`)].map(
      (brand): [string, number[], string] => [`brand "${brand}"`, textBytes(`\0\0\0\x20ftyp${brand}`), 'm4a'],
    ),
  ])('detects %s', ([, bytes, format], { expect }) => {
    expect(detect(bytes)).toEqual({ format });
    expect(bytes.length).toBeLessThanOrEqual(AUDIO_HEAD_BYTES);
  });

  it.for([
    ['OggS', 'Ogg'],
    ['fLaC', 'FLAC'],
    ['\x1a\x45\xdf\xa3', 'WebM or Matroska'],
    ['FORM', 'AIFF'],
    ['#!AMR', 'AMR'],
    ['RF64', 'RF64'],
    ['caff', 'CAF'],
    ['\0\0\0\x14ftypqt  ', 'another kind of MP4 or MOV'],
    ['\0\0\0\x14ftyp', 'another kind of MP4 or MOV'],
  ] as const)('%j name what Kling does not take: %s', ([text, unsupported], { expect }) => {
    expect(detect(textBytes(`${text}and more`))).toEqual({ unsupported });
  });

  it.for<[name: string, bytes: number[]]>([
    ['nothing', []],
    ['ID3 with a version that cannot be', [...textBytes('ID3'), 0xff, 0]],
    ['ID3 with a revision that cannot be', [...textBytes('ID3'), 4, 0xff]],
    ['a frame with another first byte', [0x7f, 0xfb, 0x90, 0x64]],
    ['a frame with an incomplete sync word', [0xff, 0x1b, 0x90, 0x64]],
    ['a frame without a bitrate', [0xff, 0xfb, 0x00, 0x64]],
    ['WAVE without RIFF', textBytes('RIFX\0\0\0\0WAVE')],
    ['RIFF of something else', textBytes('RIFF\0\0\0\0WEBP')],
    ['ADTS whose first byte is another', [0x7f, 0xf1, 0x50, 0x80]],
    ['ADTS that breaks off', [0xff, 0xf1]],
    ['ADTS with a reserved sampling rate', [0xff, 0xf1, 13 << 2]],
    ['a brand somewhere else', textBytes('\0\0\0\x20\0\0\0\0M4A ')],
  ])('returns null for %s', ([, bytes], { expect }) => {
    expect(detect(bytes)).toBeNull();
  });
});

describe('wavDurationMs', () => {
  it('counts the existing bytes if the header claims more than 16 MiB', ({ expect }) => {
    expect(durationMs(wav({ dataBytes: 16_000, claimedBytes: 2 ** 24 }))).toBe(1000);
    expect(durationMs(wav({ dataBytes: 16_000, claimedBytes: 0xffff_ffff }))).toBe(1000);
  });

  it('reads at most 64 chunks', ({ expect }) => {
    expect(durationMs(wav({ dataBytes: 16_000, before: emptyChunks(62) }))).toBe(1000);
    expect(durationMs(wav({ dataBytes: 16_000, before: emptyChunks(63) }))).toBeNull();
  });

  it('returns null for a file that ends in the header of its data', ({ expect }) => {
    const whole = wav({ dataBytes: 0 });
    for (let cut = 1; cut <= 8; cut += 1) expect(durationMs(whole.slice(0, -cut))).toBeNull();
    expect(durationMs(whole)).toBe(0);
  });

  it('returns null without a format, and without data', ({ expect }) => {
    expect(durationMs(wavOf([...textBytes('data'), 4, 0, 0, 0, 1, 2, 3, 4]))).toBeNull();
    expect(durationMs(wavOf(EMPTY_CHUNK))).toBeNull();
  });
});
