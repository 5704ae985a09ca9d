import { describe, it } from 'vitest';
import { checkPlacement } from '../../src/domain/placement.ts';

const INPUT = { cropStartMs: 0, cropEndMs: 2000, insertAtMs: 0 };
const FACE = { startMs: 0, endMs: 60_000, path: ['faceId'] };

/** Returns `field: message` for each issue. */
function issues(
  change: object,
  { face = FACE, audioMs = null }: { face?: typeof FACE; audioMs?: number | null } = {},
): string[] {
  const audio = audioMs === null ? null : { durationMs: audioMs, path: ['sound'] };
  const checked = checkPlacement({ ...INPUT, ...change }, [], { face, audio });
  return checked.ok ? [] : checked.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('the shortest accepted length', () => {
  it.for([
    ['hinted audio of 2000 ms', { soundDurationMs: 2000 }, {}],
    ['a hinted video of 2000 ms', { videoDurationMs: 2000 }, {}],
    ['measured audio of 2000 ms', {}, { audioMs: 2000 }],
    ['a face of 2000 ms', { insertAtMs: 1000 }, { face: { ...FACE, startMs: 1000, endMs: 3000 } }],
  ] as const)('%s', ([, change, facts], { expect }) => {
    expect(issues(change, facts)).toEqual([]);
  });

  it('limits the cut', ({ expect }) => {
    const long = { cropEndMs: 2001 };
    const expected = ['cropEndMs: must be at most 2000 (the length of the sound), was 2001'];
    expect(issues(long, { audioMs: 2000 })).toEqual(expected);
    expect(issues({ ...long, soundDurationMs: 2000 })).toEqual(expected);
  });

  it('of a face may be missed by the cut, which is reported', ({ expect }) => {
    expect(issues({}, { face: { ...FACE, startMs: 3000, endMs: 5000 } })).toEqual([
      'insertAtMs: the cut (0 to 2000) must overlap the face (3000 to 5000) by at least 2000 ms, was 0; insertAtMs 3000 to 3000 allow it',
    ]);
  });
});

describe('an issue that insertAtMs cannot fix is reported elsewhere', () => {
  it('checks a cut of audio that is too long against 60 s', ({ expect }) => {
    expect(issues({ cropEndMs: 60_001 }, { audioMs: 60_002 })).toContain(
      'cropEndMs: must be at most 60000 (the longest sound Kling takes), was 60001',
    );
  });

  it('reports a face that is too short at the face', ({ expect }) => {
    expect(issues({}, { face: { ...FACE, startMs: 1500, endMs: 3000 } })).toEqual([
      'faceId: cannot be lip-synced: the face can be used for 1500 ms, at least 2000 are needed',
    ]);
  });

  it.for([3000, 2500])('reports a cut from 3000 to %i ms, which has no length, at its end', (cropEndMs, { expect }) => {
    expect(issues({ cropStartMs: 3000, cropEndMs, insertAtMs: 61_000 })).toEqual([
      `cropEndMs: must be at least 5000, 2000 ms after cropStartMs, was ${cropEndMs}`,
    ]);
  });

  it('reports an end of the cut that is NaN at the end', ({ expect }) => {
    expect(issues({ cropEndMs: Number.NaN, insertAtMs: 61_000 })).toEqual([
      'cropEndMs: must be a whole number of milliseconds, 0 or more, was NaN',
    ]);
  });
});
