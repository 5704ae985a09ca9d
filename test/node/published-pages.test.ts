import { afterAll, beforeAll, describe, expect as check, it } from 'vitest';
import { decodeGlobalId } from '../../src/schema/builder.ts';
import { wav } from './bad-inputs.ts';
import { startGateway, type RunningGateway } from './gateway.ts';
import {
  CREATE_LIP_SYNC_TASK,
  CREATE_VOICE,
  DELETE_VOICE,
  IDENTIFY_FACES,
  LIP_SYNC_TASK,
  SYNTHESIZE_SPEECH,
  VOICE_TASK,
} from './operations.ts';

let gateway: RunningGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const INSTANT = check.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const TEXT = check.stringMatching(/./);
const URL_TEXT = check.stringMatching(/^https?:\/\//);
const DECIMAL = check.stringMatching(/^\d+(\.\d+)?$/);

async function data(query: string, variables: object = {}) {
  const answer = await gateway.execute(query, variables);
  check(answer.errors).toBeUndefined();
  return answer.data;
}

async function finished(query: string, id: string) {
  await check.poll(async () => (await data(query, { id })).task.status).toMatch(/SUCCEEDED|FAILED/);
  return (await data(query, { id })).task;
}

async function lipSyncOf(input: object) {
  const video = { url: 'https://example.com/clip-10s.mp4' };
  const { identifyFaces: faceScan } = await data(IDENTIFY_FACES, { video });
  const placement = { audioStartMs: 0, audioEndMs: 3000, insertAtMs: 1000 };
  const created = await data(CREATE_LIP_SYNC_TASK, {
    input: { face: { faceId: faceScan.faces[0].id }, placement, ...input },
  });
  return finished(LIP_SYNC_TASK, created.createLipSyncTask.id);
}

describe('the gateway returns all that Kling reports', () => {
  it('about the faces of a video', async ({ expect }) => {
    const video = { url: 'https://example.com/sandbox-two-faces-10s.mp4' };
    const { identifyFaces: faceScan } = await data(IDENTIFY_FACES, { video });
    expect(faceScan).toMatchObject({
      klingSessionId: TEXT,
      unitsCharged: '0.05',
      klingRequestId: TEXT,
      createdAt: INSTANT,
    });
    expect(Date.parse(faceScan.expiresAt) - Date.parse(faceScan.createdAt)).toBe(24 * 3_600_000);
    expect(faceScan.video).toEqual({
      url: video.url,
      klingVideoId: null,
      durationMs: null,
      expiresAt: null,
      watermarkUrl: null,
    });
    expect(faceScan.faces).toHaveLength(2);
    expect(faceScan.faces[0]).toMatchObject({ klingFaceId: TEXT, imageUrl: URL_TEXT, startMs: 0 });
    expect(faceScan.faces[0].endMs).toBeGreaterThan(2000);
    const again = await data(`query ($id: ID!) { node(id: $id) { ... on FaceScan { faces { id } } } }`, {
      id: faceScan.id,
    });
    expect(again.node.faces[1].id).toBe(faceScan.faces[1].id);
  });

  it('about a lip-sync with a watermark', async ({ expect }) => {
    const task = await lipSyncOf({
      audio: { url: 'https://example.com/a.mp3' },
      watermark: true,
      externalId: 'mine-1',
    });
    expect(task).toMatchObject({
      externalId: 'mine-1',
      status: 'SUCCEEDED',
      failure: null,
      createdAt: INSTANT,
      updatedAt: INSTANT,
      unitsCharged: DECIMAL,
      kling: {
        klingTaskId: TEXT,
        klingRequestId: TEXT,
        klingStatus: 'succeed',
        klingStatusMessage: null,
        klingExternalTaskId: TEXT,
        klingCreatedAt: INSTANT,
        klingUpdatedAt: INSTANT,
        unitsDeducted: DECIMAL,
        watermarkEnabled: true,
        parentVideo: { klingVideoId: TEXT, url: URL_TEXT, durationMs: 10_000 },
        videos: [{ klingVideoId: TEXT, url: URL_TEXT }],
        voices: [],
      },
      sourceVideo: { klingVideoId: TEXT, url: URL_TEXT, durationMs: 10_000 },
      videos: [
        {
          klingVideoId: TEXT,
          url: URL_TEXT,
          watermarkUrl: URL_TEXT,
          expiresAt: task.expiresAt,
          durationMs: 10_000,
        },
      ],
    });
    expect(Date.parse(task.expiresAt) - Date.parse(task.updatedAt)).toBe(30 * 24 * 3_600_000);
    const found = await data(`{ task(by: { externalId: "mine-1" }) { id } }`);
    expect(found.task.id).toBe(task.id);
  });

  it('about a lip-sync with text-to-speech and one with a file', async ({ expect }) => {
    const said = { text: 'Hello, this is a longer sentence. -4s', klingVoiceId: 'uk_boy1', language: 'EN' };
    const { synthesizeSpeech: speech } = await data(SYNTHESIZE_SPEECH, { speech: said });
    expect(speech).toMatchObject({ url: URL_TEXT, durationMs: 4000, unitsCharged: '0.05' });
    expect(speech.kling).toEqual({
      klingTaskId: TEXT,
      klingRequestId: TEXT,
      klingStatus: 'succeed',
      klingCreatedAt: INSTANT,
      klingUpdatedAt: INSTANT,
      unitsDeducted: '0.05',
    });
    expect(await lipSyncOf({ audio: { klingAudioId: speech.klingAudioId } })).toMatchObject({ status: 'SUCCEEDED' });
    expect(await lipSyncOf({ audio: { base64: wav(4000).toString('base64') } })).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('about a failed task, classified and in Kling’s words', async ({ expect }) => {
    const input = { name: 'V', sample: { url: 'https://example.com/sandbox-risk-control.mp3' } };
    const created = await data(CREATE_VOICE, { input });
    const task = await finished(VOICE_TASK, created.createVoiceTask.id);
    expect(task).toMatchObject({
      status: 'FAILED',
      expiresAt: null,
      failure: { code: 'CONTENT_REJECTED', message: 'Failure to pass the risk control system' },
      kling: { klingStatus: 'failed', klingStatusMessage: 'Failure to pass the risk control system' },
    });
  });

  it('about a voice, from its creation to its deletion', async ({ expect }) => {
    const input = { name: 'Narrator', sample: { url: 'https://example.com/v.mp3' } };
    const created = await data(CREATE_VOICE, { input });
    const task = await finished(VOICE_TASK, created.createVoiceTask.id);
    expect(task).toMatchObject({
      status: 'SUCCEEDED',
      unitsCharged: '0.05',
      kling: { klingTaskId: TEXT, voices: [{ klingVoiceId: TEXT }] },
    });
    const [voice] = task.voices;
    expect(voice).toMatchObject({
      klingVoiceId: TEXT,
      name: 'Narrator',
      sampleUrl: URL_TEXT,
      owner: 'ACCOUNT',
      klingOwnerId: TEXT,
    });
    expect(
      (await data(`query ($id: ID!) { node(id: $id) { ... on Voice { klingVoiceId } } }`, { id: voice.id })).node,
    ).toEqual({
      klingVoiceId: voice.klingVoiceId,
    });
    const listed = await data(`{ voices(first: 100) { edges { node { id } } } }`);
    expect(listed.voices.edges).toContainEqual({ node: { id: voice.id } });
    const { deleteVoice } = await data(DELETE_VOICE, { voiceId: voice.id });
    expect(deleteVoice).toMatchObject({ deletedId: voice.id, kling: { klingRequestId: TEXT } });
    expect(Object.keys(deleteVoice.kling)).toEqual(expect.arrayContaining(['klingTaskId', 'klingStatus']));
    const again = await gateway.execute(DELETE_VOICE, { voiceId: voice.id });
    expect(again.data.deleteVoice).toMatchObject({ issues: [{ code: 'NOT_FOUND', path: ['voiceId'] }] });
  });

  it('in its lists, page by page, and one by one', async ({ expect }) => {
    const TASK = `klingTaskId klingStatus klingStatusMessage klingExternalTaskId klingRequestId unitsDeducted klingCreatedAt
      klingUpdatedAt balanceDeducted { quota listPrice } watermarkEnabled parentVideo { klingVideoId url durationMs }
      videos { klingVideoId url watermarkUrl durationMs } voices { klingVoiceId name sampleUrl owner klingOwnerId }`;
    const { operator } = await data(`{ operator {
      lipSyncs: klingTasks(list: LIP_SYNCS, page: 1, pageSize: 2) { page pageSize klingRequestId items { ${TASK} } }
      voices: klingTasks(list: CUSTOM_VOICES, page: 1, pageSize: 100) { klingRequestId items { ${TASK} } }
      presets: klingTasks(list: PRESET_VOICES, page: 1, pageSize: 3) { klingRequestId items { ${TASK} } } } }`);
    expect(operator.lipSyncs).toMatchObject({ page: 1, pageSize: 2, klingRequestId: TEXT });
    expect(operator.lipSyncs.items).toHaveLength(2);
    const [lipSync] = operator.lipSyncs.items;
    expect(lipSync).toMatchObject({
      klingTaskId: TEXT,
      klingStatus: 'succeed',
      klingCreatedAt: INSTANT,
      klingUpdatedAt: INSTANT,
      unitsDeducted: DECIMAL,
      videos: [{ klingVideoId: TEXT }],
    });
    const failed = { klingStatus: 'failed', klingStatusMessage: 'Failure to pass the risk control system' };
    expect(operator.voices.items).toContainEqual(expect.objectContaining(failed));
    expect(operator.presets.items).toHaveLength(3);
    expect(operator.presets.items[0].voices[0]).toMatchObject({
      owner: 'KLING',
      klingOwnerId: 'kling',
      sampleUrl: URL_TEXT,
    });

    const voice = operator.voices.items.find(({ klingStatus }: { klingStatus: string }) => klingStatus === 'failed');
    const input = { name: 'V', sample: { url: 'https://example.com/v.mp3' } };
    const { createVoiceTask: task } = await data(CREATE_VOICE, { input });
    const read = `query ($lipSync: String!, $voice: String!, $external: String!) { operator {
      lipSync: klingTask(list: LIP_SYNCS, klingTaskId: $lipSync) { ${TASK} }
      voice: klingTask(list: CUSTOM_VOICES, klingTaskId: $voice) { ${TASK} }
      byExternalId: klingTask(list: CUSTOM_VOICES, klingTaskId: $external) { ${TASK} }
      none: klingTask(list: CUSTOM_VOICES, klingTaskId: "none") { ${TASK} } } }`;
    const external = decodeGlobalId(task.id)?.id;
    const ids = { lipSync: lipSync.klingTaskId, voice: voice.klingTaskId, external };
    const one = (await data(read, ids)).operator;
    // Each read signs the links again.
    const videos = [{ klingVideoId: lipSync.videos[0].klingVideoId, url: URL_TEXT }];
    expect(one.lipSync).toMatchObject({ klingTaskId: lipSync.klingTaskId, klingStatus: 'succeed', videos });
    expect(one.voice).toMatchObject({ klingTaskId: voice.klingTaskId, ...failed });
    expect(one.byExternalId).toMatchObject({ klingTaskId: task.kling.klingTaskId });
    expect(one.none).toBeNull();
  });
});
