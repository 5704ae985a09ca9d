import { describe, expect, it } from 'vitest';
import type { MediaKind } from '../../src/domain/media.ts';
import { inspectFile, READ_BYTES_MAX, READS_MAX } from '../../src/media/inspect.ts';
import { box, boxOfSize, FTYP, join, moov, movie, u32, zeros } from '../support/mp4.ts';

/** Inspects bytes, and counts what was read of them. A file of 100 MB is given as its start, and has zeros after it. */
async function inspect(start: Uint8Array, kind: MediaKind, fileBytes = start.length) {
  let reads = 0;
  let bytesRead = 0;
  const { facts, problems } = await inspectFile(
    {
      bytes: fileBytes,
      read(from, to) {
        reads += 1;
        bytesRead += to - from;
        const bytes = zeros(to - from);
        bytes.set(start.subarray(from, to));
        return Promise.resolve(bytes);
      },
    },
    kind,
  );
  return { facts, problems, reads, bytesRead, codes: problems.map(({ code }) => code).join(' ') };
}

const MANY = 0xffff_ffff;

function nested(name: string, depth: number): Uint8Array {
  const bytes = zeros(depth * 8);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < depth; at += 1) {
    view.setUint32(at * 8, (depth - at) * 8);
    bytes.set(join(name), at * 8 + 4);
  }
  return bytes;
}

function repeated(part: Uint8Array, count: number): Uint8Array {
  const bytes = zeros(part.length * count);
  for (let at = 0; at < count; at += 1) bytes.set(part, at * part.length);
  return bytes;
}

const pairs = (count: number, ...pair: readonly number[]) => repeated(u32(...pair), count);

const fragment = (...runs: readonly Uint8Array[]) =>
  join(box('moof', box('traf', box('tfhd', u32(0x20000, 1)), box('tfdt', u32(0, 0)), ...runs)), box('mdat', zeros(64)));

const fragmented = (...runs: readonly Uint8Array[]) =>
  join(
    FTYP,
    moov({ times: [0], extra: box('mvex', box('trex', u32(0, 1, 1, 100, 10, 0))) }),
    ...runs.map((run) => fragment(run)),
  );

const wav = (...chunks: readonly Uint8Array[]) => join('RIFF', u32(MANY), 'WAVE', ...chunks);
const little = (value: number) => u32(value).toReversed();
const chunk = (name: string, size: number, ...parts: readonly Uint8Array[]) => join(name, little(size), ...parts);
const fmt = (blockBytes: number, rate = 8000) =>
  chunk('fmt ', 16, Uint8Array.of(1, 0, 1, 0), little(rate), little(rate * 2), Uint8Array.of(blockBytes, 0, 16, 0));
const SOUND = chunk('data', 48_000, zeros(48_000));

