import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startStack, type GatewayStack } from './gateway-stack.ts';
import { startServer, type LoopbackServer } from './loopback-server.ts';
import { sendOperation } from './send-operation.ts';

/** Answers creates at once, and holds reads of tasks until the test releases them. */
let kling: LoopbackServer;
const held: ServerResponse[] = [];
let stack: GatewayStack;

function answer(response: ServerResponse, status: string): void {
  const data = { task_id: 'kling-1', task_status: status, task_info: {}, task_result: {} };
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ code: 0, message: 'SUCCEED', request_id: 'r', data }));
}

beforeAll(async () => {
  kling = await startServer((request, response) => {
    if (request.method === 'GET') held.push(response);
    else answer(response, 'submitted');
  });
  stack = await startStack({ vars: { KLING_BASE_URL: kling.url } });
});
afterAll(async () => {
  await stack.close();
  await kling.close();
});

async function ask(query: string): Promise<{ readonly data: unknown; readonly ms: number }> {
  const startedAtMs = performance.now();
  const sent = await sendOperation(stack.gateway.url, { query, variables: {} }, null);
  if (!('answer' in sent)) throw new Error(JSON.stringify(sent));
  expect(sent.answer.errors).toBeUndefined();
  return { data: sent.answer.data, ms: performance.now() - startedAtMs };
}

test('a task that Kling is slow to return is answered as stored after 2 s, and later as Kling has it', async () => {
  await ask(`mutation { createVoiceTask(input: {
    name: "Ann", externalId: "slow", sample: { url: "https://example.com/a.mp3" } }) { ... on VoiceTask { id } ... on Failure { code message } } }`);
  const query = '{ task(by: { externalId: "slow" }) { status } }';
  const { data, ms } = await ask(query);
  expect(data).toEqual({ task: { status: 'SUBMITTED' } });
  expect(ms).toBeGreaterThan(1_900);
  // The timeout for Kling is 30 s. The rest is for a busy machine.
  expect(ms).toBeLessThan(6_000);
  expect(held).toHaveLength(1);
  answer(held[0]!, 'processing');
  const events = '{ events: taskUpdates(first: 10) { edges { node { task { status } } } } }';
  await expect
    .poll(async () => (await ask(events)).data)
    .toEqual({
      events: {
        edges: [{ node: { task: { status: 'SUBMITTED' } } }, { node: { task: { status: 'PROCESSING' } } }],
      },
    });
});
