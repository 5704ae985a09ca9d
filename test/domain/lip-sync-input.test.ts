import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkLipSyncInput, type CreateLipSyncTaskInput, type LipSyncFacts } from '../../src/domain/inputs.ts';
import { base64Of, wav } from './support-audio.ts';

const NOW = Date.UTC(2026, 10, 21);

const INPUT: CreateLipSyncTaskInput = {
  faceId: 'scan:0',
  sound: { url: 'https://cdn.example.com/hello.mp3' },
  placement: { cropStartMs: 0, cropEndMs: 3000, insertAtMs: 1000 },
};

const FACTS: LipSyncFacts = {
  face: { faceId: '0', imageUrl: null, startMs: 0, endMs: 5200 },
  sessionId: '850508686686064678',
  scanExpiresAtMs: NOW + 1,
  now: NOW,
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
        sound: INPUT.sound,
        placement: INPUT.placement,
        soundVolume: 1,
        originalAudioVolume: 1,
        watermark: false,
      },
    });
  });

  it('accepts the highest and lowest volume and a watermark', () => {
    const checked = check({ soundVolume: 2, originalAudioVolume: 0, watermark: true, externalId: 'order-1' });
    expect(checked).toMatchObject({ value: { soundVolume: 2, originalAudioVolume: 0, watermark: true } });
  });

  it.each([-0.01, 2.01, Number.NaN, Number.NEGATIVE_INFINITY])('refuses a volume of %d', (volume) => {
    expect(issues({ soundVolume: volume, originalAudioVolume: volume })).toEqual([
      `input.soundVolume: must be from 0 to 2, was ${volume}`,
      `input.originalAudioVolume: must be from 0 to 2, was ${volume}`,
    ]);
  });

  it('reports all issues at once, including a missing face', () => {
    const input = {
      sound: { base64: 'data:audio/mpeg;base64,????' },
      placement: { cropStartMs: 0, cropEndMs: 1000, insertAtMs: -1 },
      soundVolume: 3,
      originalAudioVolume: 3,
      externalId: '?',
    };
    const facts = { face: null, sessionId: null, scanExpiresAtMs: null };
    expect(issues(input, facts).map((text) => text.split(':')[0])).toEqual([
      'input.faceId',
      'input.sound.base64',
      'input.sound.base64',
      'input.sound.base64',
      'input.placement.insertAtMs',
      'input.placement.cropEndMs',
      'input.soundVolume',
      'input.originalAudioVolume',
      'input.externalId',
    ]);
  });

  it('never throws for any strings', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(fc.constantFrom('audioId', 'url', 'base64'), text, text, (kind, sound, externalId) => {
        expect(() => check({ sound: { [kind]: sound }, externalId })).not.toThrow();
      }),
    );
  });
});

describe('the face of a lip-sync', () => {
  it('is refused if it does not exist', () => {
    const expected = ['input.faceId: no such face: identify the faces of the video, and choose one of them'];
    expect(issues({}, { face: null })).toEqual(expected);
    expect(issues({}, { sessionId: null })).toEqual(expected);
    expect(issues({}, { scanExpiresAtMs: null })).toEqual(expected);
  });

  it('is refused if its id is not the id of a face', () => {
    expect(issues({ faceId: null }, { face: null, sessionId: null, scanExpiresAtMs: null })).toEqual([
      'input.faceId: is not the id of a Face: identify the faces of the video, and choose one of them',
    ]);
  });

  it('is refused from the expiry of its scan, and the placement is still checked', () => {
    expect(issues({}, { scanExpiresAtMs: NOW + 1 })).toEqual([]);
    const expired =
      'input.faceId: expired at 2026-11-21T00:00:00.000Z: faces can be used for 24 hours; identify them again';
    expect(issues({}, { scanExpiresAtMs: NOW })).toEqual([expired]);
    expect(issues({}, { scanExpiresAtMs: Number.NaN })).toEqual([
      'input.faceId: expired: faces can be used for 24 hours; identify them again',
    ]);
    const late = { placement: { cropStartMs: 0, cropEndMs: 3000, insertAtMs: 4000 } };
    expect(issues(late, { scanExpiresAtMs: NOW - 1 })).toHaveLength(2);
  });
});

describe('the audio of a lip-sync', () => {
  it.each([[{}], [{ audioId: 'a', url: 'https://cdn.example.com/a.mp3' }], [{ url: null }]])(
    'must have exactly one source: %j',
    (sound) => {
      expect(issues({ sound })).toEqual(['input.sound: must have exactly one of audioId, url and base64']);
    },
  );

  it.each([
    ['audioId', { audioId: '../x' }, 'is not an id of Kling'],
    ['url', { url: 'https://localhost/a.mp3' }, 'host must not be'],
    ['base64', { base64: '' }, 'must not be empty'],
  ])('reports an invalid source at %s', (field, sound, message) => {
    expect(issues({ sound })).toEqual([expect.stringContaining(`input.sound.${field}: ${message}`)]);
  });

  it('may be speech, whose length is known', () => {
    const sound = { audioId: 'Cjil4mfBfz+/==' };
    expect(check({ sound }, { audioDurationMs: 3000 })).toMatchObject({ value: { sound } });
    expect(issues({ sound }, { audioDurationMs: 2999 })).toEqual([
      'input.placement.cropEndMs: must be at most 2999 (the length of the sound), was 3000',
    ]);
    expect(issues({ sound }, { audioDurationMs: 60_001 })).toEqual([
      'input.sound.audioId: the sound must be 2000 to 60000 ms long, was 60001',
    ]);
  });

  it('ignores the length of a speech if the source is a URL', () => {
    expect(issues({}, { audioDurationMs: 2000 })).toEqual([]);
  });

  it('may be a WAV, whose measured length overrides the hint', () => {
    const base64 = base64Of(wav({ bytesPerSecond: 1000, dataBytes: 2500 }));
    const placement = { cropStartMs: 0, cropEndMs: 2500, insertAtMs: 0, soundDurationMs: 2400 };
    expect(check({ sound: { base64 }, placement })).toMatchObject({
      value: { sound: { base64 }, placement: { cropStartMs: 0, cropEndMs: 2500, insertAtMs: 0 } },
    });
    expect(issues({ sound: { base64 } })).toEqual([
      'input.placement.cropEndMs: must be at most 2500 (the length of the sound), was 3000',
    ]);
    expect(issues({ sound: { base64: base64Of(wav({ bytesPerSecond: 1000, dataBytes: 1999 })) } })[0]).toBe(
      'input.sound.base64: the sound must be 2000 to 60000 ms long, was 1999',
    );
  });

  it('has the length that the caller says if nothing else is known', () => {
    expect(issues({ placement: { ...INPUT.placement, soundDurationMs: 2500 } })).toHaveLength(1);
  });
});