/** Hostile videos, and the codes of their problems. Each took the object down, or for minutes, without its guard. */
const VIDEOS: readonly (readonly [attack: string, bytes: Uint8Array, codes: string])[] = [
  ['a valid movie', movie(), ''],
  ['a valid movie in fragments', fragmented(box('trun', u32(0, 50)), box('trun', u32(0, 50))), ''],
  [
    '4 billion samples with offsets in one entry',
    movie({ times: [1, MANY, 1], tables: box('ctts', u32(0, 1, MANY, 0)) }),
    'UNSUPPORTED_FORMAT',
  ],
  [
    'samples with offsets in many tracks',
    movie({ tracks: 30, times: [1, 200_000, 1], tables: box('ctts', u32(0, 1, 1, 0)) }),
    'UNSUPPORTED_FORMAT',
  ],
  ['a table that claims 4 billion entries', movie({ times: [MANY, 1, 1] }), 'UNSUPPORTED_FORMAT'],
  ['4 billion sizes of 0 bits', movie({ tables: box('stz2', u32(0, 0, MANY)) }), 'UNSUPPORTED_FORMAT'],
  ['4 billion samples in a chunk', movie({ sizes: [0, 2, 10, 10], chunk: 0xffff_ffff }), 'UNSUPPORTED_FORMAT'],
  ['4 billion chunks', movie({ tables: box('stsc', u32(0, 2, 1, 1, 1, MANY, 1, 1)) }), 'UNSUPPORTED_FORMAT'],
  ['a fragment with too many samples', fragmented(box('trun', u32(0, 60_001))), 'UNSUPPORTED_FORMAT'],
  ['4 billion samples in a fragment', fragmented(box('trun', u32(0, MANY))), 'UNSUPPORTED_FORMAT'],
  [
    '4 billion keys of 0 bytes',
    movie({
      extra: box('meta', u32(0), box('hdlr', u32(0, 0), 'mdta', zeros(13)), box('keys', u32(0, MANY), zeros(4000))),
    }),
    '',
  ],
  [
    'a lookup table of equal times',
    movie({ extra: box('tfra', u32(0, 1, 0, 150_000), repeated(zeros(11), 150_000)) }),
    '',
  ],
  ['overlapping tables', movie({ extra: join(repeated(join('stts', u32(0)), 100_000)) }), 'UNSUPPORTED_FORMAT'],
  ['10,000 tracks', movie({ tracks: 4000 }), 'UNSUPPORTED_FORMAT'],
  ['boxes that are nested 200,000 deep', movie({ extra: nested('mdia', 200_000) }), 'UNSUPPORTED_FORMAT'],
  [
    'an index that is nested in a sample description',
    movie({ description: nested('wave', 20_000) }),
    'UNSUPPORTED_FORMAT',
  ],
  ['a movie without time units', movie({ timescale: 0 }), 'UNSUPPORTED_FORMAT'],
  [
    'a movie whose edit list has no time units',
    movie({ movieTimescale: 0, track: box('edts', box('elst', u32(0, 1, 5000, 0, 0x1_0000))) }),
    'UNSUPPORTED_FORMAT',
  ],
  ['a movie without samples', movie({ times: [0] }), 'UNSUPPORTED_FORMAT'],
  ['samples of length 0', movie({ times: [1, 100, 0] }), 'UNSUPPORTED_FORMAT'],
  ['samples of 136 years', movie({ timescale: 1, times: [1, 1, MANY] }), 'UNSUPPORTED_FORMAT'],
  [
    'an edit list of 4 billion gaps',
    movie({ track: box('edts', box('elst', u32(0, MANY), pairs(100, 1, MANY, 0x1_0000))) }),
    'UNSUPPORTED_FORMAT',
  ],
  [
    'an edit that starts after the end',
    movie({ track: box('edts', box('elst', u32(0, 1, 10_000, 2_000_000_000, 0x1_0000))) }),
    'UNSUPPORTED_FORMAT',
  ],
  [
    'an edit list that shows 1 s',
    movie({ track: box('edts', box('elst', u32(0, 1, 1000, 0, 0x1_0000))) }),
    'TOO_SHORT',
  ],
  ['a picture of 0 pixels', movie({ width: 0, height: 0 }), 'UNSUPPORTED_RESOLUTION UNSUPPORTED_RESOLUTION'],
  ['a picture that a pixel ratio widens', movie({ description: box('pasp', u32(MANY, 1)) }), 'UNSUPPORTED_RESOLUTION'],
  ['an index that is cut off', movie().subarray(0, 300), 'UNSUPPORTED_FORMAT'],
  ['samples that are cut off', movie().subarray(0, -1), 'UNSUPPORTED_FORMAT'],
  ['an index without samples', join(FTYP, moov()), 'UNSUPPORTED_FORMAT'],
  ['samples without an index', join(FTYP, box('mdat', zeros(1000))), 'UNSUPPORTED_FORMAT'],
  ['a fragment before the index', join(FTYP, fragment(), moov(), box('mdat', zeros(1000))), 'UNSUPPORTED_FORMAT'],
  ['two indexes', join(FTYP, moov(), moov({ times: [1, 1, 1] }), box('mdat', zeros(99))), 'UNSUPPORTED_FORMAT'],
  ['boxes of size 0', join(FTYP, repeated(u32(0, 0), 1000)), 'UNSUPPORTED_FORMAT'],
  ['boxes of size 4', join(FTYP, repeated(join(u32(4), 'free'), 1000)), 'UNSUPPORTED_FORMAT'],
  ['a box of 2^64 bytes', join(FTYP, u32(1), 'moov', u32(MANY, MANY), zeros(1000)), 'UNSUPPORTED_FORMAT'],
  ['a million boxes', join(FTYP, repeated(box('free'), 1_000_000)), 'UNSUPPORTED_FORMAT'],
  ['a header only', FTYP, 'UNSUPPORTED_FORMAT'],
  ['seven bytes', FTYP.subarray(0, 7), 'UNSUPPORTED_FORMAT'],
  ['no bytes', zeros(0), 'UNSUPPORTED_FORMAT'],
  ['bytes after the last box', join(movie(), zeros(1000)), ''],
];

