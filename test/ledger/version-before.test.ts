import { exports } from 'cloudflare:workers';
import { afterAll, beforeAll, describe, it, vi } from 'vitest';
import { createCallbackTokens } from '../../src/auth/signed-token.ts';
import { decodeGlobalId } from '../../src/schema/builder.ts';
import { env, openSandbox } from '../support/ledger.ts';
import { askStream } from '../support/stream.ts';
import { askOne } from '../support/tenants/ask.ts';
import { TENANT } from '../support/token.ts';
import {
  openVersionBefore,
  type OldChange,
  type OldLipSync,
  type OldTask,
  type OldVersion,
} from '../support/version-before.ts';

openSandbox('version-before');

/** Fields of today, in the shape that version 0.1 had. */
const TASK = `__typename id status externalId createdAt updatedAt kling { klingTaskId klingStatus klingRequestId } unitsEstimated
  unitsDeducted: unitsCharged expiresAt failure { code message retryable }
  ... on VoiceTask { voices { id voiceId: klingVoiceId name owner trialUrl: sampleUrl } }
  ... on LipSyncTask { videos { videoId: klingVideoId url durationMs watermarkUrl }
    watermarkEnabled: watermark kling { parentVideo { videoId: klingVideoId url durationMs } } }`;
const SCAN = `id createdAt expiresAt sessionId: klingSessionId unitsDeducted: unitsCharged klingRequestId
  faces { id faceId: klingFaceId imageUrl startMs endMs }`;
const SPEECH = `audioId: klingAudioId createdAt expiresAt url durationMs kling { klingTaskId klingRequestId } unitsDeducted: unitsCharged`;
const FAILURE = '... on Failure { code retryable }';
const CREATE_VOICE = `mutation ($input: CreateVoiceTaskInput!) {
  made: createVoiceTask(input: $input) { ... on VoiceTask { id } ${FAILURE} }
}`;
const CREATE_LIP_SYNC = `mutation ($input: CreateLipSyncTaskInput!) {
  made: createLipSyncTask(input: $input) { ... on LipSyncTask { id } ${FAILURE} }
}`;
const IDENTIFY = `mutation ($video: VideoInput!, $externalId: String) {
  made: identifyFaces(video: $video, externalId: $externalId) { ... on FaceScan { ${SCAN} } ${FAILURE} }
}`;
const SPEAK = `mutation ($speech: SpeechInput!, $externalId: String) {
  made: synthesizeSpeech(speech: $speech, externalId: $externalId) { ... on Speech { ${SPEECH} } ${FAILURE} }
}`;
const NODES = 'query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }';
const WATCH = `subscription ($after: String) {
  taskUpdates(after: $after) { cursor sequence at resync task { id status } }
}`;

let old: OldVersion;
/** The tasks that had not ended, by their external ids. */
const OPEN = new Set<string | null>(['at-kling', 'waits']);
const tasksOf = ({ answers }: OldVersion): readonly OldTask[] => answers.tasks.edges.map(({ node }) => node);
const find = (externalId: string): OldTask => tasksOf(old).find((task) => task.externalId === externalId)!;

/** The status of `at-kling` at Kling. */
let atKling: 'processing' | 'succeed' = 'processing';

/** The requests to Kling that are not reads. */
const sent: { readonly method: string; readonly path: string; readonly body: string }[] = [];

/**
 * Answers for what only the sandbox of version 0.1 knew: its face scans, and the task `at-kling`. Returns null for anything
 * else, which today's sandbox answers.
 */
function answerAsBefore(path: string): Response | null {
  const { klingTaskId } = find('at-kling');
  const isCreate = path.endsWith('advanced-lip-sync');
  if (!isCreate && !path.endsWith(String(klingTaskId))) return null;
  const task = isCreate
    ? { task_id: 'made-today', task_status: 'submitted' }
    : {
        task_id: klingTaskId,
        task_status: atKling,
        task_result: { videos: [{ id: '1', url: 'https://example.com/done.mp4', duration: '3' }] },
      };
  return Response.json({ code: 0, message: 'SUCCEED', request_id: 'request-of-today', data: task });
}

beforeAll(async () => {
  old = await openVersionBefore();
  const { fetch } = globalThis;
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (...init) => {
    const request = new Request(...init);
    const { method } = request;
    const { pathname: path } = new URL(request.url);
    if (path.startsWith('/sandbox/')) return fetch(request);
    if (method !== 'GET') sent.push({ method, path, body: await request.clone().text() });
    return (path.includes('/advanced-lip-sync') ? answerAsBefore(path) : null) ?? fetch(request);
  });
});
afterAll(() => vi.restoreAllMocks());

