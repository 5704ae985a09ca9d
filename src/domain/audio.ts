import { AUDIO_HEAD_BYTES, detectAudio, wavDurationMs } from './audio-format.ts';
import { type Checked, type Path, toChecked } from './check.ts';

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
export function checkInlineAudio(text: string, path: Path): Checked<InlineAudio> {
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
  return toChecked(
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
