import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkCreateVoiceTaskInput,
  checkLipSyncInput,
  type CreateLipSyncTaskInput,
  type CreateVoiceTaskInput,
} from '../../src/domain/inputs.ts';
import { validOrThrow } from '../../src/domain/check.ts';
import { definedOnly } from '../../src/schema/builder.ts';
import { digestOfFaceScan, digestOfLipSync, digestOfSpeech, digestOfVoice } from '../../src/ledger/digest.ts';

const VOICE = { name: 'Ann', sample: { url: 'https://example.com/a.mp3' }, externalId: 'order-1' };
const VOICE_OF_VIDEO = { name: ' Ann ', sample: { klingVideoId: '850508686686064701' }, externalId: 'order-1' };
const LIP_SYNC = {
  face: { faceId: 'scan-1:0' },
  audio: { url: 'https://example.com/s.mp3' },
  placement: { audioStartMs: 0, audioEndMs: 3000, insertAtMs: 1000 },
  audioVolume: 1,
  originalAudioVolume: 1,
  watermark: false,
  externalId: 'order-1',
};
const LIP_SYNC_IN_FULL = {
  face: { faceId: 'scan-1:0' },
  audio: { base64: 'SUQzBA==' },
  placement: { audioStartMs: 0, audioEndMs: 3000, insertAtMs: 1000 },
  audioDurationMs: 4000,
  videoDurationMs: null,
  audioVolume: 0.5,
  originalAudioVolume: null,
  watermark: true,
  externalId: 'order-1',
};
const SCAN = { video: { url: 'https://example.com/clip.mp4' }, externalId: 'k' };
const SCAN_OF_VIDEO = { video: { klingVideoId: '850508686686064701' }, externalId: 'k' };
const SAID = { text: 'Hello', klingVoiceId: 'oversea_male1', language: 'en', speed: 1 } as const;
const SPEECH = { speech: SAID, externalId: 'k' };
const ONE_CALL = {
  face: { inVideo: { video: { url: 'https://example.com/clip.mp4' } } },
  audio: { speech: SAID },
  externalId: 'order-1',
};

async function textOf(change: object): Promise<string> {
  return (await digestOfLipSync({ ...ONE_CALL, ...change })).text;
}

function inVideo(index: number | null): object {
  return { face: { inVideo: { ...ONE_CALL.face.inVideo, index } } };
}

it('a digest is the same for the forms of a one call that mean the same, and differs for others', async () => {
  const plain = await textOf({});
  expect(await textOf({ placement: null, maxUnits: null, audioDurationMs: 4000 })).toBe(plain);
  expect(await textOf(inVideo(null))).toBe(plain);
  expect(await textOf({ maxUnits: '1.50' })).toBe(await textOf({ maxUnits: '1.5' }));
  const others = [inVideo(0), inVideo(1), { maxUnits: '1.5' }, { audio: { speech: { ...SAID, speed: 1.1 } } }];
  expect(new Set([plain, ...(await Promise.all(others.map(textOf)))]).size).toBe(5);
});

it('a task of version 0.1, which had no limit of units, is another request than one with it', async () => {
  const stored = '09d83ccb59b093408137efeaaec42078baefe1fb9c9d608cb05d0b6ebe232c1a';
  expect(await (await digestOfLipSync(LIP_SYNC)).matches(stored)).toBe(true);
  expect(await (await digestOfLipSync({ ...LIP_SYNC, maxUnits: '9' })).matches(stored)).toBe(false);
});

it('a digest does not depend on the label and the metadata', async () => {
  const notes = { label: 'Birthday', metadata: [{ key: 'order', value: '4711' }] };
  const [voice, lipSync] = [await digestOfVoice(VOICE), await digestOfLipSync(LIP_SYNC)];
  expect((await digestOfVoice({ ...VOICE, ...notes })).text).toBe(voice.text);
  expect((await digestOfLipSync({ ...LIP_SYNC, ...notes })).text).toBe(lipSync.text);
});

it('a digest depends on the webhook URL, in its WHATWG spelling, if there is one', async () => {
  const [voice, lipSync] = [await digestOfVoice(VOICE), await digestOfLipSync(LIP_SYNC)];
  const at = (webhookUrl: string | null) =>
    Promise.all([digestOfVoice({ ...VOICE, webhookUrl }), digestOfLipSync({ ...LIP_SYNC, webhookUrl })]);
  expect((await at(null)).map(({ text }) => text)).toEqual([voice.text, lipSync.text]);
  const hooked = (await at('https://example.com/hook')).map(({ text }) => text);
  expect((await at('HTTPS://EXAMPLE.com:443/hook')).map(({ text }) => text)).toEqual(hooked);
  for (const digest of await at('https://example.com/other')) {
    expect([...hooked, voice.text, lipSync.text]).not.toContain(digest.text);
  }
});

