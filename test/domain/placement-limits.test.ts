import { describe, it } from 'vitest';
import { checkPlacement, type PlacedInput, type PlacementInput } from '../../src/domain/placement.ts';

const INPUT = { audioStartMs: 0, audioEndMs: 2000, insertAtMs: 0 };
const FACE = { startMs: 0, endMs: 60_000, path: ['faceId'] };

/** Returns `field: message` for each issue. */
function issues(
  change: Partial<PlacementInput> & Omit<PlacedInput, 'placement'>,
  { face = FACE, audioMs = null }: { face?: typeof FACE; audioMs?: number | null } = {},
): string[] {
  const { audioStartMs, audioEndMs, insertAtMs, ...lengths } = { ...INPUT, ...change };
  const audio = audioMs === null ? null : { durationMs: audioMs, path: ['audio'] };
  const checked = checkPlacement({ placement: { audioStartMs, audioEndMs, insertAtMs }, ...lengths }, [], {
    face,
    audio,
  });
  return checked.ok ? [] : checked.issues.map(({ path, message }) => `${path.at(-1)}: ${message}`);
}

describe('the shortest accepted length', () => {
  it.for([
    ['hinted audio of 2000 ms', { audioDurationMs: 2000 }, {}],
    ['a hinted video of 2000 ms', { videoDurationMs: 2000 }, {}],
    ['measured audio of 2000 ms', {}, { audioMs: 2000 }],
    ['a face of 2000 ms', { insertAtMs: 1000 }, { face: { ...FACE, startMs: 1000, endMs: 3000 } }],
  ] as const)('%s', ([, change, facts], { expect }) => {
    expect(issues(change, facts)).toEqual([]);
  });

  it('limits the cut', ({ expect }) => {
    const long = { audioEndMs: 2001 };
    const expected = ['audioEndMs: must be at most 2000 (the length of the audio), was 2001'];
    expect(issues(long, { audioMs: 2000 })).toEqual(expected);
    expect(issues({ ...long, audioDurationMs: 2000 })).toEqual(expected);
  });

  it('of a face may be missed by the cut, which is reported', ({ expect }) => {
    expect(issues({}, { face: { ...FACE, startMs: 3000, endMs: 5000 } })).toEqual([
      'insertAtMs: the cut (0 to 2000) must overlap the face (3000 to 5000) by at least 2000 ms, was 0; insertAtMs 3000 to 3000 allow it',
    ]);
  });
});

describe('an issue that insertAtMs cannot fix is reported elsewhere', () => {
  it('checks a cut of audio that is too long against 60 s', ({ expect }) => {
    expect(issues({ audioEndMs: 60_001 }, { audioMs: 60_002 })).toContain(
      'audioEndMs: must be at most 60000 (the longest audio Kling takes), was 60001',
    );
  });

  it('reports a face that is too short at the face', ({ expect }) => {
    expect(issues({}, { face: { ...FACE, startMs: 1500, endMs: 3000 } })).toEqual([
      'faceId: cannot be lip-synced: the face can be used for 1500 ms, at least 2000 are needed',
    ]);
  });

  it.for([3000, 2500])(
    'reports a cut from 3000 to %i ms, which has no length, at its end',
    (audioEndMs, { expect }) => {
      expect(issues({ audioStartMs: 3000, audioEndMs, insertAtMs: 61_000 })).toEqual([
        `audioEndMs: must be at least 5000, 2000 ms after audioStartMs, was ${audioEndMs}`,
      ]);
    },
  );

  it('reports an end of the cut that is NaN at the end', ({ expect }) => {
    expect(issues({ audioEndMs: Number.NaN, insertAtMs: 61_000 })).toEqual([
      'audioEndMs: must be a whole number of milliseconds, 0 or more, was NaN',
    ]);
  });
});
