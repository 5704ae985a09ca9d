/** The sandbox fetches nothing: what it knows of a file it reads from the file's name, or from the bytes of a WAV. */

/** What a video's URL or id says of it: `clip-15s-1280x720-120mb.mp4`. */
export interface VideoHints {
  readonly durationMs: number;
  readonly width: number;
  readonly height: number;
  readonly megabytes: number;
}

const videoDefaultMs = 10_000;
const soundDefaultMs = 5000;

/** Reads a video's measures from its name: 10 s, 1280 x 720 and 10 MB where it says nothing. */
export function readVideoHints(name: string): VideoHints {
  const size = /-(\d{2,5})x(\d{2,5})(?![\dx])/.exec(name);
  return {
    durationMs: readSeconds(name) ?? videoDefaultMs,
    width: Number(size?.[1] ?? 1280),
    height: Number(size?.[2] ?? 720),
    megabytes: Number(/-(\d+)mb(?![a-z0-9])/i.exec(name)?.[1] ?? 10),
  };
}

/** Reads a sound's length from its name: 5 s where it says nothing. */
export function readSoundMs(name: string): number {
  return readSeconds(name) ?? soundDefaultMs;
}

/** `-15s` or `-2.5s`, in milliseconds. */
function readSeconds(name: string): number | null {
  const seconds = /-(\d+(?:\.\d+)?)s(?![a-z0-9])/i.exec(name)?.[1];
  return seconds === undefined ? null : Math.round(Number(seconds) * 1000);
}

/** A sound given as bytes: its format by the first of them, null if it is none that Kling takes. */
export function readSoundBytesMs(bytes: Uint8Array): number | null {
  const ascii = (from: number, to: number): string => String.fromCharCode(...bytes.subarray(from, to));
  if (ascii(0, 4) === 'RIFF' && ascii(8, 12) === 'WAVE') return readWavMs(bytes);
  const [first = 0, second = 0] = bytes;
  const isMp3 = ascii(0, 3) === 'ID3' || (first === 0xff && (second & 0xe0) === 0xe0);
  const isM4a = ascii(4, 8) === 'ftyp';
  return isMp3 || isM4a ? soundDefaultMs : null;
}

/** Length of the data chunk over the byte rate of the format chunk. */
function readWavMs(bytes: Uint8Array): number | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let byteRate = 0;
  for (let offset = 12; offset + 8 <= bytes.byteLength;) {
    const name = String.fromCharCode(...bytes.subarray(offset, offset + 4));
    const size = view.getUint32(offset + 4, true);
    if (name === 'fmt ' && offset + 20 <= bytes.byteLength) byteRate = view.getUint32(offset + 16, true);
    if (name === 'data') {
      // A streamed WAV writes its size as the highest number: then the bytes that are there count.
      const dataBytes = Math.min(size, bytes.byteLength - offset - 8);
      return byteRate === 0 ? null : Math.round((dataBytes * 1000) / byteRate);
    }
    offset += 8 + size + (size % 2);
  }
  return null;
}
