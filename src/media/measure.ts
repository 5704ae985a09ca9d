/**
 * Measures files by mediabunny, and checks the boxes of an MP4 or MOV file before.
 *
 * mediabunny trusts the numbers of a file: a table of 20 bytes that claims 4 billion samples makes it allocate until the
 * object is killed. So it gets only bytes that have passed `disarm`, and zeros instead of all other bytes.
 *
 * Only `inspect.ts` imports this file, and only at the first file, so that a cold start does not evaluate the library. The
 * names that are imported here are the parts of the library in the script: an `import('mediabunny')` would add all of it.
 *
 * @module
 */

import { BufferSource, CustomSource, Input, Logging, LogLevel, MP3, MP4, QTFF, WAVE } from 'mediabunny';
import { adtsDurationMs } from '../domain/audio.ts';
import type { MediaExtension, MediaFacts } from '../domain/media.ts';

// Warnings of the library have text from files.
Logging.level = LogLevel.Silent;

/**
 * Measures an MP4 or MOV whose index was checked. Returns the end of the sentence "this …" if it has no track or length.
 * Throws what the library throws for a damaged file.
 *
 * The length is that of the first video track, or else of the first audio track, as its edit list shows it.
 */
export async function measureMovie(index: Index, bytes: number, isQuickTime: boolean): Promise<MediaFacts | string> {
  const source = new CustomSource({ getSize: () => bytes, read: (start, end) => bytesOf(index.pieces, start, end) });
  const input = new Input({ formats: [MP4, QTFF], source });
  try {
    const tracks = await input.getTracks();
    const video = tracks.find((track) => track.isVideoTrack());
    const audio = tracks.find((track) => track.isAudioTrack());
    const main = video ?? audio;
    if (main === undefined) return 'has no video track and no audio track';
    const codecs: string[] = [];
    for (const track of [video, audio]) {
      if (track !== undefined) codecs.push(codecName((await track.getCodec()) ?? (await track.getInternalCodecId())));
    }
    const endSeconds = await main.computeDuration();
    const firstSeconds = await main.getFirstTimestamp();
    const shownSeconds = index.shownSeconds.get(main.id) ?? Infinity;
    const durationMs = wholeMs(Math.min(endSeconds - Math.max(0, firstSeconds), shownSeconds));
    if (durationMs === null) return NO_LENGTH;
    const sound = isQuickTime ? 'mov' : 'm4a';
    const picture = isQuickTime ? 'mov' : 'mp4';
    return {
      extension: video === undefined ? sound : picture,
      durationMs,
      width: video === undefined ? null : await video.getDisplayWidth(),
      height: video === undefined ? null : await video.getDisplayHeight(),
      codecs,
      hasAudio: audio !== undefined,
    };
  } finally {
    input.dispose();
  }
}

/** Measures an MP3, WAV or ADTS file by all its frames. Returns and throws as `measureMovie` does. */
export async function measureAudio(bytes: Uint8Array, isWave: boolean): Promise<MediaFacts | string> {
  // mediabunny 1.61 loops for ever on an ADTS frame of 0 bytes.
  const adtsMs = adtsDurationMs(bytes);
  if (adtsMs !== null) return audioFacts('aac', 'aac', adtsMs / 1000);
  const source = new BufferSource(isWave ? withoutTags(bytes) : bytes);
  const input = new Input({ formats: [isWave ? WAVE : MP3], source });
  try {
    const track = (await input.canRead()) ? await input.getPrimaryAudioTrack() : null;
    if (track === null) return 'is no audio that could be recognised';
    return audioFacts(isWave ? 'wav' : 'mp3', codecName(await track.getCodec()), await track.computeDuration());
  } finally {
    input.dispose();
  }
}

const NO_LENGTH = 'has no readable length';

function audioFacts(extension: MediaExtension, codec: string, seconds: number): MediaFacts | string {
  const durationMs = wholeMs(seconds);
  if (durationMs === null) return NO_LENGTH;
  return { extension, durationMs, width: null, height: null, codecs: [codec], hasAudio: true };
}

