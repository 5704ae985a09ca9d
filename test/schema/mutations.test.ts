import { beforeEach, describe, it } from 'vitest';
import { encodeGlobalId } from '../../src/schema/builder.ts';
import { GatewayError } from '../../src/errors.ts';
import { lipSyncTask, voice } from '../support/fake-ledger.ts';
import { createGraphqlClient } from '../support/graphql-client.ts';

let client: ReturnType<typeof createGraphqlClient>;
beforeEach(() => {
  client = createGraphqlClient();
});

const CREATE_LIP_SYNC =
  'mutation ($input: CreateLipSyncTaskInput!) { createLipSyncTask(input: $input) { ... on LipSyncTask { id status } ... on Failure { code message } } }';
const NOTES = { label: 'Birthday', metadata: [{ key: 'order', value: '4711' }] };
const placement = { audioStartMs: 0, audioEndMs: 3000, insertAtMs: 1000 };

describe('createLipSyncTask', () => {
  it('passes the face and the defaults of the schema to the ledger', async ({ expect }) => {
    const faceId = encodeGlobalId('Face', 'scan-1:0');
    const { data } = await client.execute(CREATE_LIP_SYNC, {
      input: { face: { faceId }, audio: { klingAudioId: 'a' }, placement },
    });
    expect(data.createLipSyncTask).toEqual({
      id: encodeGlobalId('LipSyncTask', 'lip-sync-1'),
      status: 'SUCCEEDED',
    });
    expect(client.ledger.calls).toEqual([
      [
        'createLipSyncTask',
        {
          face: { faceId: 'scan-1:0' },
          audio: { klingAudioId: 'a' },
          placement,
          audioVolume: 1,
          originalAudioVolume: 1,
          watermark: false,
          metadata: [],
        },
      ],
    ]);
  });

  it('passes all given values to the ledger', async ({ expect }) => {
    const rest = { audioVolume: 0.5, originalAudioVolume: 0, watermark: true, externalId: 'mine', ...NOTES };
    const lengths = { audioDurationMs: 5000, videoDurationMs: null };
    const input = { ...rest, audio: { base64: 'AAAA' }, placement, ...lengths };
    await client.execute(CREATE_LIP_SYNC, { input: { ...input, face: { faceId: encodeGlobalId('Face', 's:a:b') } } });
    expect(client.ledger.calls).toEqual([['createLipSyncTask', { ...input, face: { faceId: 's:a:b' } }]]);
  });

  it('passes a face of a scan that was made elsewhere to the ledger', async ({ expect }) => {
    const face = { klingFace: { klingSessionId: '850', klingFaceId: '0' } };
    await client.execute(CREATE_LIP_SYNC, { input: { face, audio: { url: 'u' }, placement } });
    const [[name, given]] = client.ledger.calls as [[string, { readonly face: object }]];
    expect([name, given.face]).toStrictEqual(['createLipSyncTask', face]);
  });

  it.for(['garbage', '', encodeGlobalId('FaceScan', 'scan-1')])(
    'lets the ledger refuse %j as a face, together with all other issues',
    async (faceId, { expect }) => {
      await client.execute(CREATE_LIP_SYNC, { input: { face: { faceId }, audio: { url: 'u' }, placement } });
      expect(client.ledger.calls).toMatchObject([['createLipSyncTask', { face: { faceId: '' } }]]);
    },
  );
});

describe('createLipSyncTasks', () => {
  const CREATE =
    'mutation ($inputs: [CreateLipSyncTaskInput!]!) { createLipSyncTasks(inputs: $inputs) { ... on LipSyncTask { id } ... on Failure { code } } }';
  const input = { face: { inVideo: { video: { url: 'u' } } }, audio: { klingAudioId: 'a' } };

  it('passes all inputs to the ledger in one call, and answers in their order', async ({ expect }) => {
    const inputs = Array.from({ length: 50 }, (_, at) => ({ ...input, externalId: `clip-${at}` }));
    const { data } = await client.execute(CREATE, { inputs });
    expect(data.createLipSyncTasks.map(({ id }: { id: string }) => id)).toEqual(
      inputs.map((_, at) => encodeGlobalId('LipSyncTask', `lip-sync-${at + 1}`)),
    );
    const [[name, given]] = client.ledger.calls as [[string, { readonly inputs: readonly object[] }]];
    expect([name, given.inputs.length, client.ledger.calls.length]).toEqual(['createLipSyncTasks', 50, 1]);
    expect(given.inputs[7]).toMatchObject({ ...input, externalId: 'clip-7' });
  });

  it.for([0, 51])('refuses %i inputs, and asks the ledger for nothing', async (length, { expect }) => {
    const { data, errors } = await client.execute(CREATE, { inputs: Array.from({ length }, () => input) });
    expect(data.createLipSyncTasks).toBeNull();
    expect(errors).toMatchObject([
      { path: ['createLipSyncTasks'], extensions: { code: 'BAD_USER_INPUT', issues: [{ path: ['inputs'] }] } },
    ]);
    expect(client.ledger.calls).toEqual([]);
  });
});