/** Hostile audio, and the codes of its problems. */
const AUDIO: readonly (readonly [attack: string, bytes: Uint8Array, codes: string])[] = [
  ['a valid WAV', wav(fmt(2), SOUND), ''],
  ['ADTS frames of 0 bytes', repeated(Uint8Array.of(0xff, 0xf1, 0x50, 0x80, 0, 0, 0), 1000), 'UNSUPPORTED_FORMAT'],
  ['ADTS frames of 1 byte', repeated(Uint8Array.of(0xff, 0xf1, 0x50, 0x80, 0, 0x20, 0), 1000), 'UNSUPPORTED_FORMAT'],
  [
    'one frame and 4 MB of zeros',
    join(Uint8Array.of(0xff, 0xf1, 0x50, 0x80, 1, 0, 0), zeros(4_000_000)),
    'UNSUPPORTED_FORMAT',
  ],
  ['650,000 ADTS frames', repeated(Uint8Array.of(0xff, 0xf1, 0x50, 0x80, 0, 0xe0, 0), 650_000), 'TOO_LONG'],
  ['200,000 MP3 frames', repeated(join(Uint8Array.of(0xff, 0xf3, 0x14, 0xc4), zeros(20)), 200_000), 'TOO_LONG'],
  [
    '4 MB of MP3 headers that do not match',
    join(
      Uint8Array.of(0xff, 0xf3, 0x14, 0xc4),
      zeros(20),
      Uint8Array.of(0xff, 0xf3, 0x14, 0xc4),
      repeated(Uint8Array.of(0xff, 0xfb, 0x90, 0xc4), 1_000_000),
    ),
    'TOO_SHORT',
  ],
  ['400,000 ID3 tags', repeated(join('ID3', Uint8Array.of(4, 0, 0, 0, 0, 0, 0)), 400_000), 'UNSUPPORTED_FORMAT'],
  ['an ID3 tag of 256 MB', join('ID3', Uint8Array.of(4, 0, 0, 127, 127, 127, 127), zeros(100)), 'UNSUPPORTED_FORMAT'],
  ['a WAV of 4 GB', wav(fmt(2), chunk('data', MANY, zeros(48_000))), ''],
  ['a WAV with blocks of 0 bytes', wav(fmt(0), SOUND), 'UNSUPPORTED_FORMAT'],
  ['a WAV with 0 samples a second', wav(fmt(2, 0), SOUND), 'UNSUPPORTED_FORMAT'],
  ['a WAV with no format', wav(SOUND), 'UNSUPPORTED_FORMAT'],
  ['a WAV with no samples', wav(fmt(2)), 'UNSUPPORTED_FORMAT'],
  ['a WAV of 600,000 chunks', wav(repeated(chunk('junk', 0), 600_000)), 'UNSUPPORTED_FORMAT'],
  [
    'a WAV with a tag of 4 MB',
    wav(
      fmt(2),
      chunk('LIST', 4_000_012, join('INFOINAM'), little(4_000_000), repeated(join('aaaa'), 1_000_000)),
      SOUND,
    ),
    '',
  ],
  [
    'a WAV with tags of 0 bytes',
    wav(fmt(2), chunk('LIST', 4_000_004, join('INFO'), repeated(join('INAM', u32(0)), 500_000)), SOUND),
    '',
  ],
  ['a WAV with an odd chunk', wav(chunk('junk', 3, zeros(4)), fmt(2), SOUND), ''],
  ['a movie', movie(), 'UNSUPPORTED_FORMAT'],
  ['no bytes', zeros(0), 'UNSUPPORTED_FORMAT'],
];

