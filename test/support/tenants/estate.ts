import { runInDurableObject } from 'cloudflare:test';
import { expect, vi } from 'vitest';
import { decodeGlobalId, encodeGlobalId, NODE_TYPES } from '../../../src/schema/builder.ts';
import { mediaRecord } from '../fake-ledger.ts';
import { env, ledgerOf, type TestSandbox } from '../ledger.ts';
import { newBox } from '../webhooks.ts';
import { askOne } from './ask.ts';
import type { Fill, Own } from './operations.ts';

/** One of everything that a tenant can have, created through the Worker. */
export interface Estate {
  readonly tenant: string;
  /** Every id, key and cursor, by its meaning. */
  readonly ids: Readonly<Record<string, string>>;
  readonly own: Own;
}

const CLIP = 'https://example.com/clip-sandbox-never-ends.mp4';
const SPEECH = { text: 'Good morning to all of you', klingVoiceId: 'oversea_male1', language: 'EN' };
const PLACEMENT = { audioStartMs: 0, audioEndMs: 3_000, insertAtMs: 1_000 };

const SPEAK = `mutation ($speech: SpeechInput!, $externalId: String) {
  synthesizeSpeech(speech: $speech, externalId: $externalId) { ... on Speech { id klingAudioId kling { klingTaskId klingRequestId } } ... on Failure { code message } }
}`;
const SCAN = `mutation ($video: VideoInput!, $externalId: String) {
  identifyFaces(video: $video, externalId: $externalId) { ... on FaceScan { id klingSessionId klingRequestId faces { id klingFaceId } } ... on Failure { code message } }
}`;
const LIP_SYNC = `mutation ($input: CreateLipSyncTaskInput!) {
  createLipSyncTask(input: $input) { ... on LipSyncTask { id status } ... on Failure { code message } }
}`;
const VOICE = `mutation ($input: CreateVoiceTaskInput!) { createVoiceTask(input: $input) { ... on VoiceTask { id status } ... on Failure { code message } } }`;
const ENDPOINT = `mutation ($url: String!, $description: String) {
  createWebhookEndpoint(url: $url, description: $description) { ... on WebhookSecret { secret endpoint { id } } ... on Failure { code message } }
}`;
const TEST_WEBHOOK = `mutation ($endpointId: ID!) {
  sendTestWebhook(endpointId: $endpointId) { ... on WebhookDelivery { id } ... on Failure { code message } }
}`;
const DELIVERIES = `query ($id: ID!) { node(id: $id) { ... on WebhookEndpoint { deliveries { nodes { status } pageInfo { startCursor } } } } }`;
const REGISTER = `mutation ($source: MediaSourceInput!) {
  createMedia(kind: VIDEO, source: $source) { ... on Media { id } ... on Failure { code message } }
}`;
const LISTS = `query ($lipSync: ID!, $voice: ID!) {
  lipSyncTask: task(by: { id: $lipSync }) { kling { klingTaskId klingRequestId parentVideo { klingVideoId } }
    ... on LipSyncTask { videos { klingVideoId } } }
  voiceTask: task(by: { id: $voice }) { kling { klingTaskId klingRequestId } ... on VoiceTask { voices { id klingVoiceId } } }
  tasks { pageInfo { startCursor } }
  tasksOldestFirst: tasks(orderBy: OLDEST_FIRST) { pageInfo { startCursor } }
  voices { pageInfo { startCursor } }
  faceScans { pageInfo { startCursor } }
  speeches { pageInfo { startCursor } }
  media { pageInfo { startCursor } }
  taskUpdates { pageInfo { startCursor endCursor } }
  ofLipSync: taskUpdates(taskId: $lipSync) { pageInfo { startCursor } }
}`;

/** Returns the data of the answer. Fails the test if it has errors. */
// oxlint-disable-next-line typescript/no-explicit-any -- answers of any shape
async function done(tenant: string, query: string, variables: Record<string, unknown>): Promise<any> {
  const { data, errors } = await askOne(tenant, query, variables);
  expect(errors).toBeUndefined();
  return data;
}

const rawIdOf = (globalId: string): string => decodeGlobalId(globalId)!.id;

