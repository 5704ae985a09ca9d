import { type Validation, type Path, toValidation } from './check.ts';

/** The largest sound that Kling takes, decoded (its docs say 5MB, 2026-09; read as MiB, the wider of the two). */
export const AUDIO_BYTES_MAX = 5 * 1024 * 1024;

/** A sound whose bytes came with the request. */
export interface InlineAudio {
  /** Clean base64: no `data:` prefix, no whitespace, padded. */
  readonly base64: string;
  /** Decoded. */
  readonly sizeBytes: number;
  /** Known for WAV; null for the other formats, which would have to be decoded. */
  readonly durationMs: number | null;
}

/**
 * A sound in base64, as Kling wants it: the standard alphabet, padded, on one line. Nothing is repaired: the text is
 * sent as it came, and a repaired copy of 7 million characters would cost memory on every call.
 *
 * The size is computed from the length, and the format told by the first bytes: the sound is never decoded as a whole,
 * and one that is too large is not even read through.
 */
export function checkInlineAudio(text: string, path: Path): Validation<InlineAudio> {
  const problems: string[] = [];
  const prefix = /^\s*data:[^,]{0,200},/i.exec(text)?.[0] ?? '';
  if (prefix !== '') problems.push('must be bare base64: remove the data: prefix, up to and with the comma');
  const base64 = prefix === '' ? text : text.slice(prefix.length);
  const sizeBytes = decodedSize(base64);
  if (sizeBytes > AUDIO_BYTES_MAX) {
    problems.push(`must be at most ${AUDIO_BYTES_MAX} bytes (5 MB) when decoded, was ${sizeBytes}`);
  } else {
    const problem = base64Problem(base64);
    if (problem !== null) problems.push(problem);
  }
  const head = detectAudio(bytesAt(base64, 0, AUDIO_HEAD_BYTES));
  const isWav = head !== null && 'format' in head && head.format === 'wav';
  if (base64 !== '' && (head === null || 'unsupported' in head)) {
    const found = head === null ? 'its first bytes are none of these' : `this is ${head.unsupported}`;
    problems.push(`must be MP3, WAV, M4A or AAC: ${found}`);
  }
  const durationMs = isWav ? wavDurationMs((offset, count) => bytesAt(base64, offset, count), sizeBytes) : null;
  return toValidation(
    { base64, sizeBytes, durationMs },
    problems.map((message) => ({ path, message })),
  );
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

/** A few decoded bytes from the middle; fewer past the end, none where it is not base64. */
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

/** The sound formats that Kling accepts (2026-09). */
type AudioFormat = 'mp3' | 'wav' | 'm4a' | 'aac';

/** How many bytes from the start are enough for `detectAudio`. */
export const AUDIO_HEAD_BYTES = 64;

/** What the first bytes say: one of the accepted formats, a name for one that is not, or nothing (null). */
type DetectedAudio = { readonly format: AudioFormat } | { readonly unsupported: string } | null;

/**
 * Tells a format by its first bytes. It proves nothing about the rest: Kling decodes the sound, and may still refuse it.
 * An MP4 video with a generic brand (`isom`, `mp42`) looks like an M4A.
 */
export function detectAudio(head: Uint8Array): DetectedAudio {
  if (isMp3(head)) return { format: 'mp3' };
  if (hasText(head, 0, 'RIFF') && hasText(head, 8, 'WAVE')) return { format: 'wav' };
  if (hasText(head, 4, 'ftyp')) return isM4a(head) ? { format: 'm4a' } : { unsupported: 'another kind of MP4 or MOV' };
  if (isAdts(head)) return { format: 'aac' };
  const known = UNSUPPORTED.find(([magic]) => hasText(head, 0, magic));
  return known === undefined ? null : { unsupported: known[1] };
}

/** What browsers and tools record into, and callers send by mistake. */
const UNSUPPORTED = [
  ['OggS', 'Ogg'],
  ['fLaC', 'FLAC'],
  ['\x1A\x45\xDF\xA3', 'WebM or Matroska'],
  ['FORM', 'AIFF'],
  ['#!AMR', 'AMR'],
  ['RF64', 'RF64'],
  ['caff', 'CAF'],
] as const;

/** Major brands of MPEG-4 files that hold just audio, and the generic ones. QuickTime, HEIC and AVIF have others. */
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

/** An ID3v2 tag, or the header of an MPEG layer III frame with no reserved value in it (ISO/IEC 11172-3, 2.4.1.3). */
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

/** The header of an ADTS frame (ISO/IEC 13818-7): its layer bits are 00, which no MP3 has; its 13 sampling rates are 0 to 12. */
function isAdts(head: Uint8Array): boolean {
  return at(head, 0) === 0xff && (at(head, 1) & 0xf6) === 0xf0 && head.length > 2 && ((at(head, 2) >> 2) & 0xf) <= 12;
}

/** How far to look for the `data` chunk: files have a few chunks before it, attacks have a million. */
const WAV_CHUNKS_MAX = 64;

/**
 * How long a WAV plays, in whole milliseconds (rounded down), from its `fmt ` and `data` chunks; null when they do not
 * tell. A `data` chunk that claims more than there is (streamed, or cut off) counts as far as it goes.
 *
 * `read` gives up to `count` bytes from `offset` on, and fewer at the end of the file, which is `sizeBytes` long.
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

/** Past the end, 0. */
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