it('createVoiceTask passes only the given fields of the sample to the ledger', async ({ expect }) => {
  const query =
    'mutation ($input: CreateVoiceTaskInput!) { createVoiceTask(input: $input) { ... on VoiceTask { id } ... on Failure { code message } } }';
  const input = { name: 'n', sample: { klingVideoId: '1' } };
  const { data } = await client.execute(query, { input });
  expect(data.createVoiceTask.id).toBe(encodeGlobalId('VoiceTask', 'voice-task-1'));
  expect(client.ledger.calls).toStrictEqual([['createVoiceTask', { ...input, metadata: [] }]]);
});

it('identifyFaces returns faces with ids that createLipSyncTask accepts', async ({ expect }) => {
  const query = `mutation ($video: VideoInput!, $externalId: String) { identifyFaces(video: $video, externalId: $externalId) { ... on FaceScan {
    id externalId klingSessionId unitsCharged createdAt expiresAt klingRequestId video { url durationMs klingVideoId }
    faces { id klingFaceId imageUrl startMs endMs scan { id } } } ... on Failure { code message } } }`;
  const variables = { video: { url: 'https://a.test/v.mp4' }, externalId: 'once' };
  const { data } = await client.execute(query, variables);
  expect(client.ledger.calls).toStrictEqual([['identifyFaces', variables]]);
  expect(data.identifyFaces).toMatchObject({
    id: encodeGlobalId('FaceScan', 'scan-1'),
    externalId: 'scan-mine',
    klingSessionId: 'session-1',
    unitsCharged: '0.05',
    createdAt: '2026-09-01T12:00:00.000Z',
    expiresAt: '2026-09-02T12:00:00.000Z',
    video: { url: 'https://k.test/given.mp4', durationMs: null, klingVideoId: null },
    faces: [
      {
        id: encodeGlobalId('Face', 'scan-1:0'),
        klingFaceId: '0',
        startMs: 0,
        endMs: 5200,
        scan: { id: encodeGlobalId('FaceScan', 'scan-1') },
      },
      { klingFaceId: 'a:b' },
    ],
  });
});

it('synthesizeSpeech passes the chosen language to the ledger', async ({ expect }) => {
  const query = `mutation ($speech: SpeechInput!, $externalId: String) { synthesizeSpeech(speech: $speech, externalId: $externalId) { ... on Speech {
    id externalId text language speed klingVoiceId klingAudioId url durationMs unitsCharged createdAt expiresAt
    kling { klingTaskId klingRequestId } } ... on Failure { code message } } }`;
  const { data } = await client.execute(query, { speech: { text: 't', klingVoiceId: 'v', language: 'ZH' } });
  expect(client.ledger.calls).toStrictEqual([
    ['synthesizeSpeech', { speech: { text: 't', klingVoiceId: 'v', language: 'zh', speed: 1, isVideoVoice: false } }],
  ]);
  expect(data.synthesizeSpeech).toEqual({
    id: encodeGlobalId('Speech', 'audio-1'),
    externalId: 'speech-mine',
    text: 'Hello',
    language: 'EN',
    speed: 1.2,
    klingVoiceId: 'oversea_male1',
    klingAudioId: 'audio-1',
    url: 'https://k.test/speech.mp3',
    durationMs: 3000,
    unitsCharged: '0.05',
    createdAt: '2026-09-01T12:00:00.000Z',
    expiresAt: '2026-10-01T12:00:00.000Z',
    kling: { klingTaskId: 'kling-2', klingRequestId: 'request-1' },
  });
});

describe('retryTask', () => {
  const QUERY = `mutation ($taskId: ID!, $payAgain: Boolean!, $externalId: String) {
    retryTask(taskId: $taskId, payAgain: $payAgain, externalId: $externalId) { ... on Task { id retryOf { id } } } }`;
  const taskId = encodeGlobalId('LipSyncTask', 'l1');

  it('passes its arguments to the ledger, and shows the task that is retried', async ({ expect }) => {
    client.ledger.tasksKept = [lipSyncTask('l1')];
    const { data } = await client.execute(QUERY, { taskId, payAgain: true, externalId: 'second' });
    expect(data.retryTask).toEqual({ id: encodeGlobalId('LipSyncTask', 'lip-sync-2'), retryOf: { id: taskId } });
    const [retried] = client.ledger.calls;
    expect(retried).toStrictEqual(['retryTask', { id: 'l1', kind: 'LIP_SYNC', payAgain: true, externalId: 'second' }]);
  });

  it('shows null for a task that is deleted, and lets the ledger refuse an id of another type', async ({ expect }) => {
    const { data } = await client.execute(QUERY, { taskId: encodeGlobalId('Voice', '42'), payAgain: false });
    expect(data.retryTask.retryOf).toBeNull();
    expect(client.ledger.calls[0]).toStrictEqual(['retryTask', { id: '42', kind: null, payAgain: false }]);
  });
});

