import { problemsOf, unsupportedFormat, KLING_BYTES_MAX, type MediaFacts, type MediaKind } from '../domain/media.ts';
import type { Issue } from '../errors.ts';
import type * as measureModule from './measure.ts';

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

type Measure = typeof measureModule;

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
  // Loaded at the first file, so that a cold start does not evaluate the library.
  const measure = await import('./measure.ts');
  const found = await readFacts(reader.read, kind, source.bytes, measure);
  reader.throwFailure();
  if (typeof found === 'string') {
    const problems = [...problemsOf(null, kind, source.bytes), unsupportedFormat(kind, found)];
    return { facts: null, problems };
  }
  return { facts: found, problems: problemsOf(found, kind, source.bytes) };
}

/** Returns the facts, or why the file cannot be used: the end of the sentence "this …". */
async function readFacts(
  read: measureModule.ReadBytes,
  kind: MediaKind,
  bytes: number,
  measure: Measure,
): Promise<MediaFacts | string> {
  if (bytes === 0) return 'is empty';
  try {
    const head = await read(0, Math.min(bytes, HEAD_BYTES));
    if (hasText(head, 4, 'ftyp')) {
      const found = await measure.readIndex(read, bytes);
      if (!found.ok) return found.found;
      return await measure.measureMovie(found.index, bytes, hasText(head, 8, 'qt  '));
    }
    const other = nameOf(head);
    if (other !== null) return `is ${other}`;
    if (kind === 'VIDEO') return 'has no header of MP4 or MOV: it has another format, or is damaged';
    return await measure.measureAudio(await read(0, bytes), hasText(head, 0, 'RIFF'));
  } catch (error) {
    if (error instanceof BudgetError) return 'has an index that is spread over too many places to read';
    // The libraries throw plain errors with any text for a damaged file. A failure of the source is thrown by the caller.
    return 'is damaged: its parts do not fit together';
  }
}

/** Thrown for a file that needs more reads than it may take. */
class BudgetError extends Error {}

interface BoundedReader {
  readonly read: measureModule.ReadBytes;
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
