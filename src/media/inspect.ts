import { adtsDurationMs } from '../domain/audio.ts';
import { problemsOf, unsupportedFormat } from '../domain/media-check.ts';
import { KLING_BYTES_MAX, type MediaExtension, type MediaFacts, type MediaKind } from '../domain/media.ts';
import type { Issue } from '../errors.ts';
import { bytesOf, type Index, readIndex, type ReadBytes } from './index-boxes.ts';

/** A file that can be read in parts, such as an object of R2. */
export interface FileSource {
  readonly bytes: number;
  /** Returns the bytes from `start` to before `end`. They are always within the file. */
  read(start: number, end: number): Promise<Uint8Array>;
}

/** The facts of a file, and everything that Kling would refuse about it. The facts are null if it cannot be read. */
export interface Inspection {
  readonly facts: MediaFacts | null;
  readonly problems: readonly Issue[];
}

/** The most reads of a video, and the most bytes of them together. An R2 read costs about 10 ms (platform docs, 2026-11). */
export const READS_MAX = 256;
export const READ_BYTES_MAX = 8_000_000;

/** The least bytes of a read, so that the boxes of a small file need few of them. */
const WINDOW_BYTES = 16 * 1024;

/**
 * Inspects a file. Audio is read whole, because ADTS and many MP3 files have no index. A file that is damaged, hostile or of
 * another type has problems, and causes no error.
 *
 * Throws only what `source.read` throws. The file may be fine then: inspect it again later.
 */
export async function inspectFile(source: FileSource, kind: MediaKind): Promise<Inspection> {
  if (kind === 'AUDIO' && source.bytes > KLING_BYTES_MAX.AUDIO) {
    return { facts: null, problems: problemsOf(null, kind, source.bytes) };
  }
  const reader = createReader(source, kind === 'AUDIO' ? source.bytes : WINDOW_BYTES);
  const found = await readFacts(reader.read, kind, source.bytes);
  reader.throwFailure();
  if (typeof found === 'string') {
    const problems = [...problemsOf(null, kind, source.bytes), unsupportedFormat(kind, found)];
    return { facts: null, problems };
  }
  return { facts: found, problems: problemsOf(found, kind, source.bytes) };
}

/** Returns the facts, or why the file cannot be used: the end of the sentence "this …". */
async function readFacts(read: ReadBytes, kind: MediaKind, bytes: number): Promise<MediaFacts | string> {
  if (bytes === 0) return 'is empty';
  try {
    const head = await read(0, Math.min(bytes, HEAD_BYTES));
    if (hasText(head, 4, 'ftyp')) {
      const found = await readIndex(read, bytes);
      return found.ok ? await readMovie(found.index, bytes, hasText(head, 8, 'qt  ')) : found.found;
    }
    const other = nameOf(head);
    if (other !== null) return `is ${other}`;
    if (kind === 'VIDEO') return 'has no header of MP4 or MOV: it has another format, or is damaged';
    return await readAudio(await read(0, bytes), hasText(head, 0, 'RIFF'));
  } catch (error) {
    if (error instanceof BudgetError) return 'has an index that is spread over too many places to read';
    // The libraries throw plain errors with any text for a damaged file. A failure of the source is thrown by the caller.
    return 'is damaged: its parts do not fit together';
  }
}

