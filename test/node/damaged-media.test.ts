import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { inspectFile, READ_BYTES_MAX, READS_MAX } from '../../src/media/inspect.ts';
import { deep } from '../support/depth.ts';
import { MEDIA_FILES } from './media-files.ts';

/** One file of each kind of index. */
const NAMES: ReadonlySet<string> = new Set(
  (
    'end.mp4 start.mp4 pcm.mov rotated-90.mp4 fragments-sound.mp4 segments.mp4 b-frames.mp4 cut-by-edit-list.mp4 ' +
    'fragment-per-frame.mp4 variable.mp3 tagged.mp3 odd.wav plain.m4a plain.aac'
  ).split(' '),
);

/** A place in a file, as a part of its length. Most places are in the index, which is at the start or the end. */
const place = fc.oneof(
  fc.double({ min: 0, max: 0.05, noNaN: true }),
  fc.double({ min: 0.9, max: 1, noNaN: true }),
  fc.double({ min: 0, max: 1, noNaN: true }),
);

/** Numbers that are at the limits of 4 bytes, or wrong by a little. */
const bytes = fc.oneof(
  fc.constantFrom([0, 0, 0, 0], [255, 255, 255, 255], [127, 255, 255, 255], [128, 0, 0, 0], [0, 0, 0, 1]),
  fc.array(fc.nat(255), { minLength: 1, maxLength: 8 }),
);

const damage = fc.record({
  writes: fc.array(fc.record({ at: place, bytes }), { maxLength: 6 }),
  /** Where the file is cut off, and where a part of it is left out. */
  end: fc.oneof(fc.constant(1), place),
  hole: fc.oneof(fc.constant(null), fc.record({ at: place, length: fc.nat(64) })),
});

describe('inspectFile', () => {
  it.for(MEDIA_FILES.filter(({ name }) => NAMES.has(name)))(
    'judges $name within its limits, however it is damaged',
    async (file, { expect }) => {
      const whole = await readFile(await file.path());
      const verdicts = new Set<string>();
      const damaged = fc.asyncProperty(damage, async ({ writes, end, hole }) => {
        let copy = Buffer.from(whole);
        for (const write of writes)
          copy.set(write.bytes.slice(0, copy.length), Math.floor(write.at * (copy.length - 8)));
        copy = copy.subarray(0, Math.floor(end * copy.length));
        if (hole !== null) {
          const at = Math.floor(hole.at * copy.length);
          copy = Buffer.concat([copy.subarray(0, at), copy.subarray(at + hole.length)]);
        }
        let reads = 0;
        let bytesRead = 0;
        const read = (from: number, to: number) => {
          reads += 1;
          bytesRead += to - from;
          if (from < 0 || to > copy.length || from > to) throw new Error(`read ${from} to ${to} of ${copy.length}`);
          return Promise.resolve(new Uint8Array(copy.subarray(from, to)));
        };
        const { facts, problems } = await inspectFile({ bytes: copy.length, read }, file.kind);
        verdicts.add(problems[0]?.code ?? 'READY');
        if (problems.length === 0) {
          expect(facts?.durationMs).toBeGreaterThanOrEqual(2000);
          expect(facts?.durationMs).toBeLessThanOrEqual(60_000);
        }
        expect(reads).toBeLessThanOrEqual(READS_MAX);
        expect(bytesRead).toBeLessThanOrEqual(READ_BYTES_MAX);
      });
      await fc.assert(damaged, { numRuns: deep(4000) });
      expect(verdicts).toContain('UNSUPPORTED_FORMAT');
      expect(verdicts).toContain('READY');
    },
  );
});
