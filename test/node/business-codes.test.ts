import { afterAll, beforeAll, describe, it } from 'vitest';
import { startGateway, type RunningGateway } from './gateway.ts';
import { CREATE_VOICE, IDENTIFY_FACES, VOICE_TASK } from './operations.ts';

let gateway: RunningGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

/** Kling's codes for permanent failures, with the gateway's codes. */
const PERMANENT = [
  [1000, 'UPSTREAM_MISCONFIGURED'],
  [1001, 'UPSTREAM_MISCONFIGURED'],
  [1002, 'UPSTREAM_MISCONFIGURED'],
  [1003, 'UPSTREAM_MISCONFIGURED'],
  [1004, 'UPSTREAM_MISCONFIGURED'],
  [1100, 'UPSTREAM_MISCONFIGURED'],
  [1103, 'UPSTREAM_MISCONFIGURED'],
  [1200, 'INPUT_REJECTED'],
  [1201, 'INPUT_REJECTED'],
  [1202, 'UPSTREAM_MISCONFIGURED'],
  [1203, 'INPUT_REJECTED'],
  [1300, 'CONTENT_REJECTED'],
  [1301, 'CONTENT_REJECTED'],
  [1304, 'UPSTREAM_MISCONFIGURED'],
] as const;
const PASSING = [
  [1302, 'RATE_LIMITED'],
  [1303, 'RATE_LIMITED'],
] as const;
/** Kling may have carried out the call. So a call that is charged is not retryable. */
const FAULTS = [5000, 5001, 5002] as const;

async function requestIdsOf(code: number): Promise<string[]> {
  const { requests } = await gateway.account.record();
  return requests.filter((request) => request.code === code).map(({ requestId }) => requestId);
}

const videoFor = (code: number) => ({ video: { url: `https://example.com/sandbox-error-${code}.mp4` } });
const voiceFor = (code: number) => ({
  input: { name: 'A voice', sample: { url: `https://example.com/sandbox-error-${code}.mp3` } },
});

describe('an identify-face that Kling refuses', () => {
  it.for(PERMANENT)('with %i is %s and not retryable', async ([klingCode, code], { expect }) => {
    const { errors, data } = await gateway.execute(IDENTIFY_FACES, videoFor(klingCode));
    expect(errors).toBeUndefined();
    expect(data.identifyFaces).toMatchObject({ code, klingCode, retryable: false });
    expect(data.identifyFaces.message.length).toBeGreaterThan(10);
    expect(await requestIdsOf(klingCode)).toContain(data.identifyFaces.klingRequestId);
  });

  it.for(PASSING)('with %i is %s, retryable, and reports when', async ([klingCode, code], { expect }) => {
    const { identifyFaces } = (await gateway.execute(IDENTIFY_FACES, videoFor(klingCode))).data;
    expect(identifyFaces).toMatchObject({ code, klingCode, retryable: true });
    expect(identifyFaces.retryAfterMs).toBeGreaterThanOrEqual(1000);
    expect(await requestIdsOf(klingCode)).toContain(identifyFaces.klingRequestId);
  });

  it.for(FAULTS)('with %i is UPSTREAM_UNAVAILABLE, sent once, and not retryable', async (klingCode, { expect }) => {
    const { identifyFaces } = (await gateway.execute(IDENTIFY_FACES, videoFor(klingCode))).data;
    expect(identifyFaces).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', klingCode, retryable: false });
    expect(await requestIdsOf(klingCode)).toEqual([identifyFaces.klingRequestId]);
  });

  it.for([1101, 1102])('with %i is QUOTA_EXHAUSTED, of the Kling account', async (klingCode, { expect }) => {
    const { data } = await gateway.execute(IDENTIFY_FACES, videoFor(klingCode));
    expect(data.identifyFaces).toMatchObject({ code: 'QUOTA_EXHAUSTED', limit: 'KLING_ACCOUNT', retryable: false });
  });
});

describe('a create that Kling refuses', () => {
  it.for(PERMANENT)('with %i is %s and leaves no task', async ([klingCode, code], { expect }) => {
    const { createVoiceTask } = (await gateway.execute(CREATE_VOICE, voiceFor(klingCode))).data;
    expect(createVoiceTask).toMatchObject({ code, klingCode, retryable: false });
    const { data } = await gateway.execute(
      '{ tasks(first: 100, filter: { status: [QUEUED] }) { edges { node { id } } } }',
    );
    expect(data.tasks.edges).toEqual([]);
  });

  it.for(PASSING)('with %i temporarily is kept and queued', async ([klingCode], { expect }) => {
    const { data } = await gateway.execute(CREATE_VOICE, voiceFor(klingCode));
    const { id } = data.createVoiceTask;
    expect((await gateway.execute(VOICE_TASK, { id })).data.task).toMatchObject({
      status: 'QUEUED',
      failure: null,
    });
  });
});
