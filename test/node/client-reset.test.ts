import { request } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LARGE_BODIES_MAX } from '../../src/http/limits.ts';
import { AUTHORIZATION } from '../support/token.ts';
import { type GatewayStack, startStack } from './gateway-stack.ts';
import { sendOperation } from './send-operation.ts';

// If a client disconnects, its Worker ends at the next await, and no later code runs. Raw workerd does this too.

let stack: GatewayStack;
beforeAll(async () => {
  stack = await startStack({
    sandbox: { submittedMs: 50, processingMs: 150, concurrency: 1_000 },
    vars: { KLING_CONCURRENCY: '1000' },
  });
});
afterAll(() => stack.close());

const CREATE = `mutation ($input: CreateVoiceTaskInput!) { createVoiceTask(input: $input) { ... on VoiceTask { id status } ... on Failure { code message } } }`;
const FIND = `query ($externalId: String!) { task(by: { externalId: $externalId }) { id status } }`;

interface Task {
  readonly id: string;
  readonly status: string;
}

async function execute<Data>(query: string, variables: object): Promise<Data> {
  const sent = await sendOperation(stack.gateway.url, { query, variables }, null);
  if (!('answer' in sent) || sent.answer.errors !== undefined) throw new Error(JSON.stringify(sent));
  return sent.answer.data as Data;
}

async function find(externalId: string): Promise<Task | null> {
  return (await execute<{ task: Task | null }>(FIND, { externalId })).task;
}

function create(externalId: string, word: string) {
  const sample = { url: `https://example.com/${externalId}-${word}-12s.mp3` };
  return { query: CREATE, variables: { input: { name: 'Reset', sample, externalId } } };
}

/** Counts the tasks at Kling for this id. */
async function timesAtKling(globalId: string): Promise<number> {
  const id = Buffer.from(globalId, 'base64url').toString().split(':')[1];
  const { tasks } = await stack.account.record();
  return tasks.filter(({ externalTaskId }) => externalTaskId === id).length;
}

test('a client that disconnects during a create finds its task, which was created once', async () => {
  // Kling creates the task at once and answers after 3 s. The connection is cut in between.
  const operation = create('gone-during-the-call', 'sandbox-slow');
  expect(await sendOperation(stack.gateway.url, operation, 1_000)).toEqual({ lost: 'cut' });

  await expect.poll(async () => (await find('gone-during-the-call'))?.status).toBe('SUCCEEDED');
  const found = await find('gone-during-the-call');
  expect(await timesAtKling(found!.id)).toBe(1);

  const { createVoiceTask } = await execute<{ createVoiceTask: Task }>(operation.query, operation.variables);
  expect(createVoiceTask).toEqual(found);
  expect(await timesAtKling(found!.id)).toBe(1);
});

test('a create that is cut at any moment and then repeated creates its task once', async () => {
  const moments = Array.from({ length: 30 }, (_, index) => index * 2);
  const made = await Promise.all(
    moments.map(async (cutMs) => {
      const operation = create(`cut-after-${cutMs}`, 'ok');
      await sendOperation(stack.gateway.url, operation, cutMs);
      return (await execute<{ createVoiceTask: Task }>(operation.query, operation.variables)).createVoiceTask.id;
    }),
  );
  for (const cutMs of moments) {
    await expect.poll(async () => (await find(`cut-after-${cutMs}`))?.status).toBe('SUCCEEDED');
  }
  expect(new Set(made).size).toBe(moments.length);
  expect(await Promise.all(made.map(timesAtKling))).toEqual(moments.map(() => 1));
});

const SPEAK =
  'mutation ($input: CreateLipSyncTaskInput!) { createLipSyncTask(input: $input) { ... on LipSyncTask { id } ... on Failure { code message } } }';
const PLACEMENT = { audioStartMs: 0, audioEndMs: 3000, insertAtMs: 0 };

/** Sends a large request whose audio is invalid, and returns the code of the answer. */
async function sendAudio(): Promise<unknown> {
  const input = { face: { faceId: 'none' }, audio: { base64: 'QUJD'.repeat(50_000) }, placement: PLACEMENT };
  const sent = await sendOperation(stack.gateway.url, { query: SPEAK, variables: { input } }, null);
  if ('lost' in sent) return sent.lost;
  const { createLipSyncTask } = (sent.answer.data ?? {}) as { createLipSyncTask?: { code?: string } };
  return sent.answer.errors?.[0]?.extensions?.code ?? createLipSyncTask?.code;
}

test('clients that disconnect while they upload large bodies free their places', async () => {
  const headers = { authorization: AUTHORIZATION, 'content-type': 'application/json', 'content-length': 1_000_000 };
  const halves = Array.from({ length: LARGE_BODIES_MAX - 1 }, () => {
    const half = request(`${stack.gateway.url}/graphql`, { method: 'POST', agent: false, headers });
    half.on('error', () => {});
    half.write(' '.repeat(500_000));
    return half;
  });
  await expect.poll(sendAudio).toBe('RATE_LIMITED');
  for (const half of halves) half.socket?.resetAndDestroy();
  await expect.poll(sendAudio, { timeout: 5_000 }).toBe('BAD_USER_INPUT');
});