it('a task of version 0.1, which had no webhook URL, is another request than one with it', async () => {
  const stored = '4864ae67544c510c423e80ff222ceb71a1d963c998fc6a2010eb38167a85e94f';
  expect(await (await digestOfVoice(VOICE)).matches(stored)).toBe(true);
  expect(await (await digestOfVoice({ ...VOICE, webhookUrl: 'https://example.com/' })).matches(stored)).toBe(false);
});

/** Deployed ledgers store these digests. If one changes, every repeat of its request becomes a CONFLICT. */
describe('a digest of version 2', () => {
  it.each([
    ['a voice', () => digestOfVoice(VOICE), '2:f4ba0467c08082011ead0a54814facf6495071d1dcb3fcdc71b4f7417bca7afe'],
    [
      'a voice of a video',
      () => digestOfVoice(VOICE_OF_VIDEO),
      '2:2a6c39338b7b5436c8cf0f6010261cac15b2dc8e5e6065a8cc4b955f0b455ffd',
    ],
    [
      'a lip-sync',
      () => digestOfLipSync(LIP_SYNC),
      '2:cfbda5fbd66200d38145c8096d8175249b7ac1557517fd108e7b2641f9104e08',
    ],
    [
      'a lip-sync to a speech',
      () => digestOfLipSync({ ...LIP_SYNC, audio: { klingAudioId: 'a-1' } }),
      '2:a0a88c77629e9c76d6ce81d7cb15bcab38e82b1b2576729fcbd284fedae5b757',
    ],
    [
      'a lip-sync with everything',
      () => digestOfLipSync(LIP_SYNC_IN_FULL),
      '2:4ceba7100a31504e1769d20cc273835be97e86969764545b95186e100853bc0b',
    ],
    [
      'a lip-sync of a face that was found elsewhere',
      () => digestOfLipSync({ ...LIP_SYNC, face: { klingFace: { klingSessionId: 's-1', klingFaceId: '0' } } }),
      '2:278a8230aa59c342e203674e9d100328cbd55cb948185cd04954b37942661d11',
    ],
    [
      'a voice with a webhook URL',
      () => digestOfVoice({ ...VOICE, webhookUrl: 'https://example.com/hook?a=1' }),
      '2:eef86bbedf382f38243dc6decafb2a8ae582bf07c82ff4e9888f84b95e56f644',
    ],
    [
      'a lip-sync with a webhook URL',
      () => digestOfLipSync({ ...LIP_SYNC, webhookUrl: 'https://example.com/hook?a=1' }),
      '2:2be962fb43b12ab8d3550c3baebd7f92aa48e5e72c3ba3eed4cb9afa1be30329',
    ],
    [
      'a lip-sync of a video and a text',
      () => digestOfLipSync(ONE_CALL),
      '2:dc1f4a84a6fa236338417c740aa20c1393a3ed590016f6780e6e07c195e6eae7',
    ],
    [
      'a lip-sync of a face by its index, and with a limit of units',
      () =>
        digestOfLipSync({ ...ONE_CALL, face: { inVideo: { video: { mediaId: 'm-1' }, index: 1 } }, maxUnits: '1.5' }),
      '2:847c50009b7ffdbe961787f7198591187eb201937320d545c4bc2e6380b8ebd1',
    ],
    [
      'a lip-sync of the result of a task',
      () => digestOfLipSync({ ...ONE_CALL, face: { inVideo: { video: { task: { externalId: 'first' } } } } }),
      '2:f2c042861e97e1f9c63ca8b301b14ba831336abe0a14d6c5fc4f660f257bc48c',
    ],
    [
      'a lip-sync without a placement',
      () => digestOfLipSync({ ...LIP_SYNC, placement: null, audioDurationMs: 4000 }),
      '2:8c2ac1270a4ae6270e721a6e7865f6ea60be25af9901d33ab0fa245451857de3',
    ],
    ['a face scan', () => digestOfFaceScan(SCAN), '2:cf30f540b507561a0b1982f7a2a871be7daf983618f208fe0ea351135e2f34cb'],
    [
      'a face scan of a video',
      () => digestOfFaceScan(SCAN_OF_VIDEO),
      '2:297192208c6aea938cc2dd71d54bb0d7139929bb6e80b6b9771552eef10332ee',
    ],
    ['a speech', () => digestOfSpeech(SPEECH), '2:823b0ef65d0a290f01ba3579e730d165ae20822bbde309c5d75629552d9c8525'],
  ])('of %s equals the one that has shipped', async (_what, digest, text) => {
    expect((await digest()).text).toBe(text);
  });
});

