import { describe, it } from 'vitest';
import { audioMsAt, playableVolumes } from '../../src/studio/lip-sync/play-together.ts';

const CUT = { cropStartMs: 1000, cropEndMs: 4000, insertAtMs: 2500 };

describe('the place of the audio while the video plays', () => {
  it.for([
    ['is nothing before the clip', 2499, null],
    ['is the start of the clip where it is inserted', 2500, 1000],
    ['moves with the video', 4000, 2500],
    ['is just before the end of the clip at its last moment', 5499, 3999],
    ['is nothing after the clip', 5500, null],
  ] as const)('%s', ([, videoMs, audioMs], { expect }) => {
    expect(audioMsAt(CUT, videoMs)).toBe(audioMs);
  });
});

describe('the volumes of a preview', () => {
  it.for([
    ['stay as they are up to 1', [1, 0.5], [1, 0.5]],
    ['keep their ratio if the audio is louder than a browser can play it', [2, 1], [1, 0.5]],
    ['keep their ratio if the video is louder than a browser can play it', [0.5, 2], [0.25, 1]],
    ['can be silent', [0, 0], [0, 0]],
  ] as const)('%s', ([, [audio, original], [playedAudio, playedOriginal]], { expect }) => {
    expect(playableVolumes({ audioVolume: audio, originalAudioVolume: original })).toEqual({
      audioVolume: playedAudio,
      originalAudioVolume: playedOriginal,
    });
  });
});
