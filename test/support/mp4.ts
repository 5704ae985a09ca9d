/** Writes MP4 files box by box, so that each number in them can be a lie. */

/** Returns the bytes of text (one byte a character) and of bytes, in turn. */
export function join(...parts: readonly (string | Uint8Array)[]): Uint8Array {
  const chunks = parts.map((part) =>
    typeof part === 'string' ? Uint8Array.from(part, (char) => char.charCodeAt(0)) : part,
  );
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** Returns numbers of 4 bytes each, the highest byte first. */
export function u32(...values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  for (const [at, value] of values.entries()) view.setUint32(at * 4, value);
  return new Uint8Array(view.buffer);
}

/** Returns zeros. */
export function zeros(count: number): Uint8Array {
  return new Uint8Array(count);
}

/** Returns a box with its real size. */
export function box(name: string, ...parts: readonly (string | Uint8Array)[]): Uint8Array {
  return boxOfSize(8 + join(...parts).length, name, ...parts);
}

/** Returns a box that claims a size. */
export function boxOfSize(size: number, name: string, ...parts: readonly (string | Uint8Array)[]): Uint8Array {
  return join(u32(size), name, ...parts);
}

export const FTYP = box('ftyp', 'isom', u32(512), 'isomavc1');

/** The numbers of a movie with one video track. The defaults are 10 s of 10 pictures a second, in 1280 x 720. */
export interface MovieNumbers {
  readonly timescale: number;
  readonly movieTimescale: number;
  /** The entry count of `stts`, and its pairs of a count of samples and their length. */
  readonly times: readonly [claimed: number, ...pairs: number[]];
  readonly width: number;
  readonly height: number;
  /** The samples of each chunk. */
  readonly chunk: number;
  /** The size of all samples and their count, or 0, the count, and the size of each. */
  readonly sizes: readonly number[];
  /** Boxes of the sample table, after `stsz`. */
  readonly tables: Uint8Array;
  /** Boxes of the track, before `mdia`. */
  readonly track: Uint8Array;
  /** Boxes of `moov`, after the track. */
  readonly extra: Uint8Array;
  readonly tracks: number;
  /** The four letters of the codec. */
  readonly codec: string;
  /** Boxes within the sample description. */
  readonly description: Uint8Array;
}

const DEFAULTS: MovieNumbers = {
  timescale: 1000,
  movieTimescale: 1000,
  times: [1, 100, 100],
  width: 1280,
  height: 720,
  tables: zeros(0),
  track: zeros(0),
  extra: zeros(0),
  tracks: 1,
  chunk: 1,
  sizes: [10, 100],
  codec: 'avc1',
  description: zeros(0),
};

/** Returns the box `moov`. */
export function moov(numbers: Partial<MovieNumbers> = {}): Uint8Array {
  const n = { ...DEFAULTS, ...numbers };
  const tracks = Array.from({ length: n.tracks }, (_, at) => trak(n, at + 1));
  return box('moov', box('mvhd', zeros(12), u32(n.movieTimescale, 10_000), zeros(80)), ...tracks, n.extra);
}

function trak(n: MovieNumbers, id: number): Uint8Array {
  const sizes = (n.width << 16) | n.height;
  const entry = join(zeros(6), u32(0x0001_0000), zeros(14), u32(sizes), zeros(50), n.description);
  const table = box(
    'stbl',
    box('stsd', u32(0, 1), box(n.codec, entry)),
    box('stts', u32(0, ...n.times)),
    box('stsc', u32(0, 1, 1, n.chunk, 1)),
    n.times[0] === 0 ? box('stsz', u32(0, 0, 0)) : box('stsz', u32(0, ...n.sizes)),
    box('stco', u32(0, 1, 100)),
    n.tables,
  );
  const matrix = u32(0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000);
  return box(
    'trak',
    box('tkhd', u32(3, 0, 0, id, 0, 10_000), zeros(16), matrix, u32(1280 << 16, 720 << 16)),
    n.track,
    box(
      'mdia',
      box('mdhd', u32(0, 0, 0, n.timescale, 10_000, 0)),
      box('hdlr', u32(0, 0), 'vide', zeros(13)),
      box('minf', table),
    ),
  );
}

/** Returns a whole file: header, index, samples. */
export function movie(numbers: Partial<MovieNumbers> = {}): Uint8Array {
  return join(FTYP, moov(numbers), box('mdat', zeros(1000)));
}
