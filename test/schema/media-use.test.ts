import { describe, it } from 'vitest';
import { encodeGlobalId } from '../../src/schema/builder.ts';
import { faceScan, lipSyncTask, mediaRecord, voiceTask } from '../support/fake-ledger.ts';
import { createGraphqlClient } from '../support/graphql-client.ts';

const FILE = encodeGlobalId('Media', 'video');

/** Each input that takes a file, with the name and the input of its write. */
const INPUTS: readonly (readonly [name: string, query: string, read: (input: never) => unknown])[] = [
  [
    'identifyFaces',
    'mutation ($id: ID!) { identifyFaces(video: { mediaId: $id }) { __typename } }',
    ({ video }: { video: unknown }) => video,
  ],
  [
    'createVoiceTask',
    'mutation ($id: ID!) { createVoiceTask(input: { name: "Ann", sample: { mediaId: $id } }) { __typename } }',
    ({ sample }: { sample: unknown }) => sample,
  ],
  [
    'createLipSyncTask',
    `mutation ($id: ID!) { createLipSyncTask(input: { face: { faceId: "x" }, audio: { mediaId: $id },
      placement: { audioEndMs: 3000, insertAtMs: 0 } }) { __typename } }`,
    ({ audio }: { audio: unknown }) => audio,
  ],
];

describe('mediaId', () => {
  it.for(INPUTS)('of %s reaches the ledger as the id of the file', async ([name, query, read], { expect }) => {
    const client = createGraphqlClient();
    await client.execute(query, { id: FILE });
    const [[called, input] = []] = client.ledger.calls;
    expect([called, read(input as never)]).toEqual([name, { mediaId: 'video' }]);
  });

  it.for(INPUTS)('of %s with an id of another type reaches it empty', async ([, query, read], { expect }) => {
    for (const id of ['video', encodeGlobalId('Speech', 'video'), '']) {
      const client = createGraphqlClient();
      await client.execute(query, { id });
      const [[, input] = []] = client.ledger.calls;
      expect(read(input as never)).toEqual({ mediaId: '' });
    }
  });
});

describe('work that was made of a file', () => {
  const KEPT = { mediaId: 'video', extension: 'mp4' } as const;
  const face = { faceId: '0', imageUrl: null, startMs: 0, endMs: 5_000 };
  const lipSync = {
    face,
    video: KEPT,
    audio: { ...KEPT, durationMs: 5_000 },
    placement: { cropStartMs: 0, cropEndMs: 3_000, insertAtMs: 0 },
    audioVolume: 1,
    originalAudioVolume: 1,
    watermark: false,
  };
  const QUERY = `query ($scan: ID!, $task: ID!, $voice: ID!) {
    scan: node(id: $scan) { ... on FaceScan { video { ...video } } }
    task: node(id: $task) { ... on LipSyncTask { sourceVideo { ...video } audio { url media { id } } } }
    voice: node(id: $voice) { ... on VoiceTask { sample { url media { id } } } }
  }
  fragment video on Video { url klingVideoId media { id fileName } }`;
  const IDS = {
    scan: encodeGlobalId('FaceScan', 's'),
    task: encodeGlobalId('LipSyncTask', 'l'),
    voice: encodeGlobalId('VoiceTask', 'v'),
  };

  function createClient() {
    const client = createGraphqlClient();
    client.ledger.scans = [{ ...faceScan('s'), video: KEPT }];
    client.ledger.tasksKept = [
      lipSyncTask('l', { details: { lipSync } }),
      voiceTask('v', { details: { voice: { name: 'Ann', sample: KEPT } } }),
    ];
    return client;
  }

  it('shows the file, and no URL on a gateway that serves no files', async ({ expect }) => {
    const client = createClient();
    client.ledger.mediaKept = [mediaRecord('video')];
    const { data, errors } = await client.execute(QUERY, IDS);
    expect(errors).toBeUndefined();
    const video = { url: null, media: { id: FILE, fileName: 'clip.mp4' } };
    expect(data).toEqual({
      scan: { video: { ...video, klingVideoId: null } },
      task: { sourceVideo: { ...video, klingVideoId: 'parent' }, audio: { url: null, media: { id: FILE } } },
      voice: { sample: { url: null, media: { id: FILE } } },
    });
  });

  it('shows null for a file that is deleted', async ({ expect }) => {
    const { data, errors } = await createClient().execute(QUERY, IDS);
    expect(errors).toBeUndefined();
    expect([data.scan.video.media, data.task.audio.media, data.voice.sample.media]).toEqual([null, null, null]);
  });
});

it('the size of the files is a whole number beyond 32 bits', async ({ expect }) => {
  const { data } = await createGraphqlClient().execute('{ viewer { files { bytes bytesMax } } }');
  expect(data.viewer.files).toEqual({ bytes: 3_000_000_000, bytesMax: 10_000_000_000 });
});
