import type { Issue } from '../errors.ts';
import { type Validation, type Path, toValidation } from './check.ts';

/** The most bytes of decoded audio. Kling's docs say 5MB (2026-09), which is read as MiB, the larger unit. */
export const AUDIO_BYTES_MAX = 5 * 1024 * 1024;

/** Audio whose bytes came with the request. */
export interface InlineAudio {
  /** Clean base64: no `data:` prefix, no whitespace, padded. */
  readonly base64: string;
  /** The size after decoding. */
  readonly sizeBytes: number;
  /** Null for formats other than WAV, which would have to be decoded. */
  readonly durationMs: number | null;
}

/**
 * Checks audio in base64 as Kling accepts it: the standard alphabet, padded, on one line. Repairs nothing, because a copy of
 * 7 million characters costs memory on every call. Never decodes the whole text, and does not read one that is too large.
 */
export function checkInlineAudio(text: string, path: Path): Validation<InlineAudio> {
  const issues: Issue[] = [];
  const prefix = /^\s*data:[^,]{0,200},/i.exec(text)?.[0] ?? '';
  if (prefix !== '') {
    const message = 'must be bare base64: remove the data: prefix, up to and with the comma';
    issues.push({ path, code: 'MALFORMED', message });
  }
  const base64 = prefix === '' ? text : text.slice(prefix.length);
  const { sizeBytes, durationMs } = measureInlineAudio(base64);
  if (sizeBytes > AUDIO_BYTES_MAX) {
    const message = `must be at most ${AUDIO_BYTES_MAX} bytes (5 MB) when decoded, was ${sizeBytes}`;
    issues.push({ path, code: 'FILE_TOO_LARGE', message });
  } else {
    const problem = base64Problem(base64);
    if (problem !== null) issues.push({ path, code: 'MALFORMED', message: problem });
  }
  const head = detectAudio(bytesAt(base64, 0, AUDIO_HEAD_BYTES));
  if (base64 !== '' && (head === null || 'unsupported' in head)) {
    const found = head === null ? 'its first bytes are none of these' : `this is ${head.unsupported}`;
    issues.push({ path, code: 'UNSUPPORTED_FORMAT', message: `must be MP3, WAV, M4A or AAC: ${found}` });
  }
  return toValidation({ base64, sizeBytes, durationMs }, issues);
}

/** Returns the size and the length of audio in base64, as `InlineAudio` describes them. */
export function measureInlineAudio(base64: string): Pick<InlineAudio, 'sizeBytes' | 'durationMs'> {
  const sizeBytes = decodedSize(base64);
  const head = detectAudio(bytesAt(base64, 0, AUDIO_HEAD_BYTES));
  const isWav = head !== null && 'format' in head && head.format === 'wav';
  const read = (offset: number, count: number): Uint8Array => bytesAt(base64, offset, count);
  return { sizeBytes, durationMs: isWav ? wavDurationMs(read, sizeBytes) : null };
}

function decodedSize(base64: string): number {
  return Math.floor(((base64.length - paddingOf(base64)) * 3) / 4);
}

function paddingOf(base64: string): number {
  if (base64.endsWith('==')) return 2;
  return base64.endsWith('=') ? 1 : 0;
}

function base64Problem(base64: string): string | null {
  if (base64 === '') return 'must not be empty';
  const end = base64.length - paddingOf(base64);
  const bad = base64.search(/[^A-Za-z0-9+/]/);
  if (bad !== -1 && bad < end) {
    const char = base64.charAt(bad);
    if (/\s/.test(char)) return `must be base64 on one line: there is whitespace at character ${bad + 1}`;
    if (char === '-' || char === '_') {
      return `must be base64 with + and /, not the URL-safe alphabet: there is a ${char} at character ${bad + 1}`;
    }
    return `must be base64 (A-Z a-z 0-9 + /, = at the end): character ${bad + 1} is none`;
  }
  return base64.length % 4 === 0 ? null : 'is cut off or not padded: the length of base64 is a multiple of 4';
}

/** Decodes some bytes of a base64 text. Returns fewer at its end, and an empty array for invalid base64. */
function bytesAt(base64: string, offset: number, count: number): Uint8Array {
  const firstGroup = Math.floor(offset / 3);
  const endGroup = Math.ceil((offset + count) / 3);
  const skip = offset - firstGroup * 3;
  try {
    const binary = atob(base64.slice(firstGroup * 4, endGroup * 4));
    return Uint8Array.from(binary, (char) => char.charCodeAt(0)).subarray(skip, skip + count);
  } catch {
    return new Uint8Array();
  }
}

/** The audio formats that Kling accepts (Kling docs, 2026-09). */
type AudioFormat = 'mp3' | 'wav' | 'm4a' | 'aac';

/** The number of bytes that `detectAudio` needs. */
export const AUDIO_HEAD_BYTES = 64;

/** An accepted format, the name of a format that Kling does not accept, or null for an unknown one. */
type DetectedAudio = { readonly format: AudioFormat } | { readonly unsupported: string } | null;

/**
 * Detects the format by the first bytes. Kling may still refuse the rest. An MP4 video with a generic brand (`isom`, `mp42`)
 * looks like an M4A.
 */
export function detectAudio(head: Uint8Array): DetectedAudio {
  if (isMp3(head)) return { format: 'mp3' };
  if (hasText(head, 0, 'RIFF') && hasText(head, 8, 'WAVE')) return { format: 'wav' };
  if (hasText(head, 4, 'ftyp')) return isM4a(head) ? { format: 'm4a' } : { unsupported: 'another kind of MP4 or MOV' };
  if (isAdts(head)) return { format: 'aac' };
  const known = UNSUPPORTED.find(([magic]) => hasText(head, 0, magic));
  return known === undefined ? null : { unsupported: known[1] };
}