describe('inspectFile', () => {
  it.each(VIDEOS)('survives a video with an attack: %s', async (_attack, bytes, codes) => {
    const found = await inspect(bytes, 'VIDEO');
    expect(found).toMatchObject({ codes });
    expect(found.reads).toBeLessThanOrEqual(READS_MAX);
    expect(found.bytesRead).toBeLessThanOrEqual(READ_BYTES_MAX);
  });

  it.each(AUDIO)('survives audio with an attack: %s', async (_attack, bytes, codes) => {
    const found = await inspect(bytes, 'AUDIO');
    expect(found).toMatchObject({ codes });
    expect(found.reads).toBeLessThanOrEqual(1);
  });

  it.each<readonly [attack: string, start: Uint8Array]>([
    ['an index that claims 90 MB', join(FTYP, boxOfSize(90_000_000, 'moov'))],
    ['a fragment that claims 90 MB', join(FTYP, moov(), boxOfSize(90_000_000, 'moof'))],
    ['a header that claims 90 MB', boxOfSize(90_000_000, 'ftyp', 'isom')],
    ['300 boxes, 300 KB apart', join(FTYP, boxOfSize(300_000, 'free'))],
    ['an MP4 with no end of its boxes', join(FTYP, repeated(box('free'), 100_000))],
  ])('reads little of a video of 100 MB with an attack: %s', async (_attack, start) => {
    const found = await inspect(start, 'VIDEO', 100_000_000);
    expect(found.codes).toBe('UNSUPPORTED_FORMAT');
    expect(found.bytesRead).toBeLessThan(READ_BYTES_MAX);
  });

  it('stops at the limits of a video whose fragments are far apart', async () => {
    const step = 300_000;
    let reads = 0;
    const read = (from: number, to: number) => {
      reads += 1;
      const bytes = zeros(to - from);
      const header = from === 0 ? FTYP : zeros(0);
      bytes.set(header.subarray(0, to - from));
      const next = from === 0 ? FTYP.length : from;
      if (next + 8 <= to) bytes.set(boxOfSize(step, 'free'), next - from);
      return Promise.resolve(bytes);
    };
    const { problems } = await inspectFile({ bytes: 100_000_000, read }, 'VIDEO');
    expect(problems.map(({ message }) => message)).toEqual([
      'must be MP4 or MOV with a video track: this has an index that is spread over too many places to read',
    ]);
    expect(reads).toBe(READS_MAX);
  });

  it.each(['a\nb\0', '\u009b31', '<b> '])('does not repeat the text %j of a file as a codec', async (codec) => {
    const { facts } = await inspect(movie({ codec }), 'VIDEO');
    expect(facts?.codecs).toEqual(['unknown']);
  });

  it('does not read audio that is too large', async () => {
    expect(await inspect(zeros(10), 'AUDIO', 5_000_001)).toMatchObject({ codes: 'FILE_TOO_LARGE', reads: 0 });
  });

  it('throws the error of a store that fails, because the file may be fine', async () => {
    const broken = { bytes: 1000, read: () => Promise.reject(new Error('the store is away')) };
    await expect(inspectFile(broken, 'VIDEO')).rejects.toThrow('the store is away');
    const short = { bytes: 1000, read: () => Promise.resolve(zeros(3)) };
    await expect(inspectFile(short, 'AUDIO')).rejects.toThrow('read 3 bytes of 1000');
  });
});
