import { describe, expect, it } from 'vitest';
import { checkIdentifyFacesInput } from '../../src/domain/inputs.ts';

describe('checkIdentifyFacesInput', () => {
  it('accepts a URL or Kling’s id of a video', () => {
    expect(checkIdentifyFacesInput({ video: { url: 'https://cdn.example.com/v.mov' } })).toEqual({
      ok: true,
      value: { video: { url: 'https://cdn.example.com/v.mov' } },
    });
    expect(checkIdentifyFacesInput({ video: { klingVideoId: 'abc=' }, externalId: 'k1' })).toEqual({
      ok: true,
      value: { video: { videoId: 'abc=' } },
    });
  });

  it('reports all issues at once', () => {
    const checked = checkIdentifyFacesInput({ video: { url: 'http://10.0.0.1/v.mp3' }, externalId: 'a b' });
    expect(checked.ok ? [] : checked.issues.map((issue) => issue.path.join('.'))).toEqual([
      'video.url',
      'video.url',
      'video.url',
      'externalId',
    ]);
  });
});
