import { Agent } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startStack, type GatewayStack } from './gateway-stack.ts';
import { sendOperation } from './send-operation.ts';

const READERS = 1_000;
const OVER_MS = 10_000;

let stack: GatewayStack;
const agent = new Agent({ keepAlive: true, maxSockets: READERS });
beforeAll(async () => {
  stack = await startStack({ sandbox: { submittedMs: 500, processingMs: 3_000 } });
});
afterAll(async () => {
  agent.destroy();
  await stack.close();
});

const CREATE = `mutation ($input: CreateVoiceTaskInput!) { createVoiceTask(input: $input) { ... on VoiceTask { id } ... on Failure { code message } } }`;
const READ = `query ($id: ID!) { task(by: { id: $id }) { id status } }`;

async function execute<Data>(query: string, variables: object): Promise<Data> {
  const sent = await sendOperation(stack.gateway.url, { query, variables }, null, agent);
  if (!('answer' in sent) || sent.answer.errors !== undefined) throw new Error(JSON.stringify(sent));
  return sent.answer.data as Data;
}

async function readsAtKling(): Promise<number> {
  const { requestsByRoute } = await stack.account.record();
  return requestsByRoute['GET /v1/general/custom-voices/:id'] ?? 0;
}

test('a thousand readers of one running task cost Kling one read a second', async () => {
  const input = { name: 'Slow', sample: { url: 'https://example.com/sandbox-slow-task-12s.mp3' } };
  const { id } = (await execute<{ createVoiceTask: { id: string } }>(CREATE, { input })).createVoiceTask;
  const before = await readsAtKling();

  const startMs = Date.now();
  const endMs = startMs + OVER_MS;
  const statuses = new Set<string>();
  let answers = 0;
  await Promise.all(
    Array.from({ length: READERS }, async () => {
      while (Date.now() < endMs) {
        statuses.add((await execute<{ task: { status: string } }>(READ, { id })).task.status);
        answers += 1;
      }
    }),
  );

  expect(answers).toBeGreaterThanOrEqual(READERS);
  expect(statuses).not.toContain('SUCCEEDED');
  const reads = (await readsAtKling()) - before;
  // At most one read in each second until the last answer, with both ends counted.
  expect(reads).toBeLessThanOrEqual(Math.floor((Date.now() - startMs) / 1_000) + 1);
}, 60_000);
