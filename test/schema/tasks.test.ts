import { beforeEach, describe, it } from 'vitest';
import { encodeGlobalId } from '../../src/schema/builder.ts';
import { faceScan, lipSyncTask, speech, voiceTask } from '../support/fake-ledger.ts';
import { createGraphqlClient } from '../support/graphql-client.ts';

let client: ReturnType<typeof createGraphqlClient>;
beforeEach(() => {
  client = createGraphqlClient();
  client.ledger.tasksKept = [
    lipSyncTask('l2', { status: 'PROCESSING' }),
    voiceTask('v1', { externalId: 'my-voice' }),
    lipSyncTask('l1', {
      externalId: 'mine',
      label: 'Birthday',
      details: { metadata: [{ key: 'order', value: '4711' }] },
    }),
  ];
});

const idOf = (type: string, id: string) => encodeGlobalId(type, id);

describe('a lip-sync task', () => {
  it('shows all fields', async ({ expect }) => {
    const { data } = await client.execute(`{ task(by: {externalId: "mine"}) {
      id externalId label metadata { key value } status failure { code message } createdAt updatedAt startedAt endedAt
      estimatedEndAt expiresAt
      unitsEstimated unitsCharged ... on LipSyncTask {
      sourceVideo { klingVideoId url durationMs } videos { klingVideoId url watermarkUrl expiresAt durationMs } } } }`);
    expect(data.task).toEqual({
      id: idOf('LipSyncTask', 'l1'),
      externalId: 'mine',
      label: 'Birthday',
      metadata: [{ key: 'order', value: '4711' }],
      status: 'SUCCEEDED',
      failure: null,
      createdAt: '2026-09-01T12:00:00.000Z',
      updatedAt: '2026-09-01T12:00:01.000Z',
      startedAt: '2026-09-01T12:00:00.500Z',
      endedAt: '2026-09-01T12:00:01.000Z',
      estimatedEndAt: null,
      expiresAt: '2026-09-01T12:00:02.000Z',
      unitsEstimated: '0.5',
      unitsCharged: '0.5',
      sourceVideo: { klingVideoId: 'parent', url: 'https://k.test/parent.mp4', durationMs: 5100 },
      videos: [
        {
          klingVideoId: 'made',
          url: 'https://k.test/made.mp4',
          watermarkUrl: null,
          expiresAt: '2026-09-01T12:00:02.000Z',
          durationMs: 5100,
        },
      ],
    });
  });

  it('shows a result that Kling sent without an id', async ({ expect }) => {
    const video = { videoId: '', url: 'https://k.test/made.mp4', watermarkUrl: null, durationMs: null };
    client.ledger.tasksKept = [lipSyncTask('l1', { externalId: 'mine', videos: [video] })];
    const { data } = await client.execute(
      '{ task(by: {externalId: "mine"}) { ... on LipSyncTask { videos { url klingVideoId } } } }',
    );
    expect(data.task.videos).toEqual([{ url: 'https://k.test/made.mp4', klingVideoId: null }]);
  });

  const MADE_OF = `{ task(by: {externalId: "mine"}) { ... on LipSyncTask {
    sourceVideo { url durationMs klingVideoId watermarkUrl expiresAt } face { id startMs endMs imageUrl scan { id } }
    audio { url durationMs bytes sha256 klingAudioId klingVideoId speech { text } }
    placement { audioStartMs audioEndMs insertAtMs } audioVolume originalAudioVolume watermark } } }`;
  const NOT_MADE = { watermarkUrl: null, expiresAt: null };
  const KEPT = {
    face: { faceId: '0', imageUrl: null, startMs: 0, endMs: 5200 },
    video: { url: 'https://example.com/v.mp4' },
    videoDurationMs: 5000,
    audio: { audioId: 'audio-1', durationMs: 3000 },
    placement: { cropStartMs: 100, cropEndMs: 3100, insertAtMs: 1000 },
    audioVolume: 0.5,
    originalAudioVolume: 0,
    watermark: true,
  };

  it('shows what a task was made of', async ({ expect }) => {
    const made = lipSyncTask('l1', {
      externalId: 'mine',
      faceId: 's:0',
      parentVideo: null,
      details: { lipSync: KEPT },
    });
    client.ledger.tasksKept = [made];
    client.ledger.scans = [faceScan('s')];
    client.ledger.speechesKept = [speech];
    expect((await client.execute(MADE_OF)).data.task).toEqual({
      sourceVideo: { ...NOT_MADE, url: 'https://example.com/v.mp4', durationMs: 5000, klingVideoId: null },
      face: { id: idOf('Face', 's:0'), startMs: 0, endMs: 5200, imageUrl: null, scan: { id: idOf('FaceScan', 's') } },
      audio: {
        url: null,
        durationMs: 3000,
        bytes: null,
        sha256: null,
        klingAudioId: 'audio-1',
        klingVideoId: null,
        speech: { text: speech.text },
      },
      placement: { audioStartMs: 100, audioEndMs: 3100, insertAtMs: 1000 },
      audioVolume: 0.5,
      originalAudioVolume: 0,
      watermark: true,
    });
  });

  it('shows the face and the audio also when scan and speech are no longer kept', async ({ expect }) => {
    client.ledger.tasksKept = [lipSyncTask('l1', { externalId: 'mine', faceId: 's:0', details: { lipSync: KEPT } })];
    expect((await client.execute(MADE_OF)).data.task).toMatchObject({
      face: { id: idOf('Face', 's:0'), scan: null },
      audio: { klingAudioId: 'audio-1', speech: null },
    });
  });

  it('prefers the length of the source video that Kling reports', async ({ expect }) => {
    client.ledger.tasksKept = [lipSyncTask('l1', { externalId: 'mine', faceId: 's:0', details: { lipSync: KEPT } })];
    expect((await client.execute(MADE_OF)).data.task.sourceVideo).toEqual({
      ...NOT_MADE,
      url: 'https://example.com/v.mp4',
      durationMs: 5100,
      klingVideoId: 'parent',
    });
  });

  it('shows no face of a scan made elsewhere, and the video that Kling reports', async ({ expect }) => {
    const { face: _face, video: _video, videoDurationMs: _ms, ...rest } = KEPT;
    const made = lipSyncTask('l1', { externalId: 'mine', details: { lipSync: rest } });
    const reported = { url: 'https://k.test/parent.mp4', durationMs: 5100, klingVideoId: 'parent' };
    for (const sourceVideo of [null, reported]) {
      client.ledger.tasksKept = [sourceVideo === null ? { ...made, parentVideo: null } : made];
      const shown = (await client.execute(MADE_OF)).data.task;
      expect(shown).toMatchObject({ face: null, sourceVideo, audio: { klingAudioId: 'audio-1' } });
    }
  });

  it('shows size and hash of audio that came in base64', async ({ expect }) => {
    const lipSync = { ...KEPT, audio: { bytes: 80_044, sha256: 'ab' } };
    client.ledger.tasksKept = [lipSyncTask('l1', { externalId: 'mine', details: { lipSync } })];
    expect((await client.execute(MADE_OF)).data.task.audio).toMatchObject({
      url: null,
      durationMs: null,
      bytes: 80_044,
      sha256: 'ab',
      klingAudioId: null,
      speech: null,
    });
  });

  it('shows of a task that version 0.1 made only what Kling reports', async ({ expect }) => {
    const unknown = { face: null, audio: null, placement: null };
    const old = lipSyncTask('l1', { externalId: 'mine', faceId: 's:0', watermarkEnabled: true });
    client.ledger.tasksKept = [old];
    expect((await client.execute(MADE_OF)).data.task).toEqual({
      ...unknown,
      sourceVideo: { ...NOT_MADE, url: 'https://k.test/parent.mp4', durationMs: 5100, klingVideoId: 'parent' },
      audioVolume: null,
      originalAudioVolume: null,
      watermark: true,
    });
    client.ledger.tasksKept = [{ ...old, parentVideo: null }];
    expect((await client.execute(MADE_OF)).data.task.sourceVideo).toBeNull();
  });
});

