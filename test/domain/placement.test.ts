import { describe, expect, it } from 'vitest';
import { allowedInsertRange, checkPlacement, overlapMs } from '../../src/domain/placement.ts';

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

/** Returns `field: message` for each issue, with the last part of the path. */
function issues(options: Case): string[] {
  const checked = check(options);
  return checked.ok ? [] : checked.issues.map((issue) => `${issue.path.at(-1)}: ${issue.message}`);
}

describe('checkPlacement accepts', () => {
  it.each<[string, Case]>([
    ['a cut of 2000 ms', { audioStartMs: 0, audioEndMs: 2000 }],
    ['a cut of 2001 ms', { audioStartMs: 500, audioEndMs: 2501 }],
    ['a cut of 60 s at the start of a video of unknown length', { audioEndMs: 60_000 }],
    ['a cut that ends with the audio, by hint', { audioEndMs: 3000, audioDurationMs: 3000 }],
    ['a cut that ends with the audio, by measure', { audioEndMs: 3000, measuredMs: 3000 }],
    ['audio of 60 s', { measuredMs: 60_000 }],
    ['a cut that ends with the video', { insertAtMs: 3000, videoDurationMs: 5000 }],
    ['a cut that ends at 60 s', { insertAtMs: 58_000 }],
    ['2000 ms of overlap at the start of a face', { insertAtMs: 0, audioEndMs: 5000, face: [3000, 9000] }],
    ['2000 ms of overlap at the end of a face', { insertAtMs: 7000, audioEndMs: 5000, face: [3000, 9000] }],
    ['a face of 2000 ms inside the cut', { insertAtMs: 0, audioEndMs: 9000, face: [3000, 5000] }],
    ['a wrong hint if the length is measured', { audioEndMs: 5000, audioDurationMs: 3000, measuredMs: 5000 }],
    ['hints of null', { audioDurationMs: null, videoDurationMs: null }],
  ])('%s', (_what, options) => {
    expect(issues(options)).toEqual([]);
  });

  it('a placement, and returns it without the hints', () => {
    expect(check({ audioStartMs: 1, audioEndMs: 2001, insertAtMs: 3, audioDurationMs: 5000 })).toEqual({
      ok: true,
      value: { cropStartMs: 1, cropEndMs: 2001, insertAtMs: 3 },
    });
  });
});