/** Returns null for a length that is no number, or longer than a day. A file without samples has a length of 0. */
function wholeMs(seconds: number): number | null {
  const ms = Math.round(seconds * 1000);
  return ms > 0 && ms <= 86_400_000 ? ms : null;
}

/** Returns a codec as the library names it, or the four letters in the file. */
function codecName(name: string | number | Uint8Array | null): string {
  return typeof name === 'string' && /^[\w.-]{1,16}$/.test(name.trim()) ? name.trim() : 'unknown';
}

/** The names of a WAV's chunks of tags: LIST, ID3 and id3. */
const TAGS: ReadonlySet<number> = new Set([0x4c49_5354, 0x4944_3320, 0x6964_3320]);

/**
 * Returns a copy of a WAV whose chunks of tags are renamed, because the library unpacks large ones on the stack. Samples may
 * change too, but are not read.
 */
function withoutTags(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  let code = 0;
  for (let at = 0; at < copy.length; at += 1) {
    code = ((code << 8) | (copy[at] ?? 0)) >>> 0;
    if (TAGS.has(code)) copy.fill(0x2d, at - 3, at + 1);
  }
  return copy;
}

/** Reads bytes of a file. Returns exactly `end - start` bytes, and throws if it cannot. */
export type ReadBytes = (start: number, end: number) => Promise<Uint8Array>;

/** Bytes of a file, and where they start in it. */
export interface Piece {
  readonly start: number;
  readonly bytes: Uint8Array;
}

/** The index of a file, or why it cannot be read: the end of the sentence "this …". */
export type FoundIndex = { readonly ok: true; readonly index: Index } | { readonly ok: false; readonly found: string };

/** The parts of a file that a library may read. */
export interface Index {
  readonly pieces: readonly Piece[];
  /** The time that each track is shown, in seconds, by its id. Only tracks with an edit list are in it. */
  readonly shownSeconds: ReadonlyMap<number, number>;
}

/** The most bytes of the index of a whole file, and of one fragment. A file of 60 s has about 100 KB. */
const MOOV_BYTES_MAX = 4 * 1024 * 1024;
const MOOF_BYTES_MAX = 1024 * 1024;

/** The most samples that the tables of all tracks may claim together. A video of two hours has 500,000. */
const SAMPLES_MAX = 600_000;

/** The most samples of one chunk, which the library counts one by one. 60 s of PCM at 192 kHz have 12 million. */
const CHUNK_SAMPLES_MAX = 16_000_000;

/** The most samples of one fragment, which holds a few seconds. The library takes 250 bytes for each. */
const FRAGMENT_SAMPLES_MAX = 60_000;

/** The most tracks. A recording of a phone has up to six. */
const TRACKS_MAX = 32;

/** The most boxes at the top of a file. A video of 60 s with a fragment for each frame has 7,200. */
const BOXES_MAX = 8192;

/**
 * Reads the index: the headers of all top-level boxes, `ftyp`, `moov` and each `moof`. Reads on past `moov`, because a file
 * that was cut off ends within a box.
 */
export async function readIndex(read: ReadBytes, fileBytes: number): Promise<FoundIndex> {
  const pieces: Piece[] = [];
  const guard = createGuard();
  let hasMovie = false;
  let hasSamples = false;
  for (let start = 0; start + 8 <= fileBytes;) {
    const header = await read(start, Math.min(start + 16, fileBytes));
    const box = readBox(header, start, fileBytes);
    // Bytes after the last box are ignored, as players do.
    if (box === null) break;
    if (pieces.length === BOXES_MAX) return { ok: false, found: `has more than ${BOXES_MAX} boxes` };
    const { name, end } = box;
    const isIndex = name === 'moov' || name === 'moof' || name === 'ftyp';
    if (end > fileBytes) {
      if (isIndex || name === 'mdat')
        return { ok: false, found: `is cut off: its box ${name} ends after its last byte` };
      break;
    }
    if (isIndex) {
      if (end - start > (name === 'moof' ? MOOF_BYTES_MAX : MOOV_BYTES_MAX)) {
        return { ok: false, found: `has an index that is too large to read: ${end - start} bytes in ${name}` };
      }
      const bytes = (await read(start, end)).slice();
      if (name !== 'ftyp' && !guard.disarm(bytes)) {
        return { ok: false, found: `has an index with impossible numbers in ${name}` };
      }
      pieces.push({ start, bytes });
      // A second one would be ignored by players.
      if (name === 'moov' && hasMovie) break;
      hasMovie ||= name === 'moov';
    } else {
      pieces.push({ start, bytes: header.slice(0, 16) });
      hasSamples ||= name === 'mdat' && end - start > 16;
    }
    start = end;
  }
  if (!hasMovie)
    return { ok: false, found: 'has no index: its box moov is missing, as in a recording that was cut off' };
  if (!hasSamples) return { ok: false, found: 'has an index, but no picture or sound: its box mdat is missing' };
  return { ok: true, index: { pieces, shownSeconds: guard.shownSeconds() } };
}