describe('kling of a task', () => {
  const QUERY = `query ($id: ID!) { node(id: $id) { ... on Task { kling { klingTaskId klingRequestId klingStatus klingStatusMessage
    klingExternalTaskId klingCreatedAt klingUpdatedAt unitsDeducted balanceDeducted { quota listPrice } watermarkEnabled
    parentVideo { klingVideoId expiresAt } videos { klingVideoId expiresAt } voices { klingVoiceId } } } } }`;
  const COMMON = {
    klingTaskId: 'kling-1',
    klingRequestId: 'request-1',
    klingStatus: 'succeed',
    unitsDeducted: '0.5',
    balanceDeducted: { quota: '0.07', listPrice: '0.14' },
  };

  it('shows what Kling reports of a lip-sync', async ({ expect }) => {
    const lastReport = { statusMessage: 'done', createdAtMs: Date.UTC(2026, 8, 1), updatedAtMs: Date.UTC(2026, 8, 2) };
    client.ledger.tasksKept = [lipSyncTask('l3', { lastReport, watermarkEnabled: true })];
    const { data } = await client.execute(QUERY, { id: idOf('LipSyncTask', 'l3') });
    expect(data.node.kling).toEqual({
      ...COMMON,
      klingStatusMessage: 'done',
      klingExternalTaskId: 'l3',
      klingCreatedAt: '2026-09-01T00:00:00.000Z',
      klingUpdatedAt: '2026-09-02T00:00:00.000Z',
      watermarkEnabled: true,
      parentVideo: { klingVideoId: 'parent', expiresAt: null },
      videos: [{ klingVideoId: 'made', expiresAt: '2026-10-02T00:00:00.000Z' }],
      voices: [],
    });
  });

  it('has nulls in a task of version 0.1, for what was not stored then', async ({ expect }) => {
    const { data } = await client.execute(QUERY, { id: idOf('VoiceTask', 'v1') });
    expect(data.node.kling).toEqual({
      ...COMMON,
      klingStatusMessage: null,
      klingExternalTaskId: 'v1',
      klingCreatedAt: null,
      klingUpdatedAt: null,
      watermarkEnabled: null,
      parentVideo: null,
      videos: [],
      voices: [{ klingVoiceId: 'made' }],
    });
  });

  it('is null until Kling has answered', async ({ expect }) => {
    client.ledger.tasksKept = [voiceTask('v2', { status: 'QUEUED', klingTaskId: null, klingStatus: null })];
    expect((await client.execute(QUERY, { id: idOf('VoiceTask', 'v2') })).data.node).toEqual({ kling: null });
  });
});

