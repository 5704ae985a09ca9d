import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allowedInsertRange, checkPlacement } from '../../src/domain/placement.ts';

const PATH = ['input', 'placement'];
const FACE_PATH = ['input', 'faceId'];
const AUDIO_PATH = ['input', 'audio', 'base64'];

interface Case {
  readonly audioStartMs?: number;
  readonly audioEndMs?: number;
  readonly insertAtMs?: number;
  readonly audioDurationMs?: number | null;
  readonly videoDurationMs?: number | null;
  readonly face?: readonly [number, number] | null;
  readonly measuredMs?: number;
}

function check({ face = [0, 60_000], measuredMs, ...input }: Case) {
  const { audioStartMs = 0, audioEndMs = 2000, insertAtMs = 0, ...lengths } = input;
  return checkPlacement({ placement: { audioStartMs, audioEndMs, insertAtMs }, ...lengths }, PATH, {
    face: face === null ? null : { startMs: face[0], endMs: face[1], path: FACE_PATH },
    audio: measuredMs === undefined ? null : { durationMs: measuredMs, path: AUDIO_PATH },
  });
}

const ms = fc.oneof(fc.integer({ min: -10, max: 70_000 }), fc.constantFrom(0, 1999, 2000, 2001, 60_000, 60_001));
const known = fc.option(ms);

describe('every placement', () => {
  it('is accepted if and only if it keeps all rules, counted millisecond by millisecond', () => {
    const input = fc.record({
      audioStartMs: ms,
      audioEndMs: ms,
      insertAtMs: ms,
      audioDurationMs: known,
      videoDurationMs: known,
    });
    fc.assert(
      fc.property(input, fc.nat(60_000), fc.nat(60_000), known, (values, start, span, measured) => {
        const { audioStartMs, audioEndMs, insertAtMs, videoDurationMs } = values;
        const audioMs = measured ?? values.audioDurationMs;
        const lengthMs = audioEndMs - audioStartMs;
        const endMs = insertAtMs + lengthMs;
        let shared = 0;
        for (let at = Math.max(0, insertAtMs); at < Math.min(endMs, 140_000); at += 1) {
          if (at >= start && at < start + span) shared += 1;
        }
        const kept =
          [audioStartMs, audioEndMs, insertAtMs].every((value) => value >= 0) &&
          lengthMs >= 2000 &&
          audioEndMs <= (audioMs ?? 60_000) &&
          (audioMs === null || (audioMs >= 2000 && audioMs <= 60_000)) &&
          (videoDurationMs === null || (videoDurationMs >= 2000 && videoDurationMs <= 60_000)) &&
          endMs <= (videoDurationMs ?? 60_000) &&
          shared >= 2000;
        const checked = check({
          ...values,
          face: [start, start + span],
          ...(measured === null ? {} : { measuredMs: measured }),
        });
        expect(checked.ok).toBe(kept);
      }),
      { numRuns: 300 },
    );
  });

  it('is accepted anywhere in the allowed range, and never just outside', () => {
    const face = fc.tuple(fc.nat(50_000), fc.integer({ min: 1, max: 60_000 }));
    const video = fc.option(fc.integer({ min: 2000, max: 60_000 }));
    fc.assert(
      fc.property(
        face,
        fc.integer({ min: 2000, max: 20_000 }),
        video,
        fc.double({ min: 0, max: 1, noNaN: true }),
        ([startMs, span], lengthMs, videoDurationMs, where) => {
          const range = allowedInsertRange({ startMs, endMs: startMs + span }, lengthMs, videoDurationMs);
          const ok = (insertAtMs: number) =>
            check({ audioEndMs: lengthMs, insertAtMs, videoDurationMs, face: [startMs, startMs + span] }).ok;
          const anywhere = Math.round(where * 60_000);
          const { minMs, maxMs } = range ?? { minMs: anywhere + 1, maxMs: anywhere - 1 };
          const inside = range === null ? [] : [minMs, minMs + Math.round((maxMs - minMs) * where), maxMs];
          expect(inside.map(ok)).toEqual(inside.map(() => true));
          expect([minMs - 1, maxMs + 1].map(ok)).toEqual([false, false]);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('never makes the check throw for any numbers', () => {
    const any = fc.double();
    fc.assert(
      fc.property(any, any, any, fc.option(any), fc.option(any), any, any, (a, b, c, d, e, f, g) => {
        expect(() =>
          check({
            audioStartMs: a,
            audioEndMs: b,
            insertAtMs: c,
            audioDurationMs: d,
            videoDurationMs: e,
            face: [f, g],
          }),
        ).not.toThrow();
      }),
    );
  });
});