/** Returns bytes of a file, with zeros where no piece is. */
export function bytesOf(pieces: readonly Piece[], start: number, end: number): Uint8Array {
  const bytes = new Uint8Array(end - start);
  for (let at = firstPieceAt(pieces, start); at < pieces.length; at += 1) {
    const piece = pieces[at];
    if (piece === undefined || piece.start >= end) break;
    const from = Math.max(start, piece.start);
    const to = Math.min(end, piece.start + piece.bytes.length);
    if (from < to) bytes.set(piece.bytes.subarray(from - piece.start, to - piece.start), from - start);
  }
  return bytes;
}

/** Returns the place of the last piece that starts at or before a byte, or 0. Pieces are sorted by their starts. */
function firstPieceAt(pieces: readonly Piece[], start: number): number {
  let low = 0;
  let high = pieces.length;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if ((pieces[middle]?.start ?? 0) <= start) low = middle;
    else high = middle;
  }
  return low;
}

/** Returns null for bytes that are no box. A size of 0 means the rest of the file (ISO/IEC 14496-12, 4.2). */
function readBox(header: Uint8Array, start: number, fileBytes: number): { name: string; end: number } | null {
  const view = viewOf(header);
  const size = view.getUint32(0);
  const name = String.fromCharCode(...header.subarray(4, 8));
  if (!header.subarray(4, 8).every((byte) => (byte >= 0x20 && byte < 0x7f) || byte === 0xa9)) return null;
  if (size === 0) return { name, end: fileBytes };
  if (size >= 8) return { name, end: start + size };
  if (size !== 1 || header.length < 16) return null;
  const large = view.getUint32(8) * 0x1_0000_0000 + view.getUint32(12);
  return large < 16 ? null : { name, end: start + large };
}

/** The names of the boxes whose numbers are checked. */
const [MVHD, TRAK, TKHD, ELST, STTS, CTTS, STZ2, STSC, TRUN] = [
  codeOf('mvhd'),
  codeOf('trak'),
  codeOf('tkhd'),
  codeOf('elst'),
  codeOf('stts'),
  codeOf('ctts'),
  codeOf('stz2'),
  codeOf('stsc'),
  codeOf('trun'),
];
const CHECKED = new Set([MVHD, TRAK, TKHD, ELST, STTS, CTTS, STZ2, STSC, TRUN]);

/**
 * The names of boxes that mediabunny 1.61 reads and that are not needed. Some make it loop or allocate without end (`keys`,
 * `tfra`, `saiz`), the others hold tags, encryption and details of codecs.
 */
const UNWANTED = new Set(
  (
    'dinf mfra sinf schi frma schm tenc vpcC av1C colr btrt dOps dfLa dac3 ' +
    'dec3 ddts stss mehd tfra pssh saiz saio senc udta meta keys ilst name'
  )
    .split(' ')
    .map(codeOf),
);

const FREE = [0x66, 0x72, 0x65, 0x65] as const;

function codeOf(name: string): number {
  return [0, 1, 2, 3].reduce((code, at) => code * 256 + name.charCodeAt(at), 0);
}