/** Reads an MP4 or MOV whose index was checked. */
async function readMovie(index: Index, bytes: number, isQuickTime: boolean): Promise<MediaFacts | string> {
  const { CustomSource, Input, MP4, QTFF } = await loadLibrary();
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
    if (durationMs === null) return 'has no readable length';
    const audioOnly = isQuickTime ? 'mov' : 'm4a';
    const withVideo = isQuickTime ? 'mov' : 'mp4';
    return {
      extension: video === undefined ? audioOnly : withVideo,
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

/** Reads MP3, WAV or ADTS. */
async function readAudio(bytes: Uint8Array, isWave: boolean): Promise<MediaFacts | string> {
  const adtsMs = adtsDurationMs(bytes);
  if (adtsMs !== null) return audioFacts('aac', 'aac', adtsMs / 1000);
  const { BufferSource, Input, MP3, WAVE } = await loadLibrary();
  // Tags are not needed, and the library unpacks them on the stack.
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

function audioFacts(extension: MediaExtension, codec: string, seconds: number): MediaFacts | string {
  const durationMs = wholeMs(seconds);
  if (durationMs === null) return 'has no readable length';
  return { extension, durationMs, width: null, height: null, codecs: [codec], hasAudio: true };
}

/** Returns null for a length that is no number, or beyond a day. A length of 0 is that of a file without samples. */
function wholeMs(seconds: number): number | null {
  const ms = Math.round(seconds * 1000);
  return ms > 0 && ms <= 86_400_000 ? ms : null;
}

/** Returns a codec as the library names it, or the four letters in the file. */
function codecName(name: string | number | Uint8Array | null): string {
  return typeof name === 'string' && /^[\w.-]{1,16}$/.test(name.trim()) ? name.trim() : 'unknown';
}

/** Loads mediabunny at the first file, so that a cold start does not evaluate it. It must not log text from files. */
async function loadLibrary() {
  const library = await import('mediabunny');
  library.Logging.level = library.LogLevel.Silent;
  return library;
}

const [LIST, ID3, ID3_SMALL] = [0x4c_49_53_54, 0x49_44_33_20, 0x69_64_33_20];

/** Returns a copy of a WAV whose chunks of tags are renamed. Samples may change too, but are not read. */
function withoutTags(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  let code = 0;
  for (let at = 0; at < copy.length; at += 1) {
    code = ((code << 8) | (copy[at] ?? 0)) >>> 0;
    if (code === LIST || code === ID3 || code === ID3_SMALL) copy.fill(0x2d, at - 3, at + 1);
  }
  return copy;
}

/** Thrown for a file that needs more reads than it may take. */
class BudgetError extends Error {}

interface BoundedReader {
  readonly read: ReadBytes;
  /** Throws what the source has thrown. Otherwise a failure of the store would look like a damaged file. */
  throwFailure(): void;
}

/** Reads a file in windows, so that neighbouring reads are one, and stops at the limits. */
function createReader(source: FileSource, windowBytes: number): BoundedReader {
  let reads = 0;
  let bytesRead = 0;
  let window = { start: 0, bytes: new Uint8Array() };
  let failure: { readonly error: unknown } | null = null;

  return {
    async read(start, end) {
      const from = start - window.start;
      if (from >= 0 && end <= window.start + window.bytes.length)
        return window.bytes.subarray(from, end - window.start);
      const to = Math.min(source.bytes, Math.max(end, start + windowBytes));
      reads += 1;
      bytesRead += to - start;
      if (reads > READS_MAX || bytesRead > READ_BYTES_MAX) throw new BudgetError();
      window = { start, bytes: await fetchBytes(start, to) };
      return window.bytes.subarray(0, end - start);
    },
    throwFailure() {
      if (failure !== null) throw failure.error;
    },
  };

  async function fetchBytes(start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    try {
      const bytes = await source.read(start, end);
      if (bytes.length !== end - start) throw new Error(`read ${bytes.length} bytes of ${end - start}`);
      return new Uint8Array(bytes);
    } catch (error) {
      failure = { error };
      throw error;
    }
  }
}

/** The number of bytes that show what a file is. */
const HEAD_BYTES = 64;

/** The first bytes of files that callers send by mistake. */
const OTHERS = [
  ['\x89PNG', 0, 'a PNG picture'],
  ['\xFF\xD8\xFF', 0, 'a JPEG picture'],
  ['GIF8', 0, 'a GIF picture'],
  ['WEBP', 8, 'a WebP picture'],
  ['AVI ', 8, 'an AVI file'],
  ['\x1A\x45\xDF\xA3', 0, 'a WebM or Matroska file'],
  ['OggS', 0, 'an Ogg file'],
  ['fLaC', 0, 'a FLAC file'],
  ['FORM', 0, 'an AIFF file'],
  ['#!AMR', 0, 'an AMR file'],
  ['RF64', 0, 'an RF64 file'],
  ['caff', 0, 'a CAF file'],
  ['FLV', 0, 'an FLV file'],
  ['\x30\x26\xB2\x75', 0, 'a Windows Media file'],
  ['\x00\x00\x01\xBA', 0, 'an MPEG program stream'],
  ['PK\x03\x04', 0, 'a ZIP archive'],
  ['%PDF', 0, 'a PDF document'],
  ['<', 0, 'a text, such as HTML or XML'],
  ['{', 0, 'a text, such as JSON'],
] as const;

/** Names a format that is known by its first bytes, or returns null. MP4 and MOV are not in it. */
function nameOf(head: Uint8Array): string | null {
  return OTHERS.find(([text, at]) => hasText(head, at, text))?.[2] ?? null;
}

function hasText(bytes: Uint8Array, at: number, text: string): boolean {
  return String.fromCharCode(...bytes.subarray(at, at + text.length)) === text;
}
