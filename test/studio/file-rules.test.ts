import { describe, it } from 'vitest';
import { explainFile, explainIssues, kindOf } from '../../src/studio/files/file-rules.ts';

const MB = 1_000_000;

describe('a file that is checked before its upload', () => {
  it.for([
    ['an MP4', 'video', 'clip.mp4', 'video/mp4', 90 * MB, {}, []],
    ['an upper-case name', 'video', 'CLIP.MOV', '', MB, {}, []],
    ['a name without an extension, whose type says enough', 'audio', 'voice', 'audio/x-wav', MB, {}, []],
    ['a name and a type that say nothing, which the gateway reads', 'audio', 'voice', '', MB, {}, []],
    ['720p of 10 s', 'video', 'clip.mp4', '', MB, { durationMs: 10_000, width: 1280, height: 720 }, []],
    [
      'a length that the browser rounds',
      'video',
      'clip.mp4',
      '',
      MB,
      { durationMs: 60_040, width: 720, height: 1280 },
      [],
    ],
    ['a sample as MP4', 'sample', 'clip.mp4', '', 40 * MB, {}, []],
    ['nothing', 'audio', 'voice.wav', '', 0, {}, [/^The file is empty/]],
    [
      'a WebM',
      'video',
      'clip.webm',
      'video/webm',
      MB,
      {},
      [/^Kling can’t use WEBM files here. Convert it to MP4 or MOV/],
    ],
    ['an MP3 as the video', 'video', 'song.mp3', 'audio/mpeg', MB, {}, [/^Kling can’t use MP3 files here/]],
    ['an M4A as a sample', 'sample', 'voice.m4a', '', MB, {}, [/Convert it to MP3, WAV, MP4 or MOV/]],
    ['audio of 5.1 MB', 'audio', 'voice.wav', '', 5.1 * MB, {}, [/^It has 5.1 MB. It must have at most 5 MB/]],
    ['a video of 101 MB', 'video', 'clip.mp4', '', 101 * MB, {}, [/^It has 101 MB. It must have at most 100 MB/]],
    ['a video of 1 s', 'video', 'a.mp4', '', MB, { durationMs: 1000 }, [/^It is 1 s long. It must be 2 to 60 s long/]],
    ['a sample of 40 s', 'sample', 'a.wav', '', MB, { durationMs: 40_000 }, [/It must be 5 to 30 s long. Shorten/]],
    [
      '360p that is too long',
      'video',
      'clip.mp4',
      '',
      MB,
      { durationMs: 61_000, width: 640, height: 360 },
      [/^It is 61 s long/, /^Its picture is 640 × 360 pixels/],
    ],
  ] as const)('is judged: %s', ([, use, name, type, size, facts, problems], { expect }) => {
    expect(explainFile({ name, type, size }, use, facts)).toEqual(problems.map((part) => expect.stringMatching(part)));
  });

  it.for([
    ['clip.mp4', 'video', 'VIDEO'],
    ['clip.mp4', 'sample', 'VIDEO'],
    ['voice.wav', 'sample', 'AUDIO'],
    ['voice.m4a', 'audio', 'AUDIO'],
  ] as const)('is kept: %s as %s is %s', ([name, use, kind], { expect }) => {
    expect(kindOf({ name, type: '', size: 1 }, use)).toBe(kind);
  });
});

describe('the problems of a file that the gateway has read', () => {
  it('are each explained once, with what to do', ({ expect }) => {
    const issues = ['UNSUPPORTED_RESOLUTION', 'UNSUPPORTED_RESOLUTION', 'NO_AUDIO_TRACK', 'UNSUPPORTED_FORMAT'];
    const words = explainIssues(
      issues.map((code) => ({ code, message: 'x' })),
      'video',
      { width: 100, height: 100 },
    );
    expect(words).toEqual([
      expect.stringContaining('100 × 100'),
      expect.stringContaining('It has no audio'),
      expect.stringContaining('Export it again as MP4 or MOV'),
    ]);
  });

  it('are shown in the words of the gateway if the studio is older', ({ expect }) => {
    const issue = { code: 'NEW_CODE', message: 'must be recorded in daylight' };
    expect(explainIssues([issue], 'video', {})).toEqual(['Must be recorded in daylight.']);
  });
});
