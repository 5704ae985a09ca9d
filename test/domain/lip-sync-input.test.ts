import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkLipSyncInput, type CreateLipSyncTaskInput, type LipSyncFacts } from '../../src/domain/inputs.ts';
import { base64Of, wav } from './support-audio.ts';

const NOW = Date.UTC(2026, 10, 21);

const INPUT: CreateLipSyncTaskInput = {
  face: { faceId: 'scan:0' },
  audio: { url: 'https://cdn.example.com/hello.mp3' },
  placement: { audioStartMs: 0, audioEndMs: 3000, insertAtMs: 1000 },
};

const FACTS: LipSyncFacts = {
  face: { faceId: '0', imageUrl: null, startMs: 0, endMs: 5200 },
  sessionId: '850508686686064678',
  scanExpiresAtMs: NOW + 1,
  now: NOW,
  hasSpeech: false,
  audioDurationMs: null,
};

function check(input: Partial<CreateLipSyncTaskInput> = {}, facts: Partial<LipSyncFacts> = {}) {
  return checkLipSyncInput({ ...INPUT, ...input }, ['input'], { ...FACTS, ...facts });
}

function issues(input: Partial<CreateLipSyncTaskInput>, facts: Partial<LipSyncFacts> = {}): string[] {
  const checked = check(input, facts);
  return checked.ok ? [] : checked.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
}

describe('checkLipSyncInput', () => {
  it("returns the request with Kling's ids and the defaults", () => {
    expect(check()).toEqual({
      ok: true,
      value: {
        sessionId: '850508686686064678',
        faceId: '0',
        sound: INPUT.audio,
        placement: { cropStartMs: 0, cropEndMs: 3000, insertAtMs: 1000 },
        soundVolume: 1,
        originalAudioVolume: 1,
        watermark: false,
      },
    });
  });

  it('accepts the highest and lowest volume and a watermark', () => {
    const checked = check({ audioVolume: 2, originalAudioVolume: 0, watermark: true, externalId: 'order-1' });
    expect(checked).toMatchObject({ value: { soundVolume: 2, originalAudioVolume: 0, watermark: true } });
  });

  it.each([-0.01, 2.01, Number.NaN, Number.NEGATIVE_INFINITY])('refuses a volume of %d', (volume) => {
    expect(issues({ audioVolume: volume, originalAudioVolume: volume })).toEqual([
      `input.audioVolume: must be from 0 to 2, was ${volume}`,
      `input.originalAudioVolume: must be from 0 to 2, was ${volume}`,
    ]);
  });

  it('reports all issues at once, including a missing face', () => {
    const input = {
      audio: { base64: 'data:audio/mpeg;base64,????' },
      placement: { audioStartMs: 0, audioEndMs: 1000, insertAtMs: -1 },
      audioVolume: 3,
      originalAudioVolume: 3,
      externalId: '?',
    };
    const facts = { face: null, sessionId: null, scanExpiresAtMs: null };
    expect(issues(input, facts).map((text) => text.split(':')[0])).toEqual([
      'input.face.faceId',
      'input.audio.base64',
      'input.audio.base64',
      'input.audio.base64',
      'input.placement.insertAtMs',
      'input.placement.audioEndMs',
      'input.audioVolume',
      'input.originalAudioVolume',
      'input.externalId',
    ]);
  });

  it('never throws for any strings', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(
        fc.constantFrom('speechId', 'klingAudioId', 'url', 'base64'),
        text,
        text,
        (kind, audio, externalId) => {
          expect(() => check({ audio: { [kind]: audio }, externalId })).not.toThrow();
        },
      ),
    );
  });
});

describe('the face of a lip-sync', () => {
  it('is refused if it does not exist', () => {
    const expected = ['input.face.faceId: no such face: identify the faces of the video, and choose one of them'];
    expect(issues({}, { face: null })).toEqual(expected);
    expect(issues({}, { sessionId: null })).toEqual(expected);
    expect(issues({}, { scanExpiresAtMs: null })).toEqual(expected);
  });

  it('is refused if its id is not the id of a face', () => {
    expect(issues({ face: { faceId: '' } }, { face: null, sessionId: null, scanExpiresAtMs: null })).toEqual([
      'input.face.faceId: is not the id of a Face: identify the faces of the video, and choose one of them',
    ]);
  });

  it('is refused from the expiry of its scan, and the placement is still checked', () => {
    expect(issues({}, { scanExpiresAtMs: NOW + 1 })).toEqual([]);
    const expired =
      'input.face.faceId: expired at 2026-11-21T00:00:00.000Z: faces can be used for 24 hours; identify them again';
    expect(issues({}, { scanExpiresAtMs: NOW })).toEqual([expired]);
    expect(issues({}, { scanExpiresAtMs: Number.NaN })).toEqual([
      'input.face.faceId: expired: faces can be used for 24 hours; identify them again',
    ]);
    const late = { placement: { audioStartMs: 0, audioEndMs: 3000, insertAtMs: 4000 } };
    expect(issues(late, { scanExpiresAtMs: NOW - 1 })).toHaveLength(2);
  });
});