describe('updateTask', () => {
  const QUERY = `mutation ($taskId: ID!, $label: String, $metadata: [MetadataInput!]) {
    updateTask(taskId: $taskId, label: $label, metadata: $metadata) {
      ... on Task { id label } ... on InvalidInputError { code issues { code path } } } }`;
  const taskId = encodeGlobalId('LipSyncTask', 'l1');

  it.for([
    ['all arguments', NOTES],
    ['no arguments', {}],
    ['a label that is null', { label: null }],
    ['metadata that is null', { metadata: null }],
  ] as const)('passes %s to the ledger, and does not confuse null with nothing', async ([, notes], { expect }) => {
    const { data } = await client.execute(QUERY, { taskId, ...notes });
    expect(data.updateTask).toEqual({ id: taskId, label: 'label' in notes ? notes.label : null });
    expect(client.ledger.calls).toStrictEqual([['updateTask', { id: 'l1', kind: 'LIP_SYNC', ...notes }]]);
  });

  it.for([
    ['42', ''],
    [encodeGlobalId('Voice', '42'), '42'],
  ])('passes %j to the ledger as an id of another type', async ([wrong, id], { expect }) => {
    await client.execute(QUERY, { taskId: wrong, label: '' });
    expect(client.ledger.calls).toStrictEqual([['updateTask', { id, kind: null, label: '' }]]);
  });
});

describe('deleteTask', () => {
  const QUERY = `mutation ($taskId: ID!) { deleteTask(taskId: $taskId) { ... on Deletion { deletedId kling { klingTaskId } } } }`;

  it('returns the id of the deleted task', async ({ expect }) => {
    const taskId = encodeGlobalId('LipSyncTask', 'l1');
    expect((await client.execute(QUERY, { taskId })).data.deleteTask).toEqual({ deletedId: taskId, kling: null });
    expect(client.ledger.calls).toEqual([['deleteTask', { id: 'l1', kind: 'LIP_SYNC' }]]);
  });

  it.for(['42', encodeGlobalId('Voice', '42')])(
    'passes %j to the ledger as an id of another type',
    async (taskId, { expect }) => {
      await client.execute(QUERY, { taskId });
      expect(client.ledger.calls).toMatchObject([['deleteTask', { kind: null }]]);
    },
  );
});

describe('the voice of synthesizeSpeech', () => {
  const QUERY = `mutation ($speech: SpeechInput!) { synthesizeSpeech(speech: $speech) { ... on Speech { id } } }`;
  const speak = (klingVoiceId: string) => client.execute(QUERY, { speech: { text: 't', klingVoiceId } });

  it.for([
    ['a preset voice', '8298', true, 1],
    ['the id of a Voice', encodeGlobalId('Voice', 'anything'), true, 0],
    ['the id of another type', encodeGlobalId('VoiceTask', 'anything'), false, 0],
    ['a listed voice', 'oversea_male1', false, 0],
    ['a voice that is not listed', 'new-1', false, 0],
    ['a number that is no preset voice', '8299', false, 1],
    ['an endless number', '8'.repeat(129), false, 0],
  ] as const)('is marked as one for videos only if it is: %s', async ([, id, isVideoVoice, reads], { expect }) => {
    client.upstream.presetPages = [[voice('8298', { owner: 'KLING' })]];
    await speak(id);
    expect(client.ledger.calls).toMatchObject([['synthesizeSpeech', { speech: { isVideoVoice } }]]);
    expect(client.upstream.reads).toHaveLength(reads);
  });

  it('is passed on if the preset voices cannot be read', async ({ expect }) => {
    client.upstream.failure = new GatewayError({ code: 'UPSTREAM_UNAVAILABLE', message: 'm', retryable: true });
    expect((await speak('8298')).data.synthesizeSpeech).toBeDefined();
    expect(client.ledger.calls).toMatchObject([['synthesizeSpeech', { speech: { isVideoVoice: false } }]]);
  });
});

describe('deleteVoice', () => {
  const QUERY = `mutation ($voiceId: ID!) { deleteVoice(voiceId: $voiceId) {
    ... on Deletion { deletedId kling { klingTaskId klingStatus klingRequestId } }
    ... on InvalidInputError { code issues { code path } } } }`;

  it('returns the id of the deleted voice', async ({ expect }) => {
    const voiceId = encodeGlobalId('Voice', '42');
    expect((await client.execute(QUERY, { voiceId })).data.deleteVoice).toEqual({
      deletedId: voiceId,
      kling: { klingTaskId: null, klingStatus: 'succeed', klingRequestId: 'request-1' },
    });
    expect(client.ledger.calls).toEqual([['deleteVoice', { voiceId: '42', anyOwner: true }]]);
  });

  it.for(['42', encodeGlobalId('VoiceTask', '42')])(
    'passes %j to the ledger as an id of another type',
    async (voiceId, { expect }) => {
      await client.execute(QUERY, { voiceId });
      expect(client.ledger.calls).toEqual([['deleteVoice', { voiceId: null, anyOwner: true }]]);
    },
  );
});