export async function makeEstate(sandbox: TestSandbox, tenant: string): Promise<Estate> {
  const keys = { externalId: `order-${tenant}-1`, voiceExternalId: `order-${tenant}-2`, scanKey: `scan-${tenant}` };
  const notes = { label: `label-${tenant}`, metadataKey: `key-${tenant}`, metadataValue: `value-${tenant}` };
  const metadata = [{ key: notes.metadataKey, value: notes.metadataValue }];
  const speechKey = `speech-${tenant}`;
  const { synthesizeSpeech: speech } = await done(tenant, SPEAK, { speech: SPEECH, externalId: speechKey });
  const { identifyFaces: faceScan } = await done(tenant, SCAN, { video: { url: CLIP }, externalId: keys.scanKey });
  const faceId: string = faceScan.faces[0].id;
  const fileName = `file-${tenant}.mp4`;
  const { createMedia: media } = await done(tenant, REGISTER, { source: { file: { bytes: 5_000, fileName } } });
  const { facts } = mediaRecord('any');
  const outcome = { status: 'READY', bytes: 5_000, sha256: null, facts, problems: [] } as const;
  await ledgerOf(tenant).mediaChanged(rawIdOf(media.id), outcome);
  const lipSyncInput = { face: { faceId }, audio: { klingAudioId: speech.klingAudioId }, placement: PLACEMENT };
  const lipSynced = await done(tenant, LIP_SYNC, {
    input: { ...lipSyncInput, externalId: keys.externalId, label: notes.label, metadata },
  });
  const cloned = await done(tenant, VOICE, {
    input: { name: tenant, sample: { url: CLIP }, externalId: keys.voiceExternalId },
  });
  const lipSync: string = lipSynced.createLipSyncTask.id;
  const voice: string = cloned.createVoiceTask.id;
  for (const id of [lipSync, voice].map(rawIdOf)) {
    await sandbox.advance(id, 'succeed');
    await ledgerOf(tenant).ingest(id, null);
    await vi.waitUntil(async () => (await ledgerOf(tenant).task({ id }))?.status === 'SUCCEEDED', { timeout: 10_000 });
  }
  const lists = await done(tenant, LISTS, { lipSync, voice });
  const description = `hook-${tenant}`;
  const webhook = (await done(tenant, ENDPOINT, { url: newBox().url, description })).createWebhookEndpoint;
  const endpointId: string = webhook.endpoint.id;
  const deliveryId = (await done(tenant, TEST_WEBHOOK, { endpointId })).sendTestWebhook.id;
  const deliveries = async () => (await done(tenant, DELIVERIES, { id: endpointId })).node.deliveries;
  await vi.waitUntil(async () => (await deliveries()).nodes[0].status === 'SUCCEEDED', { timeout: 10_000 });
  const madeVoice = lists.voiceTask.voices[0];
  const own = {
    LipSyncTask: lipSync,
    VoiceTask: voice,
    Task: voice,
    Voice: madeVoice.id,
    FaceScan: faceScan.id,
    Speech: speech.id,
    WebhookEndpoint: endpointId,
    WebhookDelivery: deliveryId,
    Media: media.id,
  };
  const ids: Record<string, string> = {
    ...keys,
    ...notes,
    speechKey,
    fileName,
    tenant,
    audioId: speech.klingAudioId,
    speechTask: speech.kling.klingTaskId,
    speechRequest: speech.kling.klingRequestId,
    session: faceScan.klingSessionId,
    faceAtKling: faceScan.faces[0].klingFaceId,
    scanRequest: faceScan.klingRequestId,
    video: lists.lipSyncTask.videos[0].klingVideoId,
    parentVideo: lists.lipSyncTask.kling.parentVideo?.klingVideoId,
    lipSyncAtKling: lists.lipSyncTask.kling.klingTaskId,
    voiceTaskAtKling: lists.voiceTask.kling.klingTaskId,
    lipSyncRequest: lists.lipSyncTask.kling.klingRequestId,
    voice: madeVoice.klingVoiceId,
    ...Object.fromEntries(Object.entries({ ...own, Face: faceId }).map(([name, id]) => [`${name} raw`, rawIdOf(id)])),
    ...Object.fromEntries(Object.entries({ ...own, Face: faceId }).map(([name, id]) => [`${name} id`, id])),
    tasksCursor: lists.tasks.pageInfo.startCursor,
    oldestTaskCursor: lists.tasksOldestFirst.pageInfo.startCursor,
    voicesCursor: lists.voices.pageInfo.startCursor,
    faceScansCursor: lists.faceScans.pageInfo.startCursor,
    mediaCursor: lists.media.pageInfo.startCursor,
    speechesCursor: lists.speeches.pageInfo.startCursor,
    endpointDescription: description,
    deliveriesCursor: (await deliveries()).pageInfo.startCursor,
    eventsCursor: lists.taskUpdates.pageInfo.startCursor,
    lastEventCursor: lists.taskUpdates.pageInfo.endCursor,
    taskEventsCursor: lists.ofLipSync.pageInfo.startCursor,
  };
  // Kling sometimes leaves some of them out.
  const known = Object.entries(ids).filter(([, id]) => typeof id === 'string');
  return { tenant, own: { ...own, Face: faceId }, ids: Object.fromEntries(known) };
}

/** Creates a task that waits for a slot: the account grants none until `resume`. */
export async function queueTask(tenant: string): Promise<{ readonly id: string; resume(): Promise<void> }> {
  const account = env.KLING_ACCOUNT.getByName('account');
  const pause = (untilMs: number): Promise<void> =>
    runInDurableObject(account, (_instance, { storage }) => storage.kv.put('pausedUntil', untilMs));
  await pause(Date.now() + 3_600_000);
  const input = { name: 'waits', sample: { url: CLIP }, externalId: `order-${tenant}-waits` };
  const task = (await done(tenant, VOICE, { input })).createVoiceTask;
  expect(task.status).toBe('QUEUED');
  return { id: task.id, resume: () => pause(0) };
}

