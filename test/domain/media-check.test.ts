import { describe, expect, it } from 'vitest';
import { mediaNotReady, problemsOf, sampleProblems, type MediaFacts, type MediaKind } from '../../src/domain/media.ts';
import type { IssueCode } from '../../src/errors.ts';

const VIDEO: MediaFacts = {
  extension: 'mp4',
  durationMs: 10_000,
  width: 1280,
  height: 720,
  codecs: ['avc', 'aac'],
  hasAudio: true,
};
const AUDIO: MediaFacts = { ...VIDEO, extension: 'wav', width: null, height: null, codecs: ['pcm-s16'] };
const MB = 1_000_000;

type Row = readonly [
  what: string,
  kind: MediaKind,
  facts: Partial<MediaFacts>,
  bytes: number,
  codes: readonly IssueCode[],
];

const FILES: readonly Row[] = [
  ['the largest video', 'VIDEO', {}, 100 * MB, []],
  ['a video with a byte too many', 'VIDEO', {}, 100 * MB + 1, ['FILE_TOO_LARGE']],
  ['the largest audio', 'AUDIO', {}, 5 * MB, []],
  ['audio with a byte too many', 'AUDIO', {}, 5 * MB + 1, ['FILE_TOO_LARGE']],
  ['the shortest video', 'VIDEO', { durationMs: 2000 }, MB, []],
  ['a video that is too short', 'VIDEO', { durationMs: 1999 }, MB, ['TOO_SHORT']],
  ['the longest video', 'VIDEO', { durationMs: 60_000 }, MB, []],
  ['a video that is too long', 'VIDEO', { durationMs: 60_001 }, MB, ['TOO_LONG']],
  ['the shortest audio', 'AUDIO', { durationMs: 2000 }, MB, []],
  ['audio that is too short', 'AUDIO', { durationMs: 1999 }, MB, ['TOO_SHORT']],
  ['the longest audio', 'AUDIO', { durationMs: 60_000 }, MB, []],
  ['audio that is too long', 'AUDIO', { durationMs: 60_001 }, MB, ['TOO_LONG']],
  ['a MOV', 'VIDEO', { extension: 'mov' }, MB, []],
  ['HEVC, because Kling names no codecs', 'VIDEO', { codecs: ['hevc'] }, MB, []],
  ['a silent video', 'VIDEO', { hasAudio: false }, MB, []],
  ['audio as a video', 'VIDEO', { extension: 'm4a', width: null, height: null }, MB, ['UNSUPPORTED_FORMAT']],
  ['a video as audio', 'AUDIO', { extension: 'mp4' }, MB, ['UNSUPPORTED_FORMAT']],
  [
    'all problems at once',
    'VIDEO',
    { durationMs: 1, width: 320, height: 240 },
    101 * MB,
    ['FILE_TOO_LARGE', 'TOO_SHORT', 'UNSUPPORTED_RESOLUTION', 'UNSUPPORTED_RESOLUTION'],
  ],
];

const PICTURES: readonly (readonly [width: number, height: number, isAccepted: boolean])[] = [
  [1280, 720, true],
  [720, 1280, true],
  [1920, 1080, true],
  [1080, 1920, true],
  [720, 720, true],
  [1080, 1080, true],
  [960, 720, true],
  [1440, 1080, true],
  [1280, 544, true],
  [1920, 816, true],
  [2160, 1080, true],
  [1080, 2160, true],
  [608, 1080, true],
  [1920, 1088, true],
  [960, 960, true],
  [1440, 1440, true],
  [1280, 512, true],
  [1280, 511, false],
  [2161, 1080, false],
  [640, 480, false],
  [640, 640, false],
  [854, 480, false],
  [960, 540, false],
  [1024, 768, false],
  [1600, 900, false],
  [2160, 2160, false],
  [2560, 1440, false],
  [3840, 2160, false],
  [0, 0, false],
];

describe('problemsOf', () => {
  it.each(FILES)('judges %s', (_what, kind, facts, bytes, codes) => {
    const problems = problemsOf({ ...(kind === 'VIDEO' ? VIDEO : AUDIO), ...facts }, kind, bytes);
    expect(problems.map(({ code }) => code)).toEqual(codes);
    expect(problems.filter(({ path }) => path.join('.') !== 'source')).toEqual([]);
  });

  it.each(PICTURES)('judges a picture of %i x %i', (width, height, isAccepted) => {
    const codes = problemsOf({ ...VIDEO, width, height }, 'VIDEO', MB).map(({ code }) => code);
    expect([...new Set(codes)]).toEqual(isAccepted ? [] : ['UNSUPPORTED_RESOLUTION']);
  });

  it('names what was found in a file of another type', () => {
    expect(problemsOf(VIDEO, 'AUDIO', MB)).toEqual([
      {
        path: ['source'],
        code: 'UNSUPPORTED_FORMAT',
        message: 'must be MP3, WAV, M4A or AAC: this is an MP4 file with avc and aac',
      },
    ]);
  });
});

describe('sampleProblems', () => {
  it.each<readonly [what: string, facts: Partial<MediaFacts>, codes: readonly IssueCode[]]>([
    ['the shortest', { durationMs: 5000 }, []],
    ['the longest', { durationMs: 30_000 }, []],
    ['a sample that is too short', { durationMs: 4999 }, ['TOO_SHORT']],
    ['a sample that is too long', { durationMs: 30_001 }, ['TOO_LONG']],
    ['an MP3', { extension: 'mp3' }, []],
    ['an M4A', { extension: 'm4a' }, ['UNSUPPORTED_FORMAT']],
    ['an AAC', { extension: 'aac' }, ['UNSUPPORTED_FORMAT']],
    ['a MOV with sound', { extension: 'mov' }, []],
    ['a silent video', { extension: 'mp4', hasAudio: false }, ['NO_AUDIO_TRACK']],
  ])('judges %s', (_what, facts, codes) => {
    const problems = sampleProblems({ ...AUDIO, ...facts }, ['input', 'sample', 'mediaId']);
    expect(problems.map(({ code }) => code)).toEqual(codes);
    expect(problems.filter(({ path }) => path.join('.') !== 'input.sample.mediaId')).toEqual([]);
  });
});

describe('mediaNotReady', () => {
  it('says what to do for each status', () => {
    const messages = (['UPLOADING', 'CHECKING', 'REJECTED'] as const).map(
      (status) => mediaNotReady(status, []).message,
    );
    expect(messages).toEqual([
      'must be READY, is UPLOADING: bytes are missing: upload the rest first',
      'must be READY, is CHECKING: the file is being checked: try again in a second',
      'must be READY, is REJECTED: Kling would refuse the file: see its problems',
    ]);
  });
});
