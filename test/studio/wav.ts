const RATE = 8000;

/** Builds a WAV of a tone that swells and fades, 16 bit mono. */
export function createWav(seconds: number): Buffer {
  const samples = Math.round(RATE * seconds);
  const wav = Buffer.alloc(44 + samples * 2);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(36 + samples * 2, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(RATE, 24);
  wav.writeUInt32LE(RATE * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(samples * 2, 40);
  for (let index = 0; index < samples; index += 1) {
    const time = index / RATE;
    const loudness = Math.abs(Math.sin(time * 3.1)) * (0.4 + 0.6 * Math.abs(Math.sin(time * 0.9)));
    wav.writeInt16LE(Math.round(Math.sin(time * 2 * Math.PI * 220) * loudness * 20_000), 44 + index * 2);
  }
  return wav;
}