/** Returns every raw id as a global id of every type that `node` knows. Most of them name nothing. */
export function asEveryType(ids: Estate['ids']): Record<string, string> {
  const raw = Object.entries(ids).filter(([name, id]) => decodeGlobalId(id) === null && !name.endsWith('Cursor'));
  return Object.fromEntries(
    raw.flatMap(([name, id]) => NODE_TYPES.map((type) => [`${name} as ${type}`, encodeGlobalId(type, id)])),
  );
}

const windowOf = (list: string): Fill => ({ [`Query.${list}.after`]: undefined, [`Query.${list}.first`]: 20 });

/** Valid inputs of the tenant itself, for the arguments that do not take the id in question. */
export function ownInputs({ own, ids }: Estate): Fill {
  return {
    ...windowOf('taskUpdates'),
    'Query.taskUpdates.taskId': undefined,
    'Query.taskUpdates.filter': undefined,
    ...windowOf('tasks'),
    ...windowOf('voices'),
    ...windowOf('presetVoices'),
    ...windowOf('faceScans'),
    ...windowOf('speeches'),
    'WebhookEndpoint.deliveries.after': undefined,
    'WebhookEndpoint.deliveries.first': 20,
    'WebhookEndpoint.deliveries.status': undefined,
    'Mutation.createWebhookEndpoint.url': 'https://receiver.test/own',
    'Mutation.createWebhookEndpoint.statuses': [],
    'Mutation.createWebhookEndpoint.description': undefined,
    'Mutation.updateWebhookEndpoint.endpointId': own['WebhookEndpoint'],
    'Mutation.updateWebhookEndpoint.url': undefined,
    'Mutation.updateWebhookEndpoint.statuses': undefined,
    'Mutation.updateWebhookEndpoint.description': undefined,
    'Mutation.updateWebhookEndpoint.isPaused': undefined,
    ...windowOf('media'),
    'Mutation.createMedia.kind': 'VIDEO',
    MediaSourceInput: { file: { bytes: 5_000 } },
    'MediaFileInput.bytes': 5_000,
    'MediaFileInput.contentType': undefined,
    'MediaFileInput.fileName': undefined,
    'MediaFileInput.sha256': undefined,
    'OperatorQuery.klingTask.list': 'LIP_SYNCS',
    'Query.tasks.filter': undefined,
    'Query.tasks.orderBy': 'NEWEST_FIRST',
    'TaskFilterInput.kind': undefined,
    'TaskFilterInput.status': undefined,
    'TaskFilterInput.createdFrom': undefined,
    'TaskFilterInput.createdBefore': undefined,
    'TaskFilterInput.label': undefined,
    'Subscription.taskUpdates.taskId': undefined,
    'Subscription.taskUpdates.after': undefined,
    'Subscription.taskUpdates.filter': undefined,
    'CreateVoiceTaskInput.name': 'Ann',
    'CreateVoiceTaskInput.externalId': undefined,
    'CreateVoiceTaskInput.label': undefined,
    'CreateVoiceTaskInput.metadata': [],
    'CreateVoiceTaskInput.webhookUrl': undefined,
    'CreateLipSyncTaskInput.label': undefined,
    'CreateLipSyncTaskInput.metadata': [],
    'CreateLipSyncTaskInput.webhookUrl': undefined,
    'MetadataInput.key': 'key',
    'MetadataInput.value': 'value',
    'Mutation.updateTask.taskId': own['VoiceTask'],
    'Mutation.retryTask.taskId': own['VoiceTask'],
    'Mutation.retryTask.payAgain': false,
    'Mutation.retryTask.externalId': undefined,
    'Mutation.updateTask.label': undefined,
    'Mutation.updateTask.metadata': undefined,
    VoiceSampleInput: { url: CLIP },
    FaceInput: { faceId: own['Face'] },
    'KlingFaceInput.klingSessionId': ids['session'],
    'KlingFaceInput.klingFaceId': ids['faceAtKling'],
    'FaceInVideoInput.index': undefined,
    'CreateLipSyncTaskInput.maxUnits': undefined,
    'CreateLipSyncTaskInput.externalId': undefined,
    // Ends after the own speech, and before the end of the audio below: so an own speech is answered otherwise.
    'CreateLipSyncTaskInput.placement': { ...PLACEMENT, audioEndMs: 6_000 },
    'CreateLipSyncTaskInput.audioDurationMs': undefined,
    'CreateLipSyncTaskInput.videoDurationMs': undefined,
    'CreateLipSyncTaskInput.audioVolume': 1,
    'CreateLipSyncTaskInput.originalAudioVolume': 1,
    'CreateLipSyncTaskInput.watermark': false,
    AudioInput: { url: 'https://example.com/sound-8s.mp3' },
    'Mutation.identifyFaces.externalId': undefined,
    'Mutation.synthesizeSpeech.externalId': undefined,
    VideoInput: { url: CLIP },
    'SpeechInput.text': SPEECH.text,
    'SpeechInput.klingVoiceId': SPEECH.klingVoiceId,
    'SpeechInput.language': SPEECH.language,
    'SpeechInput.speed': 1,
  };
}