describe('checkPlacement refuses', () => {
  it.each<[string, Case, string[]]>([
    [
      'a cut of 1999 ms',
      { audioStartMs: 1, audioEndMs: 2000 },
      ['audioEndMs: must be at least 2001, 2000 ms after audioStartMs, was 2000'],
    ],
    [
      'an empty cut',
      { audioStartMs: 2000 },
      ['audioEndMs: must be at least 4000, 2000 ms after audioStartMs, was 2000'],
    ],
    [
      'a cut that ends before it starts',
      { audioStartMs: 3000 },
      ['audioEndMs: must be at least 5000, 2000 ms after audioStartMs, was 2000'],
    ],
    [
      'a cut past the hinted audio',
      { audioEndMs: 3001, audioDurationMs: 3000 },
      ['audioEndMs: must be at most 3000 (the length of the audio), was 3001'],
    ],
    [
      'a cut past the measured audio',
      { audioEndMs: 3001, measuredMs: 3000 },
      ['audioEndMs: must be at most 3000 (the length of the audio), was 3001'],
    ],
    [
      'a cut past the longest audio',
      { audioStartMs: 50_000, audioEndMs: 60_001 },
      ['audioEndMs: must be at most 60000 (the longest audio Kling takes), was 60001'],
    ],
    ['audio of 60001 ms', { measuredMs: 60_001 }, ['base64: the audio must be 2000 to 60000 ms long, was 60001']],
    [
      'hinted audio of 60001 ms',
      { audioDurationMs: 60_001 },
      ['audioDurationMs: the audio must be 2000 to 60000 ms long, was 60001'],
    ],
    [
      'hinted audio of 1999 ms',
      { audioDurationMs: 1999 },
      ['audioDurationMs: the audio must be 2000 to 60000 ms long, was 1999'],
    ],
    [
      'measured audio of 1999 ms',
      { measuredMs: 1999 },
      [
        'base64: the audio must be 2000 to 60000 ms long, was 1999',
        'audioEndMs: must be at most 1999 (the length of the audio), was 2000',
      ],
    ],
    [
      'a hinted video of 1999 ms',
      { videoDurationMs: 1999 },
      ['videoDurationMs: the video must be 2000 to 60000 ms long, was 1999'],
    ],
    [
      'a hinted video of 60001 ms',
      { videoDurationMs: 60_001 },
      ['videoDurationMs: the video must be 2000 to 60000 ms long, was 60001'],
    ],
    [
      'an end past the hinted video',
      { insertAtMs: 3001, videoDurationMs: 5000 },
      ['insertAtMs: the cut of 2000 ms would end at 5001; it must end by 5000 (the length of the video)'],
    ],
    [
      'an end past the longest video',
      { insertAtMs: 58_001 },
      [
        'insertAtMs: the cut of 2000 ms would end at 60001; it must end by 60000 (the longest video Kling takes)',
        'insertAtMs: the cut (58001 to 60001) must overlap the face (0 to 60000) by at least 2000 ms, was 1999; insertAtMs 0 to 58000 allow it',
      ],
    ],
    [
      '1999 ms of overlap at the start',
      { audioEndMs: 4999, face: [3000, 9000] },
      [
        'insertAtMs: the cut (0 to 4999) must overlap the face (3000 to 9000) by at least 2000 ms, was 1999; insertAtMs 1 to 7000 allow it',
      ],
    ],
    [
      '1999 ms of overlap at the end',
      { insertAtMs: 7001, face: [3000, 9000] },
      [
        'insertAtMs: the cut (7001 to 9001) must overlap the face (3000 to 9000) by at least 2000 ms, was 1999; insertAtMs 3000 to 7000 allow it',
      ],
    ],
    [
      'no overlap',
      { face: [20_000, 30_000] },
      [
        'insertAtMs: the cut (0 to 2000) must overlap the face (20000 to 30000) by at least 2000 ms, was 0; insertAtMs 20000 to 28000 allow it',
      ],
    ],
    [
      'a face after the end of the video',
      { face: [20_000, 30_000], videoDurationMs: 10_000 },
      [
        'insertAtMs: the cut (0 to 2000) must overlap the face (20000 to 30000) by at least 2000 ms, was 0; no insertAtMs allows it',
      ],
    ],
    [
      'a face of 1999 ms',
      { face: [0, 1999] },
      ['faceId: cannot be lip-synced: the face can be used for 1999 ms, at least 2000 are needed'],
    ],
    [
      'numbers below zero',
      { audioStartMs: -1, audioEndMs: -2, insertAtMs: -3 },
      [
        'audioStartMs: must be a whole number of milliseconds, 0 or more, was -1',
        'audioEndMs: must be a whole number of milliseconds, 0 or more, was -2',
        'insertAtMs: must be a whole number of milliseconds, 0 or more, was -3',
      ],
    ],
    [
      'a number that is not whole',
      { insertAtMs: 0.5 },
      ['insertAtMs: must be a whole number of milliseconds, 0 or more, was 0.5'],
    ],
    ['NaN', { audioStartMs: Number.NaN }, ['audioStartMs: must be a whole number of milliseconds, 0 or more, was NaN']],
  ])('%s', (_what, options, expected) => {
    expect(issues(options)).toEqual(expected);
  });

  it('several issues at once', () => {
    const all = {
      audioStartMs: 60_000,
      audioEndMs: 61_000,
      insertAtMs: 60_000,
      videoDurationMs: 1,
      measuredMs: 1,
      face: [0, 1],
    } as const;
    expect(issues(all).map((text) => text.split(':')[0])).toEqual([
      'base64',
      'videoDurationMs',
      'audioEndMs',
      'audioEndMs',
      'faceId',
      'insertAtMs',
    ]);
  });

  it('what it can check without a face', () => {
    expect(issues({ face: null })).toEqual([]);
    expect(issues({ face: null, audioEndMs: 1 })).toHaveLength(1);
  });
});

describe('overlapMs', () => {
  it.each([
    [[0, 10], [5, 20], 5],
    [[5, 20], [0, 10], 5],
    [[0, 10], [10, 20], 0],
    [[0, 10], [11, 20], 0],
    [[0, 30], [10, 20], 10],
    [[0, 10], [0, 10], 10],
  ])('of %j and %j is %i ms', ([a = 0, b = 0], [c = 0, d = 0], expected) => {
    expect(overlapMs({ startMs: a, endMs: b }, { startMs: c, endMs: d })).toBe(expected);
  });
});

describe('allowedInsertRange', () => {
  it.each([
    ['covers the video for a face over the whole video', [0, 60_000], 2000, null, { minMs: 0, maxMs: 58_000 }],
    ['ends with the video', [0, 60_000], 3000, 10_000, { minMs: 0, maxMs: 7000 }],
    [
      'starts before the face, so that the end of the cut overlaps',
      [10_000, 20_000],
      5000,
      null,
      { minMs: 7000, maxMs: 18_000 },
    ],
    ['is one point for a short face and a short cut', [1000, 3000], 2000, null, { minMs: 1000, maxMs: 1000 }],
    ['is null for a cut that is too short', [0, 60_000], 1999, null, null],
    ['is null for a face that is too short', [0, 1999], 5000, null, null],
    ['is null for a cut longer than the video', [0, 10_000], 5001, 5000, null],
    ['is in whole milliseconds', [1000.5, 9000.5], 2000, null, { minMs: 1001, maxMs: 7000 }],
  ])('%s', (_what, [startMs = 0, endMs = 0], cropLengthMs, videoDurationMs, expected) => {
    expect(allowedInsertRange({ startMs, endMs }, cropLengthMs, videoDurationMs)).toEqual(expected);
  });
});