/** These were made by earlier code, from the same inputs through the schema of that time. */
describe('a digest without a version', () => {
  it.each([
    [
      'a voice, schema sorted',
      () => digestOfVoice(VOICE),
      '4864ae67544c510c423e80ff222ceb71a1d963c998fc6a2010eb38167a85e94f',
    ],
    [
      'a voice, as defined',
      () => digestOfVoice(VOICE),
      '3fd9b8d138803007c1d06c560af98f130614eafed99dd018dc149f0d6a4a6026',
    ],
    [
      'a voice of a video, schema sorted',
      () => digestOfVoice(VOICE_OF_VIDEO),
      '64c9d874cc43ea89f5a70b99602e381e8765a231461ff76e046cf22d33efea27',
    ],
    [
      'a voice of a video, as defined',
      () => digestOfVoice(VOICE_OF_VIDEO),
      '2b543bbf5c1eddf5b1d64e33c9cff351c2390a0ea16e271f9f5f87aedcb85e9d',
    ],
    [
      'a lip-sync, schema sorted',
      () => digestOfLipSync(LIP_SYNC),
      '09d83ccb59b093408137efeaaec42078baefe1fb9c9d608cb05d0b6ebe232c1a',
    ],
    [
      'a lip-sync, as defined',
      () => digestOfLipSync(LIP_SYNC),
      'd30948c8e442d59a1d64d27cc1d9c0fa7665eaa53eba069c20d129fd0d19ce72',
    ],
    [
      'a lip-sync with everything, schema sorted',
      () => digestOfLipSync(LIP_SYNC_IN_FULL),
      '49b98193332a4695b2a5611c2f15ba32c3fabc8293e9a41a686c0df27f780d5a',
    ],
    [
      'a lip-sync with everything, as defined',
      () => digestOfLipSync(LIP_SYNC_IN_FULL),
      '5a556f2cf77d50ff1ab1b96f4376252f08a47d4ff45d3a54db6953b4e5fa79be',
    ],
    ['a face scan', () => digestOfFaceScan(SCAN), '2b5df59d485c1cbc454165c6ec33c6972040f66f9f0271ab778e1ba24dd7e6ac'],
    [
      'a face scan of a video',
      () => digestOfFaceScan(SCAN_OF_VIDEO),
      '4439631171d31f2521b9834d3fc7a4feac5ea9746f1588a2855788862c45cdb9',
    ],
    ['a speech', () => digestOfSpeech(SPEECH), 'fb1bbc4a5ce4f3f872878f905faef98137d545dbc454d3ca84a3d96ae1ea19cf'],
    [
      'a speech without a speed',
      () => digestOfSpeech({ ...SPEECH, speech: { ...SAID, speed: null } }),
      'fb1bbc4a5ce4f3f872878f905faef98137d545dbc454d3ca84a3d96ae1ea19cf',
    ],
  ])('of %s still matches its request', async (_what, digest, stored) => {
    expect(await (await digest()).matches(stored)).toBe(true);
  });

  it('of another request or of a later version does not match', async () => {
    const { matches } = await digestOfVoice({ ...VOICE, name: 'Bob' });
    for (const stored of [
      '4864ae67544c510c423e80ff222ceb71a1d963c998fc6a2010eb38167a85e94f',
      '3fd9b8d138803007c1d06c560af98f130614eafed99dd018dc149f0d6a4a6026',
      (await digestOfVoice({ ...VOICE, name: 'Bob' })).text.replace('2:', '3:'),
      '',
    ]) {
      expect(await matches(stored)).toBe(false);
    }
  });

  it('matches whatever the order of the input’s fields', async () => {
    const { placement, ...rest } = LIP_SYNC;
    const mixed = Object.fromEntries(Object.entries({ placement, ...rest }).toReversed());
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it has the fields of LIP_SYNC
    const { matches, text } = await digestOfLipSync(mixed as unknown as CreateLipSyncTaskInput);
    expect(await matches('09d83ccb59b093408137efeaaec42078baefe1fb9c9d608cb05d0b6ebe232c1a')).toBe(true);
    expect(text).toBe((await digestOfLipSync(LIP_SYNC)).text);
  });
});

