/** The number of bars of a waveform. */
const PEAKS = 96;

/** Returns the loudest sample of each of 96 equal parts, relative to the loudest of all: 0 to 1. Silence stays flat. */
export function peaksOf(samples: Float32Array): readonly number[] {
  const peaks = Array.from({ length: PEAKS }, (_, index) => {
    const from = Math.floor((index * samples.length) / PEAKS);
    const to = Math.max(from + 1, Math.floor(((index + 1) * samples.length) / PEAKS));
    return samples.subarray(from, to).reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0);
  });
  const loudest = Math.max(...peaks, SILENCE);
  return peaks.map((peak) => peak / loudest);
}

/** Quieter audio is not made to look loud. */
const SILENCE = 0.01;

interface DecodedAudio {
  readonly durationMs: number;
  readonly peaks: readonly number[];
}

/** The rate at which audio is decoded for a waveform. A lower one needs less memory. */
const DECODE_RATE = 8_000;

/** Decodes audio. Returns null for a format that the browser does not support. */
export async function decodeAudio(bytes: ArrayBuffer): Promise<DecodedAudio | null> {
  try {
    const decoded = await new OfflineAudioContext(1, 1, DECODE_RATE).decodeAudioData(bytes);
    return { durationMs: Math.floor(decoded.duration * 1000), peaks: peaksOf(decoded.getChannelData(0)) };
  } catch {
    return null;
  }
}
