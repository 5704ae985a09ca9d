import { describe, it } from 'vitest';
import { checkPlacement } from '../../src/domain/placement.ts';

const INPUT = { cropStartMs: 0, cropEndMs: 2000, insertAtMs: 0 };
const FACE = { startMs: 0, endMs: 60_000, path: ['faceId'] };

/** `field: message` for each issue. */
function issues(
  change: object,
  { face = FACE, audioMs = null }: { face?: typeof FACE; audioMs?: number | null } = {},
): string[] {
  const audio = audioMs === null ? null : { durationMs: audioMs, path: ['sound'] };
  const checked = checkPlacement({ ...INPUT, ...change }, [], { face, audio });
  return checked.ok ? [] : checked.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('a length that is just long enough', () => {
  it.for([
    ['a hinted sound of 2000 ms', { soundDurationMs: 2000 }, {}],
    ['a hinted video of 2000 ms', { videoDurationMs: 2000 }, {}],
    ['a measured sound of 2000 ms', {}, { audioMs: 2000 }],
    ['a face of 2000 ms', { insertAtMs: 1000 }, { face: { ...FACE, startMs: 1000, endMs: 3000 } }],
  ] as const)('%s', ([, change, facts], { expect }) => {
    expect(issues(change, facts)).toEqual([]);
  });

  it('still limits the cut', ({ expect }) => {
    const long = { cropEndMs: 2001 };
    const expected = ['cropEndMs: must be at most 2000 (the length of the sound), was 2001'];
    expect(issues(long, { audioMs: 2000 })).toEqual(expected);
    expect(issues({ ...long, soundDurationMs: 2000 })).toEqual(expected);
  });

  it('of a face may be missed, which is told', ({ expect }) => {
    expect(issues({}, { face: { ...FACE, startMs: 3000, endMs: 5000 } })).toEqual([
      'insertAtMs: the cut (0 to 2000) must overlap the face (3000 to 5000) by at least 2000 ms, was 0; insertAtMs 3000 to 3000 allow it',
    ]);
  });
});

describe('what cannot be mended by insertAtMs is not reported there', () => {
  it('a sound that is too long: the cut is judged by the longest there may be', ({ expect }) => {
    expect(issues({ cropEndMs: 60_001 }, { audioMs: 60_002 })).toContain(
      'cropEndMs: must be at most 60000 (the longest sound Kling takes), was 60001',
    );
  });

  it('a face that is too short', ({ expect }) => {
    expect(issues({}, { face: { ...FACE, startMs: 1500, endMs: 3000 } })).toEqual([
      'faceId: cannot be lip-synced: the face can be used for 1500 ms, at least 2000 are needed',
    ]);
  });

  it.for([3000, 2500])('a cut from 3000 to %i ms, which has no length', (cropEndMs, { expect }) => {
    expect(issues({ cropStartMs: 3000, cropEndMs, insertAtMs: 61_000 })).toEqual([
      `cropEndMs: must be at least 5000, 2000 ms after cropStartMs, was ${cropEndMs}`,
    ]);
  });

  it('an end of the cut that is no number', ({ expect }) => {
    expect(issues({ cropEndMs: Number.NaN, insertAtMs: 61_000 })).toEqual([
      'cropEndMs: must be a whole number of milliseconds, 0 or more, was NaN',
    ]);
  });
});