/** The signatures of formats that browsers and tools record, and that callers send by mistake. */
const UNSUPPORTED = [
  ['OggS', 'Ogg'],
  ['fLaC', 'FLAC'],
  ['\x1A\x45\xDF\xA3', 'WebM or Matroska'],
  ['FORM', 'AIFF'],
  ['#!AMR', 'AMR'],
  ['RF64', 'RF64'],
  ['caff', 'CAF'],
] as const;

/** The major brands of MPEG-4 audio files, and the generic ones. QuickTime, HEIC and AVIF have others. */
const M4A_BRANDS: ReadonlySet<string> = new Set([
  'M4A ',
  'M4B ',
  'mp41',
  'mp42',
  'isom',
  'iso2',
  'iso3',
  'iso4',
  'iso5',
  'iso6',
  'iso7',
  'iso8',
  'iso9',
]);

function isM4a(head: Uint8Array): boolean {
  return M4A_BRANDS.has(textAt(head, 8, 4));
}

/** Returns true for an ID3v2 tag or a valid header of an MPEG layer III frame (ISO/IEC 11172-3, 2.4.1.3). */
function isMp3(head: Uint8Array): boolean {
  if (hasText(head, 0, 'ID3')) return at(head, 3) < 0xff && at(head, 4) < 0xff;
  const second = at(head, 1);
  const third = at(head, 2);
  const version = (second >> 3) & 0b11;
  const layer = (second >> 1) & 0b11;
  const bitrate = third >> 4;
  const samplingRate = (third >> 2) & 0b11;
  return (
    at(head, 0) === 0xff &&
    (second & 0xe0) === 0xe0 &&
    version !== 0b01 &&
    layer === 0b01 &&
    bitrate !== 0b0000 &&
    bitrate !== 0b1111 &&
    samplingRate !== 0b11
  );
}

/** Returns true for the header of an ADTS frame (ISO/IEC 13818-7). Its layer bits are 00, which no MP3 has. */
function isAdts(head: Uint8Array): boolean {
  return at(head, 0) === 0xff && (at(head, 1) & 0xf6) === 0xf0 && head.length > 2 && ((at(head, 2) >> 2) & 0xf) <= 12;
}

/** The most chunks that are read to find `data`. A real file has a few before it; an attacker may send a million. */
const WAV_CHUNKS_MAX = 64;

/**
 * Returns the duration of a WAV in whole milliseconds, rounded down; null if its `fmt ` and `data` chunks do not contain it.
 * Only the bytes that exist count, because the size of a streamed or truncated `data` chunk is too large.
 *
 * `read` returns up to `count` bytes from `offset`, and fewer at the end of the file.
 */
export function wavDurationMs(read: (offset: number, count: number) => Uint8Array, sizeBytes: number): number | null {
  let bytesPerSecond = 0;
  let offset = 12;
  for (let chunk = 0; chunk < WAV_CHUNKS_MAX && offset + 8 <= sizeBytes; chunk += 1) {
    const header = read(offset, 24);
    const size = uint32At(header, 4);
    const available = sizeBytes - offset - 8;
    if (hasText(header, 0, 'fmt ')) bytesPerSecond = uint32At(header, 16);
    if (hasText(header, 0, 'data')) {
      const untold = bytesPerSecond === 0 || (size === 0 && available > 0);
      return untold ? null : Math.floor((Math.min(size, available) * 1000) / bytesPerSecond);
    }
    offset += 8 + size + (size % 2);
  }
  return null;
}

/** The samples of an AAC frame, and the sampling rates of the indices 0 to 12 (ISO/IEC 14496-3, table 1.18). */
const AAC_FRAME_SAMPLES = 1024;
const AAC_RATES = [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350];

/**
 * Returns the duration of an ADTS file in milliseconds, by the headers of all its frames. Returns null if there is no frame,
 * or if most bytes are not in frames. An ID3 tag before the first frame is skipped.
 */
export function adtsDurationMs(bytes: Uint8Array): number | null {
  const first = hasText(bytes, 0, 'ID3') ? 10 + id3Size(bytes) : 0;
  let seconds = 0;
  let offset = first;
  while (offset + 7 <= bytes.length && isAdts(bytes.subarray(offset, offset + 3))) {
    const size = ((at(bytes, offset + 3) & 0b11) << 11) | (at(bytes, offset + 4) << 3) | (at(bytes, offset + 5) >> 5);
    // The header itself has 7 bytes. A frame of 0 bytes would repeat itself for ever.
    if (size < 7 || offset + size > bytes.length) break;
    const rate = AAC_RATES[(at(bytes, offset + 2) >> 2) & 0xf] ?? 0;
    const frames = (at(bytes, offset + 6) & 0b11) + 1;
    if (rate > 0) seconds += (frames * AAC_FRAME_SAMPLES) / rate;
    offset += size;
  }
  return seconds === 0 || offset - first < (bytes.length - first) / 2 ? null : seconds * 1000;
}

/** Returns the size of an ID3v2 tag without its header: four bytes of 7 bits. */
function id3Size(bytes: Uint8Array): number {
  return (at(bytes, 6) << 21) | (at(bytes, 7) << 14) | (at(bytes, 8) << 7) | at(bytes, 9);
}

/** Returns a byte; 0 past the end. */
function at(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0;
}

function uint32At(bytes: Uint8Array, index: number): number {
  return (
    at(bytes, index) + at(bytes, index + 1) * 2 ** 8 + at(bytes, index + 2) * 2 ** 16 + at(bytes, index + 3) * 2 ** 24
  );
}

function textAt(bytes: Uint8Array, index: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(index, index + length));
}

function hasText(bytes: Uint8Array, index: number, text: string): boolean {
  return textAt(bytes, index, text.length) === text;
}