interface Track {
  id: number | null;
  shownUnits: number;
  samples: number;
  hasOffsets: boolean;
}

interface Guard {
  /**
   * Checks the numbers of a `moov` or `moof`, and renames what is not needed. Returns false if a number is impossible.
   * Looks for names at every byte, so that no nesting of boxes hides one.
   */
  disarm(bytes: Uint8Array): boolean;
  shownSeconds(): ReadonlyMap<number, number>;
}

function createGuard(): Guard {
  const tracks: Track[] = [];
  let unitsPerSecond = 0;
  let samples = 0;
  let fragmentSamples = 0;

  return { disarm, shownSeconds };

  function disarm(bytes: Uint8Array): boolean {
    const view = viewOf(bytes);
    let entriesLeft = bytes.length;
    let code = 0;
    fragmentSamples = 0;
    for (let at = 0; at < bytes.length; at += 1) {
      code = ((code << 8) | (bytes[at] ?? 0)) >>> 0;
      if (UNWANTED.has(code)) bytes.set(FREE, at - 3);
      if (!CHECKED.has(code)) continue;
      const used = check(code, view, at + 1, entriesLeft);
      entriesLeft -= used;
      // Tables that overlap would be read again and again.
      if (entriesLeft < 0 || fragmentSamples > FRAGMENT_SAMPLES_MAX) return false;
      if (tracks.length > TRACKS_MAX || claimed() > SAMPLES_MAX) return false;
    }
    return true;
  }

  /** Samples with composition offsets are expanded one by one; others stay runs of equal samples. */
  function claimed(): number {
    return tracks.reduce((sum, track) => sum + (track.hasOffsets ? track.samples : 0), samples);
  }

  /** Counts what the box claims. `at` is after its name. Returns the number of its entries that were read. */
  function check(code: number, view: DataView, at: number, entriesMax: number): number {
    const track = tracks.at(-1);
    const u32 = (offset: number) => (at + offset + 4 <= view.byteLength ? view.getUint32(at + offset) : 0);
    const u64 = (offset: number) => u32(offset) * 0x1_0000_0000 + u32(offset + 4);
    const isLong = u32(0) >>> 24 === 1;
    const entries = (entryBytes: number) =>
      Math.min(u32(4), Math.max(0, Math.floor((view.byteLength - at - 8) / entryBytes)), entriesMax + 1);
    if (code === TRAK) tracks.push({ id: null, shownUnits: 0, samples: 0, hasOffsets: false });
    if (code === MVHD) unitsPerSecond = u32(isLong ? 20 : 12);
    if (code === TKHD && track !== undefined) track.id = u32(isLong ? 20 : 12);
    if (code === STZ2) samples += u32(8);
    if (code === TRUN) {
      samples += u32(4);
      fragmentSamples += u32(4);
    }
    if (track === undefined) return 0;
    if (code === ELST) {
      const size = isLong ? 20 : 12;
      const count = entries(size);
      for (let n = 0; n < count; n += 1) track.shownUnits += isLong ? u64(8 + n * size) : u32(8 + n * size);
      return count;
    }
    if (code === STTS || code === CTTS) {
      const count = entries(8);
      for (let n = 0; n < count; n += 1) {
        if (code === STTS) track.samples += u32(8 + n * 8);
        else samples += u32(8 + n * 8);
      }
      track.hasOffsets ||= code === CTTS;
      return count;
    }
    if (code === STSC) {
      const count = entries(12);
      for (let n = 0; n < count; n += 1) {
        if (u32(12 + n * 12) > CHUNK_SAMPLES_MAX) samples = Infinity;
        if (n > 0) samples += Math.max(0, u32(8 + n * 12) - u32(n * 12 - 4));
      }
      return count;
    }
    return 0;
  }

  function shownSeconds(): ReadonlyMap<number, number> {
    const shown = new Map<number, number>();
    for (const { id, shownUnits } of tracks) {
      if (id !== null && shownUnits > 0 && unitsPerSecond > 0) shown.set(id, shownUnits / unitsPerSecond);
    }
    return shown;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