/** Names the fields of an input of version 0.1 as today. */
function toLipSyncInput({ faceId, sound, soundVolume, placement, ...rest }: OldLipSync) {
  const { cropStartMs, cropEndMs, insertAtMs, ...lengths } = placement;
  const { audioId, ...audio } = sound;
  return {
    ...rest,
    ...lengths,
    face: { faceId },
    audio: { ...audio, ...(audioId === undefined ? {} : { klingAudioId: audioId }) },
    placement: { audioStartMs: cropStartMs, audioEndMs: cropEndMs, insertAtMs },
    ...(soundVolume === undefined ? {} : { audioVolume: soundVolume }),
  };
}

const rawIdOf = (globalId: string): string => decodeGlobalId(globalId)!.id;

/** Returns what was sent to Kling, without the task that waited in version 0.1: it is sent meanwhile. */
function sentToday(): typeof sent {
  const waits = rawIdOf(find('waits').id);
  return sent.filter(({ body }) => !body.includes(waits));
}

// oxlint-disable-next-line typescript/no-explicit-any -- answers of any shape
type Data = any;

async function run(query: string, variables: Record<string, unknown> = {}): Promise<Data> {
  const { data, errors } = await askOne(TENANT, query, variables);
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return data;
}

/** The codes of version 0.1 that today's schema joins with another. */
const JOINED_CODES: Readonly<Record<string, string>> = { NO_HUMAN_DETECTED: 'NO_FACE_DETECTED' };

/** Returns the outcome of a task as today's schema shows it. */
function outcomeOfToday({ status, failure }: OldTask): Pick<OldTask, 'status' | 'failure'> {
  if (failure === null) return { status, failure };
  if (failure.code === 'CANCELLED') return { status: 'CANCELLED', failure: null };
  return { status, failure: { ...failure, code: JOINED_CODES[failure.code] ?? failure.code } };
}

/** The external ids of the tasks that version 0.1 cancelled, newest first. */
const CANCELLED = ['cancelled-lip-sync', 'cancelled-voice'];

/** Returns a change of version 0.1 as today's schema shows it. */
function changeOfToday(change: OldChange): OldChange {
  const isCancelled = CANCELLED.some((externalId) => find(externalId).id === change.task.id);
  const isEnd = isCancelled && change.task.status === 'FAILED';
  return isEnd ? { ...change, task: { ...change.task, status: 'CANCELLED' } } : change;
}