it.for([
  ['NO_FACE_DETECTED', false],
  ['AUDIO_UNREADABLE', false],
  ['RATE_LIMITED', true],
] as const)('a failed task shows the code %s, with retryable %s', async ([code, retryable], { expect }) => {
  client.ledger.tasksKept = [lipSyncTask('f', { status: 'FAILED', failure: { code, message: 'because' } })];
  const { data } = await client.execute('{ tasks { edges { node { failure { code message retryable } } } } }');
  expect(data.tasks.edges[0].node.failure).toEqual({ code, message: 'because', retryable });
});

describe('task', () => {
  const QUERY = 'query ($by: TaskReferenceInput!) { task(by: $by) { __typename id } }';

  it.for([
    [
      'a lip-sync by its id',
      { id: idOf('LipSyncTask', 'l1') },
      { __typename: 'LipSyncTask', id: idOf('LipSyncTask', 'l1') },
    ],
    [
      'a voice task by its id',
      { id: idOf('VoiceTask', 'v1') },
      { __typename: 'VoiceTask', id: idOf('VoiceTask', 'v1') },
    ],
    [
      'a voice task by its external id',
      { externalId: 'my-voice' },
      { __typename: 'VoiceTask', id: idOf('VoiceTask', 'v1') },
    ],
    ['nothing by the id of a missing task', { id: idOf('LipSyncTask', 'none') }, null],
    [
      'a voice task by its external id',
      { externalId: 'my-voice' },
      { __typename: 'VoiceTask', id: idOf('VoiceTask', 'v1') },
    ],
    ['nothing by the id of a missing task', { id: idOf('LipSyncTask', 'none') }, null],
    [
      'a voice task by its external id',
      { externalId: 'my-voice' },
      { __typename: 'VoiceTask', id: idOf('VoiceTask', 'v1') },
    ],
    ['nothing by the id of a missing task', { id: idOf('LipSyncTask', 'none') }, null],
    [
      'a voice task by its external id',
      { externalId: 'my-voice' },
      { __typename: 'VoiceTask', id: idOf('VoiceTask', 'v1') },
    ],
    ['nothing by the id of a missing task', { id: idOf('LipSyncTask', 'none') }, null],
    [
      'a voice task by its external id',
      { externalId: 'my-voice' },
      { __typename: 'VoiceTask', id: idOf('VoiceTask', 'v1') },
    ],
    ['nothing by the id of a missing task', { id: idOf('LipSyncTask', 'none') }, null],
    ['nothing by the id of another kind', { id: idOf('VoiceTask', 'l1') }, null],
    ['nothing by a forged id that crosses types', { id: idOf('LipSyncTask', 'v1') }, null],
    ['nothing by garbage', { id: '%%%' }, null],
    ['nothing by an empty id', { id: '' }, null],
    ['nothing by a forged id that crosses types', { id: idOf('LipSyncTask', 'v1') }, null],
    ['nothing by garbage', { id: '%%%' }, null],
    ['nothing by an empty id', { id: '' }, null],
    ['nothing by a forged id that crosses types', { id: idOf('LipSyncTask', 'v1') }, null],
    ['nothing by garbage', { id: '%%%' }, null],
    ['nothing by an empty id', { id: '' }, null],
    ['nothing by a forged id that crosses types', { id: idOf('LipSyncTask', 'v1') }, null],
    ['nothing by garbage', { id: '%%%' }, null],
    ['nothing by an empty id', { id: '' }, null],
    ['nothing by a forged id that crosses types', { id: idOf('LipSyncTask', 'v1') }, null],
    ['nothing by garbage', { id: '%%%' }, null],
    ['nothing by an empty id', { id: '' }, null],
    ['nothing by the id of another type', { id: idOf('Voice', 'v1') }, null],
    ['nothing by an unknown external id', { externalId: 'unknown' }, null],
  ] as const)('finds %s', async ([, by, expected], { expect }) => {
    expect((await client.execute(QUERY, { by })).data).toEqual({ task: expected });
  });
});

