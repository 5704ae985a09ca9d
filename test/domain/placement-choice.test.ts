import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AUDIO_MS_MAX,
  AUDIO_MS_MIN,
  checkPlacement,
  isWhole,
  MEDIA_MARGIN_MS,
  overlapMs,
  type PlacedInput,
  type Placement,
  type PlacementFacts,
  VIDEO_MS_MAX,
} from '../../src/domain/placement.ts';

interface Case {
  readonly input: PlacedInput;
  readonly facts: PlacementFacts;
}

const length = fc.integer({ min: AUDIO_MS_MIN, max: AUDIO_MS_MAX });
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });

/** Faces, files and lengths that callers state, with and without numbers of the placement. */
const cases: fc.Arbitrary<Case> = fc
  .record({
    startMs: fc.integer({ min: 0, max: 50_000 }),
    usableMs: fc.integer({ min: 0, max: 30_000 }),
    audioMs: length,
    isFile: fc.boolean(),
    videoMs: maybe(length),
    videoHintMs: maybe(length),
    placement: maybe(
      fc.record({
        audioStartMs: fc.integer({ min: 0, max: 5_000 }),
        audioEndMs: maybe(length),
        insertAtMs: maybe(fc.integer({ min: 0, max: 50_000 })),
      }),
    ),
  })
  .map(({ startMs, usableMs, audioMs, isFile, videoMs, videoHintMs, placement }) => ({
    input: { placement, videoDurationMs: videoHintMs },
    facts: {
      face: { startMs, endMs: startMs + usableMs, path: ['face'] },
      audio: { durationMs: audioMs, path: ['audio'], ...(isFile ? { marginMs: MEDIA_MARGIN_MS } : {}) },
      video: videoMs === null ? null : { durationMs: videoMs, marginMs: MEDIA_MARGIN_MS },
    },
  }));

/** Returns what is chosen; null if nothing fits. */
function chosen({ input, facts }: Case): Placement | null {
  const checked = checkPlacement(input, [], facts);
  return checked.ok && isWhole(checked.value) ? checked.value : null;
}

/** Returns how long a clip may be that begins at `fromMs`. */
function spareMs(endMs: number, fromMs: number): number {
  return Math.max(AUDIO_MS_MIN, endMs - MEDIA_MARGIN_MS) - fromMs;
}

function property(check: (placement: Placement, given: Case) => void): void {
  fc.assert(
    fc.property(cases, (given) => {
      const placement = chosen(given);
      fc.pre(placement !== null);
      check(placement, given);
    }),
    { numRuns: 500 },
  );
}

describe('a placement that is chosen', () => {
  it('is accepted if it is given as it is', () => {
    property((placement, { input, facts }) => {
      const { cropStartMs, cropEndMs, insertAtMs } = placement;
      const given = { ...input, placement: { audioStartMs: cropStartMs, audioEndMs: cropEndMs, insertAtMs } };
      expect(checkPlacement(given, [], facts)).toEqual({ ok: true, value: placement });
    });
  });

  it('has whole milliseconds, is 2 s or longer, and overlaps the face by 2 s', () => {
    property((placement, { facts: { face } }) => {
      const { cropStartMs, cropEndMs, insertAtMs } = placement;
      expect(Object.values(placement).every(Number.isSafeInteger)).toBe(true);
      const lengthMs = cropEndMs - cropStartMs;
      expect(lengthMs).toBeGreaterThanOrEqual(AUDIO_MS_MIN);
      const heard = { startMs: insertAtMs, endMs: insertAtMs + lengthMs };
      expect(overlapMs(heard, face!)).toBeGreaterThanOrEqual(AUDIO_MS_MIN);
    });
  });

  it('keeps every number that was given, and begins with the face otherwise', () => {
    property((placement, { input, facts: { face } }) => {
      const { audioStartMs = 0, audioEndMs = null, insertAtMs = null } = input.placement ?? {};
      expect(placement.cropStartMs).toBe(audioStartMs);
      expect(placement.insertAtMs).toBe(insertAtMs ?? face!.startMs);
      expect(placement.cropEndMs).toBe(audioEndMs ?? placement.cropEndMs);
    });
  });

  it('ends 50 ms before the end of the audio and of the video, unless that leaves less than 2 s', () => {
    property(({ cropStartMs, cropEndMs, insertAtMs }, { input, facts }) => {
      fc.pre((input.placement?.audioEndMs ?? null) === null);
      const lengthMs = cropEndMs - cropStartMs;
      expect(lengthMs).toBeLessThanOrEqual(spareMs(facts.audio!.durationMs, cropStartMs));
      const videoMs = facts.video?.durationMs ?? input.videoDurationMs ?? VIDEO_MS_MAX;
      expect(lengthMs).toBeLessThanOrEqual(spareMs(videoMs, insertAtMs));
    });
  });
});

it('something is chosen for every face that can be used for 2 s in a video of unknown length', () => {
  const face = fc.record({
    startMs: fc.integer({ min: 0, max: 50_000 }),
    usableMs: fc.integer({ min: 2_000, max: 10_000 }),
  });
  fc.assert(
    fc.property(face, length, ({ startMs, usableMs }, durationMs) => {
      const facts = { face: { startMs, endMs: startMs + usableMs, path: ['face'] }, audio: { durationMs, path: [] } };
      expect(chosen({ input: {}, facts })).not.toBeNull();
    }),
  );
});