describe('a database of version 0.1', () => {
  it('shows every task as version 0.1 did, by its id and by its external id', async ({ expect }) => {
    for (const before of tasksOf(old)) {
      const { node } = await run(`query ($id: ID!) { node(id: $id) { ... on Task { ${TASK} } } }`, { id: before.id });
      const { kling, ...task } = node;
      if (OPEN.has(before.externalId)) {
        const { id, externalId, createdAt } = before;
        expect(task).toMatchObject({ id, externalId, createdAt });
      } else {
        const ofLipSync = before.voices === undefined ? { parentVideo: null } : {};
        const none = { klingTaskId: null, klingStatus: null, klingRequestId: null, ...ofLipSync };
        expect({ ...task, ...none, ...kling }).toEqual({ ...before, ...outcomeOfToday(before) });
      }
      if (before.externalId === null) continue;
      const query = `query ($externalId: String!) { task(by: { externalId: $externalId }) { id } }`;
      expect((await run(query, { externalId: before.externalId })).task).toEqual({ id: before.id });
    }
  });

  it('lists the tasks that version 0.1 cancelled as cancelled, and not as failed', async ({ expect }) => {
    const list = `query ($status: [TaskStatus!]) { tasks(first: 100, filter: { status: $status }) { nodes { externalId } } }`;
    const listed = async (...status: readonly string[]): Promise<readonly string[]> =>
      (await run(list, { status })).tasks.nodes.map(({ externalId }: Data) => externalId);
    expect(await listed('CANCELLED')).toEqual(CANCELLED);
    const failed = tasksOf(old).filter((task) => outcomeOfToday(task).status === 'FAILED');
    expect(await listed('FAILED')).toEqual(failed.map(({ externalId }) => externalId));
    expect(failed.length).toBeGreaterThan(0);
    const { node } = await run('query ($id: ID!) { node(id: $id) { ... on Task { endedAt } } }', find(CANCELLED[0]!));
    expect(node.endedAt).toBe(find(CANCELLED[0]!).updatedAt);
    const log = `{ taskUpdates(first: 100, filter: { status: [CANCELLED] }) { nodes { task { externalId status } } } }`;
    expect((await run(log)).taskUpdates.nodes.map(({ task }: Data) => task)).toEqual(
      CANCELLED.toReversed().map((externalId) => ({ externalId, status: 'CANCELLED' })),
    );
  });

  it('finds every voice, face scan and face by its id, but no deleted voice', async ({ expect }) => {
    const { voices, scans } = old.answers;
    const ids = [
      ...voices.edges.map(({ node }) => node.id),
      ...scans.flatMap((scan) => [scan.id, ...scan.faces.map(({ id }) => id)]),
    ];
    const { nodes } = await run(NODES, { ids });
    expect(nodes.map(({ id }: { readonly id: string }) => id)).toEqual(ids);
    const [deleted] = find('voice-deleted').voices!;
    expect(await run(NODES, { ids: [deleted!.id] })).toEqual({ nodes: [null] });
  });

  it('continues each list after a cursor of version 0.1', async ({ expect }) => {
    const tasks = old.answers.tasks.edges;
    const { cursor } = tasks[3]!;
    const list = 'query ($after: String) { tasks(after: $after) { edges { cursor node { id } } } }';
    const rest = await run(list, { after: cursor });
    expect(rest.tasks.edges).toEqual(
      tasks.slice(4).map((edge) => ({ cursor: edge.cursor, node: { id: edge.node.id } })),
    );
    const voices = await run(
      '{ voices { edges { cursor node { id voiceId: klingVoiceId name owner trialUrl: sampleUrl } } } faceScans { edges { node { id } } } speeches { nodes { id } } usage { month units } }',
    );
    expect(voices.voices.edges).toEqual(old.answers.voices.edges);
    expect(voices.faceScans.edges.map(({ node }: Data) => node.id)).toEqual(
      old.answers.scans.map(({ id }) => id).toReversed(),
    );
    // Version 0.1 kept no texts.
    expect(voices.speeches.nodes).toEqual([]);
  });

  it('shows each face scan as version 0.1 did', async ({ expect }) => {
    for (const scan of old.answers.scans) {
      const { node } = await run(`query ($id: ID!) { node(id: $id) { ... on FaceScan { ${SCAN} } } }`, { id: scan.id });
      expect(node).toEqual(scan);
    }
  });

  it('continues the log after a cursor of version 0.1, as a list and as a subscription', async ({ expect }) => {
    const all = old.answers.events.edges.map(({ node }) => node);
    const after = all[4]!.cursor;
    const missed = all.slice(5).map(changeOfToday);
    expect(missed.filter(({ task }) => task.status === 'CANCELLED')).toHaveLength(CANCELLED.length);
    const list = `query ($after: String) {
      events: taskUpdates(first: 100, after: $after) { edges { node { cursor sequence at task { id status } } } }
    }`;
    const { events } = await run(list, { after });
    const nodes = events.edges.map(({ node }: Data) => node);
    expect(nodes.slice(0, missed.length)).toEqual(missed);

    const stream = await askStream('POST', 'text/event-stream', { query: WATCH, variables: { after } });
    const { cursor } = missed.at(-1)!;
    const told = await stream.until(new RegExp(cursor));
    await stream.leave();
    const watched = [...told.matchAll(/^data: (.+)$/gm)].map(([, json]) => JSON.parse(json!).data.taskUpdates);
    expect(watched.slice(0, missed.length)).toEqual(missed.map((event) => ({ ...event, resync: false })));
  });

  it('recognizes every external id as a repeat, and pays for nothing again', async ({ expect }) => {
    const { inputs, answers } = old;
    const before = sentToday();
    const { source, ...voiceRest } = inputs.voice;
    const voice = { ...voiceRest, sample: source };
    expect((await run(CREATE_VOICE, { input: voice })).made.id).toBe(find('voice-1').id);
    for (const given of inputs.lipSyncs) {
      const input = toLipSyncInput(given);
      expect((await run(CREATE_LIP_SYNC, { input })).made.id).toBe(find(input.externalId).id);
    }
    const [lipSync] = inputs.lipSyncs;
    const cancelled = [
      await run(CREATE_VOICE, { input: { ...voice, externalId: 'cancelled-voice' } }),
      await run(CREATE_LIP_SYNC, { input: { ...toLipSyncInput(lipSync!), externalId: 'cancelled-lip-sync' } }),
    ];
    expect(cancelled.map(({ made }) => made.id).toReversed()).toEqual(CANCELLED.map((each) => find(each).id));
    const { idempotencyKey: scanKey, ...scan } = inputs.scan;
    const scanned = await run(IDENTIFY, { ...scan, externalId: scanKey });
    expect(scanned.made).toEqual(answers.scans[0]);
    const { idempotencyKey: speechKey, voiceId: klingVoiceId, ...said } = inputs.speech;
    const speech = { ...said, klingVoiceId };
    const spoken = await run(SPEAK, { speech, externalId: speechKey });
    const { kling, ...spokenRest } = spoken.made;
    expect({ ...spokenRest, ...kling }).toEqual(answers.speeches[0]);

    expect((await run(CREATE_VOICE, { input: { ...voice, name: 'Eve' } })).made).toMatchObject({ code: 'CONFLICT' });
    expect((await run(SPEAK, { speech: { ...speech, text: 'Bye' }, externalId: speechKey })).made).toMatchObject({
      code: 'CONFLICT',
    });
    // Its answer was lost in version 0.1, so it may have been charged.
    const lost = { speech: { ...speech, text: 'sandbox-error-after' }, externalId: 'speech-lost' };
    expect((await run(SPEAK, lost)).made).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', retryable: false });
    expect(sentToday()).toEqual(before);
  });

  it('uses the faces and speeches of version 0.1 in new tasks, but not those of another tenant', async ({ expect }) => {
    const [scan] = old.answers.scans;
    const [, { audioId }] = old.answers.speeches as [unknown, { readonly audioId: string }];
    const input = {
      audio: { klingAudioId: audioId },
      placement: { audioStartMs: 0, audioEndMs: 3_000, insertAtMs: 1_000 },
    };
    const { made } = await run(CREATE_LIP_SYNC, { input: { ...input, face: { faceId: scan!.faces[0]!.id } } });
    expect(await run(NODES, { ids: [made.id] })).toMatchObject({ nodes: [{ __typename: 'LipSyncTask' }] });
    expect(JSON.parse(sentToday().at(-1)!.body)).toMatchObject({
      session_id: scan!.sessionId,
      face_choose: [{ face_id: scan!.faces[0]!.faceId, audio_id: audioId }],
    });

    const stolen = await askOne('mallory', CREATE_LIP_SYNC, {
      input: { ...input, face: { faceId: scan!.faces[0]!.id } },
    });
    expect(stolen.data.made).toMatchObject({ code: 'BAD_USER_INPUT' });
    const video = { url: 'https://example.com/clip.mp4' };
    const own = await askOne('mallory', IDENTIFY, { video });
    await askOne('mallory', CREATE_LIP_SYNC, { input: { ...input, face: { faceId: own.data.made.faces[0].id } } });
    expect(sentToday().at(-1)!.path).toMatch(/advanced-lip-sync$/);
    expect(sentToday().at(-1)!.body).not.toContain(audioId);
  });

  it('keeps the sessions of its scans from other tenants, once its first alarm has run', async ({ expect }) => {
    const account = env.KLING_ACCOUNT.getByName('account');
    for (const { sessionId: klingSessionId, faces } of old.answers.scans) {
      const isForeign = () => account.isForeign('mallory', { kind: 'SESSION', id: klingSessionId });
      await expect.poll(isForeign).toBe(true);
      const face = { klingFace: { klingSessionId, klingFaceId: faces[0]!.faceId } };
      const placement = { audioStartMs: 0, audioEndMs: 3_000, insertAtMs: 1_000 };
      const input = { face, audio: { url: 'https://example.com/a.mp3' }, placement };
      await askOne('mallory', CREATE_LIP_SYNC, { input });
      expect(sentToday().at(-1)!.path).toMatch(/advanced-lip-sync$/);
      expect(sentToday().at(-1)!.body).not.toContain(klingSessionId);
      await run(CREATE_LIP_SYNC, { input });
      expect(sentToday().at(-1)!.body).toContain(klingSessionId);
    }
  });

  it('sends a task that waited once, and ends one that was at Kling after a callback to its old address', async ({
    expect,
  }) => {
    const [waits, running] = [find('waits'), find('at-kling')];
    const statusOf = async ({ id }: OldTask): Promise<string> =>
      (await run('query ($id: ID!) { node(id: $id) { ... on Task { status } } }', { id })).node.status;
    await expect.poll(() => statusOf(waits)).toBe('SUCCEEDED');
    expect(sent.filter(({ body }) => body.includes(rawIdOf(waits.id)))).toHaveLength(1);

    atKling = 'succeed';
    // vitest.config.ts sets the secret, and version 0.1 had the same.
    const tokens = createCallbackTokens(['callback-secret-of-the-tests-0123456789']);
    const token = await tokens.mint({ tenant: TENANT, taskId: rawIdOf(running.id) });
    const body = JSON.stringify({ task_id: running.klingTaskId, task_status: 'succeed' });
    const response = await exports.default.fetch(`https://gateway.test/callbacks/${token}`, { method: 'POST', body });
    expect(response.status).toBe(204);
    await expect.poll(() => statusOf(running)).toBe('SUCCEEDED');
    const { events } = await run(
      'query ($after: String) { events: taskUpdates(after: $after, first: 100) { nodes { sequence } } }',
      {
        after: old.answers.events.edges.at(-1)!.node.cursor,
      },
    );
    const last = old.answers.events.edges.length;
    expect(events.nodes.map((node: Data) => node.sequence)).toEqual(
      events.nodes.map((_: unknown, i: number) => last + i + 1),
    );
  });
});