/** Different values, which a digest must tell apart, and equivalent forms of them, which it must not. */
const url = fc.constantFrom(
  'https://example.com/A.mp3',
  'HTTPS://Example.COM/A.mp3',
  'https://example.com:443/A.mp3',
  'https://example.com/a.mp3',
  'https://example.com/A.mp3?x=1',
);
const klingVideoId = fc.constantFrom('1', '01');
const volume = fc.constantFrom(undefined, null, 1, 0, -0, 0.5);
const flag = fc.constantFrom(undefined, null, false, true);
const name = fc.constantFrom('Ann', ' Ann', 'Ann\u00a0', 'ann', 'A nn');
const externalId = fc.constantFrom(undefined, null, 'a', 'b');
const length = fc.constantFrom(undefined, null, 9000, 10_000);
const ms = fc.constantFrom(0, 1, 2000);
const audio = fc.oneof(
  fc.record({ url }),
  fc.record({ klingAudioId: fc.constantFrom('1', 'a') }),
  fc.record({ base64: fc.constantFrom('SUQzBA==', 'SUQzBQ==') }),
);

const voiceInput: fc.Arbitrary<CreateVoiceTaskInput> = fc
  .record({ name, sample: fc.oneof(fc.record({ url }), fc.record({ klingVideoId })), externalId })
  .map(definedOnly);
const lipSyncInput: fc.Arbitrary<CreateLipSyncTaskInput> = fc
  .record({
    face: fc.oneof(
      fc.record({ faceId: fc.constantFrom('scan-1:0', 'scan-1:1', 'scan-2:0') }),
      fc.record({
        klingFace: fc.record({ klingSessionId: fc.constantFrom('1', '2'), klingFaceId: fc.constantFrom('0', '1') }),
      }),
    ),
    audio,
    placement: fc
      .record({
        audioStartMs: ms,
        audioEndMs: fc.constantFrom(4000, 5000),
        insertAtMs: ms,
      })
      .map(definedOnly),
    audioDurationMs: length,
    videoDurationMs: length,
    audioVolume: volume,
    originalAudioVolume: volume,
    watermark: flag,
    externalId,
  })
  .map(definedOnly);

/** Returns the request that Kling would get. Two inputs are equivalent if their requests are equal. */
const sentVoice = (input: CreateVoiceTaskInput) => validOrThrow(checkCreateVoiceTaskInput(input));

function sentLipSync(input: CreateLipSyncTaskInput): unknown {
  const [scan, faceId = ''] = (input.face.faceId ?? '').split(':');
  const isOwn = input.face.klingFace === undefined;
  const facts = {
    face: isOwn ? { faceId, imageUrl: null, startMs: 0, endMs: 60_000 } : null,
    sessionId: isOwn ? `session of ${scan}` : null,
    scanExpiresAtMs: isOwn ? 2 : null,
    now: 1,
    hasSpeech: false,
    audioDurationMs: null,
  };
  return validOrThrow(checkLipSyncInput(input, ['input'], facts));
}

describe('two digests are equal exactly if Kling would get the same request', () => {
  it('for voices', async () => {
    await fc.assert(
      fc.asyncProperty(voiceInput, voiceInput, async (a, b) => {
        const same = JSON.stringify(sentVoice(a)) === JSON.stringify(sentVoice(b));
        expect((await digestOfVoice(a)).text === (await digestOfVoice(b)).text).toBe(same);
      }),
      { numRuns: 1000 },
    );
  });

  it('for lip-syncs that differ in one field or in many', async () => {
    const pair = fc.tuple(lipSyncInput, lipSyncInput, fc.subarray(Object.keys(LIP_SYNC))).map(([a, b, taken]) => {
      const others = Object.entries(b).filter(([key]) => taken.includes(key));
      return [a, { ...a, ...Object.fromEntries(others) }] as const;
    });
    await fc.assert(
      fc.asyncProperty(pair, async ([a, b]) => {
        const same = JSON.stringify(sentLipSync(a)) === JSON.stringify(sentLipSync(b));
        expect((await digestOfLipSync(a)).text === (await digestOfLipSync(b)).text).toBe(same);
      }),
      { numRuns: 1000 },
    );
  });
});

async function digestOfAudio(base64: string): Promise<string> {
  return (await digestOfLipSync({ ...LIP_SYNC, audio: { base64 } })).text;
}

it('the digest of audio depends on its bytes, or on the text if it is not base64', async () => {
  expect(await digestOfAudio('SUQzBA==')).toBe(await digestOfAudio('SUQzBB=='));
  expect(await digestOfAudio('not base64!')).toBe(await digestOfAudio('not base64!'));
  const texts = ['SUQzBA==', 'not base64!', 'nor this!', ''];
  expect(new Set(await Promise.all(texts.map(digestOfAudio))).size).toBe(4);
});

it('a voice and a face scan of the same URL have different digests', async () => {
  const sample = { url: 'https://example.com/a.mp4' };
  const [voice, scan] = [await digestOfVoice({ name: '', sample }), await digestOfFaceScan({ video: sample })];
  expect(voice.text).not.toBe(scan.text);
});