describe('taskUpdates', () => {
  const QUERY = `query ($taskId: ID, $filter: TaskFilterInput) {
    taskUpdates(first: 5, taskId: $taskId, filter: $filter) { nodes { cursor } } }`;
  const ALL = { kind: null, statuses: [] };

  it.for([
    ['all tasks', {}, [{ task: null, filter: ALL }]],
    ['one task', { taskId: idOf('VoiceTask', 'v1') }, [{ task: { id: 'v1', kind: 'VOICE' }, filter: ALL }]],
    [
      'a filter',
      { filter: { kind: 'VOICE', status: ['FAILED'] } },
      [{ task: null, filter: { kind: 'VOICE', statuses: ['FAILED'] } }],
    ],
    [
      'one task with a filter',
      { taskId: idOf('LipSyncTask', 'l1'), filter: { kind: 'VOICE' } },
      [{ task: { id: 'l1', kind: 'LIP_SYNC' }, filter: { kind: 'VOICE', statuses: [] } }],
    ],
    ['nothing for an id of another type', { taskId: idOf('Voice', 'v1') }, []],
    ['nothing for a text that is not an id', { taskId: '' }, []],
  ] as const)('asks the ledger for the changes of %s', async ([, variables, asked], { expect }) => {
    const { data } = await client.execute(QUERY, variables);
    expect(data.taskUpdates.nodes).toEqual(expect.any(Array));
    expect(client.ledger.calls).toEqual(asked.map((watch) => ['events', watch, { first: 5, after: null }]));
  });
});

describe('a voice task', () => {
  const QUERY =
    '{ task(by: {externalId: "my-voice"}) { ... on VoiceTask { name sample { url klingVideoId } voices { id klingVoiceId owner klingOwnerId sampleUrl } } } }';
  const voices = [
    { id: idOf('Voice', 'made'), klingVoiceId: 'made', owner: 'ACCOUNT', klingOwnerId: '42', sampleUrl: null },
  ];

  it('shows its voices, and the name and the recording that it was made of', async ({ expect }) => {
    const voice = { name: 'Ann', sample: { videoId: 'made' } };
    client.ledger.tasksKept = [voiceTask('v1', { externalId: 'my-voice', details: { voice } })];
    const { data } = await client.execute(QUERY);
    expect(data.task).toEqual({ name: 'Ann', sample: { url: null, klingVideoId: 'made' }, voices });
  });

  it('shows only its voices if version 0.1 made it', async ({ expect }) => {
    expect((await client.execute(QUERY)).data.task).toEqual({ name: null, sample: null, voices });
  });
});
