/** The highest rate of a recording. 60 s of it stay below Kling's 5 MB. */
export const WAV_RATE_MAX = 32_000;

const HEADER_BYTES = 44;
const SAMPLE_BYTES = 2;

/** Encodes mono audio as WAV, 16 bits a sample. Samples louder than 1 are clipped. */
export function encodeWav(samples: Float32Array, rate: number): ArrayBuffer {
  const dataBytes = samples.length * SAMPLE_BYTES;
  const wav = new DataView(new ArrayBuffer(HEADER_BYTES + dataBytes));
  writeText(wav, 0, 'RIFF');
  wav.setUint32(4, HEADER_BYTES - 8 + dataBytes, true);
  writeText(wav, 8, 'WAVEfmt ');
  wav.setUint32(16, 16, true);
  // PCM, one channel.
  wav.setUint16(20, 1, true);
  wav.setUint16(22, 1, true);
  wav.setUint32(24, rate, true);
  wav.setUint32(28, rate * SAMPLE_BYTES, true);
  wav.setUint16(32, SAMPLE_BYTES, true);
  wav.setUint16(34, SAMPLE_BYTES * 8, true);
  writeText(wav, 36, 'data');
  wav.setUint32(40, dataBytes, true);
  samples.forEach((sample, index) => {
    const clipped = Math.max(-1, Math.min(1, sample));
    wav.setInt16(HEADER_BYTES + index * SAMPLE_BYTES, Math.round(clipped * 32_767), true);
  });
  return wav.buffer;
}

function writeText(view: DataView, at: number, text: string): void {
  for (let index = 0; index < text.length; index += 1) view.setUint8(at + index, text.charCodeAt(index));
}

/** Joins the pieces of a recording. Keeps at most `samplesMax`. */
export function joinSamples(pieces: readonly Float32Array[], samplesMax: number): Float32Array<ArrayBuffer> {
  const count = pieces.reduce((sum, { length }) => sum + length, 0);
  const joined = new Float32Array(Math.min(count, samplesMax));
  let at = 0;
  for (const piece of pieces) {
    const rest = piece.subarray(0, joined.length - at);
    joined.set(rest, at);
    at += rest.length;
  }
  return joined;
}

/** The quietest level that the meter shows, in decibels below the loudest possible. */
const QUIET_DB = -60;

/** Returns the loudness of a piece for a meter, from 0 (silence) to 1, in equal steps of decibels as people hear them. */
export function levelOf(samples: Float32Array): number {
  if (samples.length === 0) return 0;
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  if (power === 0) return 0;
  return Math.max(0, Math.min(1, 1 - (10 * Math.log10(power)) / QUIET_DB));
}
