/** The parts of a test WAV. `claimedBytes` is the size in its data chunk; the true size by default. */
export interface WavOptions {
  readonly bytesPerSecond?: number;
  readonly dataBytes: number;
  readonly claimedBytes?: number;
  /** Complete chunks between `fmt ` and `data`. */
  readonly before?: readonly number[];
}

/** Returns the bytes of a silent WAV. */
export function wav({ bytesPerSecond = 16_000, dataBytes, claimedBytes = dataBytes, before = [] }: WavOptions) {
  const format = [...uint16(1), ...uint16(1), ...uint32(8000), ...uint32(bytesPerSecond), ...uint16(2), ...uint16(16)];
  const data = Array.from({ length: dataBytes }, () => 0);
  return wavOf([
    ...textBytes('fmt '),
    ...uint32(format.length),
    ...format,
    ...before,
    ...textBytes('data'),
    ...uint32(claimedBytes),
    ...data,
  ]);
}

/** Returns the bytes of a WAV with these chunks. */
export function wavOf(chunks: readonly number[]): number[] {
  return [...textBytes('RIFF'), ...uint32(chunks.length + 4), ...textBytes('WAVE'), ...chunks];
}

/** Returns one byte for each character, which must be Latin-1. */
export function textBytes(text: string): number[] {
  return Array.from(text, (char) => char.charCodeAt(0));
}

/** Returns base64 as the gateway accepts it. */
export function base64Of(bytes: readonly number[]): string {
  return btoa(bytes.map((byte) => String.fromCharCode(byte)).join(''));
}

function uint16(value: number): number[] {
  return [value & 0xff, (value >> 8) & 0xff];
}

function uint32(value: number): number[] {
  return [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, (value >>> 24) & 0xff];
}
