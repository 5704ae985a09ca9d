import { describe, it } from 'vitest';
import { checkInlineAudio } from '../../src/domain/audio.ts';
import { KLING_BYTES_MAX } from '../../src/domain/media.ts';
import { encodeWav, joinSamples, levelOf, WAV_RATE_MAX } from '../../src/studio/files/wav.ts';
import { peaksOf } from '../../src/studio/lip-sync/read-audio.ts';

const tone = (seconds: number, rate: number, loudness = 0.5) =>
  Float32Array.from({ length: seconds * rate }, (_, index) => loudness * Math.sin((index / rate) * 2 * Math.PI * 440));

describe('a recorded WAV', () => {
  it('has the length and the format that the gateway reads from it', ({ expect }) => {
    const wav = encodeWav(tone(3, 32_000), 32_000);
    const checked = checkInlineAudio(Buffer.from(wav).toString('base64'), []);
    expect(checked).toMatchObject({ ok: true, value: { durationMs: 3000, sizeBytes: 44 + 3 * 32_000 * 2 } });
  });

  it('stays below the limit of Kling at the longest length and the highest rate', ({ expect }) => {
    const wav = encodeWav(new Float32Array(60 * WAV_RATE_MAX), WAV_RATE_MAX);
    expect(wav.byteLength).toBeLessThan(KLING_BYTES_MAX.AUDIO);
  });

  it('clips what is too loud instead of turning it over', ({ expect }) => {
    const wav = new DataView(encodeWav(Float32Array.of(0, 1, 1.5, -1, -7), 8000));
    expect([0, 1, 2, 3, 4].map((index) => wav.getInt16(44 + index * 2, true))).toEqual([
      0, 32_767, 32_767, -32_767, -32_767,
    ]);
  });
});

describe('the pieces of a recording', () => {
  it('are joined in order, and cut at the limit within a piece', ({ expect }) => {
    const pieces = [Float32Array.of(1, 2), Float32Array.of(3, 4), Float32Array.of(5)];
    expect([...joinSamples(pieces, 100)]).toEqual([1, 2, 3, 4, 5]);
    expect([...joinSamples(pieces, 3)]).toEqual([1, 2, 3]);
    expect([...joinSamples([], 3)]).toEqual([]);
  });
});

describe('the level of a recording', () => {
  it.for([
    ['silence', new Float32Array(100), 0],
    ['nothing', new Float32Array(0), 0],
    ['the loudest', new Float32Array(100).fill(1), 1],
    ['a thousandth', new Float32Array(100).fill(0.001), 0],
    ['half of the range of decibels', new Float32Array(100).fill(10 ** -1.5), 0.5],
  ] as const)('of %s is %d in 1', ([, samples, level], { expect }) => {
    expect(levelOf(samples)).toBeCloseTo(level, 4);
  });
});

describe('the bars of a waveform', () => {
  it('are relative to the loudest part', ({ expect }) => {
    const samples = new Float32Array(9600).fill(0.1);
    samples.fill(-0.4, 4800);
    const peaks = peaksOf(samples);
    expect(peaks).toHaveLength(96);
    expect(peaks[0]).toBeCloseTo(0.25, 5);
    expect(peaks[95]).toBe(1);
  });

  it('stay flat for silence, and exist for audio of a few samples', ({ expect }) => {
    expect(Math.max(...peaksOf(new Float32Array(5000).fill(0.0001)))).toBeLessThan(0.02);
    expect(peaksOf(Float32Array.of(0.5, 0.5))).toHaveLength(96);
  });
});
