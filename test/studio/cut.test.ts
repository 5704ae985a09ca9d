import { describe, it } from 'vitest';
import { explainCut, leftOutMs, moveCut, usableMs } from '../../src/studio/lip-sync/cut.ts';

const FACTS = { face: { startMs: 4000, endMs: 8000 }, videoMs: 10_000, audioMs: 5000 };
const CUT = { cropStartMs: 1000, cropEndMs: 4000, insertAtMs: 3000 };

describe('a cut on the timeline', () => {
  it.for([
    ['move', 1040, { ...CUT, insertAtMs: 4000 }],
    ['move', -9000, { ...CUT, insertAtMs: 0 }],
    ['move', 99_000, { ...CUT, insertAtMs: 9500 }],
    ['trim-end', 500, { ...CUT, cropEndMs: 4500 }],
    ['trim-end', 9000, { ...CUT, cropEndMs: 5000 }],
    ['trim-end', -9000, { ...CUT, cropEndMs: 1200 }],
    // The rest keeps its position in the video.
    ['trim-start', 500, { cropStartMs: 1500, cropEndMs: 4000, insertAtMs: 3500 }],
    ['trim-start', -9000, { cropStartMs: 0, cropEndMs: 4000, insertAtMs: 2000 }],
    ['trim-start', 9000, { cropStartMs: 3800, cropEndMs: 4000, insertAtMs: 5800 }],
  ] as const)('is changed by %s of %d ms, inside the audio and the video', ([grip, byMs, moved], { expect }) => {
    expect(moveCut(CUT, grip, byMs, FACTS.audioMs, FACTS.videoMs)).toEqual(moved);
  });

  it('is not rounded past the end of the video', ({ expect }) => {
    const cut = { cropStartMs: 0, cropEndMs: 3950, insertAtMs: 0 };
    expect(moveCut(cut, 'move', 1050, 3950, 5000)).toEqual({ ...cut, insertAtMs: 1050 });
  });

  it('never starts before the video if its start is extended again', ({ expect }) => {
    const cut = { cropStartMs: 2000, cropEndMs: 4000, insertAtMs: 500 };
    expect(moveCut(cut, 'trim-start', -2000, 5000, 10_000)).toEqual({ ...cut, cropStartMs: 1500, insertAtMs: 0 });
  });

  it.for([
    ['nothing where the gateway takes it', CUT, []],
    [
      'that it is too short',
      { ...CUT, cropEndMs: 2000, insertAtMs: 5000 },
      ['The clip is 1 s long. It must be at least 2 s long.'],
    ],
    [
      'that it ends after the audio',
      { ...CUT, cropEndMs: 6000 },
      ['The clip ends after the audio, which is 5 s long.'],
    ],
    [
      'that it misses the face, and where it would meet it',
      { ...CUT, insertAtMs: 0 },
      ['The audio overlaps this face for 0 s. It must overlap for at least 2 s. Start it between 3 s and 6 s.'],
    ],
    [
      'that it runs past the video',
      { ...CUT, insertAtMs: 7500 },
      [
        'The audio would end at 10.5 s, but the video ends at 10 s.',
        'The audio overlaps this face for 0.5 s. It must overlap for at least 2 s. Start it between 3 s and 6 s.',
      ],
    ],
  ] as const)('is refused with an explanation: %s', ([, cut, words], { expect }) => {
    expect(explainCut(cut, FACTS)).toEqual(words);
  });

  it('is refused with an explanation if the face is visible too briefly', ({ expect }) => {
    expect(explainCut(CUT, { ...FACTS, face: { startMs: 4000, endMs: 5500 } })).toEqual([
      'This face is visible for only 1.5 s. It needs at least 2 s: choose another face.',
    ]);
  });

  it.for([
    ['too short', 1200],
    ['too long', 70_000],
  ] as const)('is refused for one reason only if the audio is %s', ([, audioMs], { expect }) => {
    const cut = { cropStartMs: 0, cropEndMs: Math.min(audioMs, 4000), insertAtMs: 4000 };
    expect(explainCut(cut, { ...FACTS, audioMs })).toEqual(['The audio must be 2 to 60 s long.']);
  });

  it.for([
    ['all that comes after the end of the video', { cropStartMs: 0, cropEndMs: 6000, insertAtMs: 4000 }, 6000],
    ['nothing if all of the audio fits', { cropStartMs: 0, cropEndMs: 12_000, insertAtMs: 0 }, 0],
    ['nothing if the user has cut off an end that fits', { cropStartMs: 4000, cropEndMs: 9000, insertAtMs: 0 }, 0],
  ] as const)('leaves out %s', ([, cut, ms], { expect }) => {
    expect(leftOutMs(cut, 12_000, cut.cropEndMs === 12_000 ? 12_000 : FACTS.videoMs)).toBe(ms);
  });
});

describe('the usable length', () => {
  it('ends 50 ms before the end of a file that the gateway has measured', ({ expect }) => {
    expect([usableMs(4000, true), usableMs(4000, false), usableMs(20, true)]).toEqual([3950, 4000, 0]);
  });
});