describe('a face by its ids at Kling', () => {
  const face = { klingFace: { klingSessionId: '850508686686064678', klingFaceId: '0' } };
  const elsewhere = { face: null, sessionId: null, scanExpiresAtMs: null };

  it('is passed on unchanged if the scan was made elsewhere, with any interval and age', () => {
    const placement = { audioStartMs: 0, audioEndMs: 3000, insertAtMs: 50_000 };
    const value = { sessionId: '850508686686064678', faceId: '0' };
    expect(check({ face, placement }, elsewhere)).toMatchObject({ ok: true, value });
  });

  it('is checked like any face of the scan if the scan is known', () => {
    expect(check({ face })).toMatchObject({ ok: true, value: { sessionId: '850508686686064678', faceId: '0' } });
    expect(issues({ face }, { scanExpiresAtMs: NOW })).toEqual([
      expect.stringMatching(/^input\.face\.klingFace\.klingSessionId: expired at /),
    ]);
    expect(issues({ face, placement: { audioStartMs: 0, audioEndMs: 3000, insertAtMs: 4000 } })).toEqual([
      expect.stringMatching(/^input\.placement\.insertAtMs: the cut \(4000 to 7000\) must overlap the face/),
    ]);
    expect(issues({ face }, { face: { faceId: '0', imageUrl: null, startMs: 0, endMs: 1500 } })).toEqual([
      expect.stringMatching(/^input\.face\.klingFace\.klingFaceId: cannot be lip-synced/),
    ]);
    expect(issues({ face }, { face: null })).toEqual([
      'input.face.klingFace.klingFaceId: no such face in the scan of this session',
    ]);
  });

  it('is refused with every problem of the two ids', () => {
    const wrong = { klingFace: { klingSessionId: '', klingFaceId: '../x' } };
    expect(issues({ face: wrong }, elsewhere)).toEqual([
      'input.face.klingFace.klingSessionId: must be 1 to 128 characters long, was 0',
      expect.stringMatching(/^input\.face\.klingFace\.klingFaceId: is not an id of Kling/),
    ]);
  });

  it.each([{}, { faceId: 'scan:0', ...face }, { faceId: null }])('excludes a face id: %j', (given) => {
    expect(issues({ face: given }, elsewhere)).toEqual([
      'input.face: must have exactly one of faceId, inVideo and klingFace',
    ]);
  });
});

describe('the audio of a lip-sync', () => {
  it.each([[{}], [{ klingAudioId: 'a', url: 'https://cdn.example.com/a.mp3' }], [{ url: null }]])(
    'must have exactly one source: %j',
    (audio) => {
      expect(issues({ audio })).toEqual([
        'input.audio: must have exactly one of mediaId, url, base64, speech, speechId and klingAudioId',
      ]);
    },
  );

  it.each([
    ['klingAudioId', { klingAudioId: '../x' }, 'is not an id of Kling'],
    ['speechId', { speechId: '' }, 'is not the id of a Speech'],
    ['speechId', { speechId: 'unknown' }, 'no such speech'],
    ['url', { url: 'https://localhost/a.mp3' }, 'host must not be'],
    ['base64', { base64: '' }, 'must not be empty'],
  ])('reports an invalid source at %s', (field, audio, message) => {
    expect(issues({ audio })).toEqual([expect.stringContaining(`input.audio.${field}: ${message}`)]);
  });

  it('may be speech, whose length is known', () => {
    const audio = { klingAudioId: 'Cjil4mfBfz+/==' };
    const value = { sound: { audioId: 'Cjil4mfBfz+/==' } };
    expect(check({ audio }, { audioDurationMs: 3000 })).toMatchObject({ value });
    const speech = { speechId: 'Cjil4mfBfz+/==' };
    expect(check({ audio: speech }, { hasSpeech: true, audioDurationMs: 3000 })).toMatchObject({ value });
    expect(issues({ audio: speech }, { hasSpeech: true, audioDurationMs: 60_001 })[0]).toMatch(
      /^input.audio.speechId: /,
    );
    expect(issues({ audio }, { audioDurationMs: 2999 })).toEqual([
      'input.placement.audioEndMs: must be at most 2999 (the length of the audio), was 3000',
    ]);
    expect(issues({ audio }, { audioDurationMs: 60_001 })).toEqual([
      'input.audio.klingAudioId: the audio must be 2000 to 60000 ms long, was 60001',
    ]);
  });

  it('ignores the length of a speech if the source is a URL', () => {
    expect(issues({}, { audioDurationMs: 2000 })).toEqual([]);
  });

  it('may be a WAV, whose measured length overrides the hint', () => {
    const base64 = base64Of(wav({ bytesPerSecond: 1000, dataBytes: 2500 }));
    const placement = { audioStartMs: 0, audioEndMs: 2500, insertAtMs: 0 };
    expect(check({ audio: { base64 }, placement, audioDurationMs: 2400 })).toMatchObject({
      value: { sound: { base64 }, placement: { cropStartMs: 0, cropEndMs: 2500, insertAtMs: 0 } },
    });
    expect(issues({ audio: { base64 } })).toEqual([
      'input.placement.audioEndMs: must be at most 2500 (the length of the audio), was 3000',
    ]);
    expect(issues({ audio: { base64: base64Of(wav({ bytesPerSecond: 1000, dataBytes: 1999 })) } })[0]).toBe(
      'input.audio.base64: the audio must be 2000 to 60000 ms long, was 1999',
    );
  });

  it('has the length that the caller says if nothing else is known', () => {
    expect(issues({ audioDurationMs: 2500 })).toHaveLength(1);
  });
});
