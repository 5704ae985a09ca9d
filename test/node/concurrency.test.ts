import { afterAll, beforeAll, expect, test } from 'vitest';
import { startStack, type GatewayStack } from './gateway-stack.ts';
import { sendOperation } from './send-operation.ts';

const CONCURRENCY = 3;
const CREATES = 200;
/** Creates that arrive within this time have no order. */
const OVERTAKEN_MAX = 10;

interface Task {
  readonly id: string;
  readonly createdAt: string;
}

let stack: GatewayStack;
beforeAll(async () => {
  stack = await startStack({
    sandbox: { submittedMs: 20, processingMs: 60, concurrency: CONCURRENCY },
    vars: { KLING_CONCURRENCY: String(CONCURRENCY) },
  });
});
afterAll(() => stack.close());

const CREATE = `mutation ($input: CreateVoiceTaskInput!) { createVoiceTask(input: $input) { ... on VoiceTask { id createdAt } ... on Failure { code message } } }`;
const UNFINISHED = `{ tasks(first: 1, filter: { status: [QUEUED, SUBMITTED, PROCESSING] }) { edges { node { id } } } }`;

async function execute<Data>(query: string, variables: object): Promise<Data> {
  const sent = await sendOperation(stack.gateway.url, { query, variables }, null);
  if (!('answer' in sent) || sent.answer.errors !== undefined) throw new Error(JSON.stringify(sent));
  return sent.answer.data as Data;
}

test('many creates at once all end in their order, and never exceed the slots of the account', async () => {
  const made = await Promise.all(
    Array.from({ length: CREATES }, async (_, index) => {
      const input = { name: `Voice ${index}`, sample: { url: `https://example.com/${index}-12s.mp3` } };
      const { createVoiceTask } = await execute<{ createVoiceTask: Task }>(CREATE, { input });
      return createVoiceTask;
    }),
  );
  await expect
    .poll(async () => (await execute<{ tasks: { edges: object[] } }>(UNFINISHED, {})).tasks.edges.length, {
      timeout: 50_000,
    })
    .toBe(0);

  const { tasks, inFlightMax, requests } = await stack.account.record();
  expect(tasks).toHaveLength(CREATES);
  expect(tasks.every(({ status }) => status === 'succeed')).toBe(true);
  expect(inFlightMax).toBe(CONCURRENCY);
  // Kling refused nothing, because the gateway counts the slots itself.
  expect(requests.filter(({ code }) => code === 1303)).toEqual([]);

  const places = new Map(tasks.map((task, place) => [task.externalTaskId, place]));
  const inOrder = made.toSorted((a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt));
  const overtaken = inOrder.map(({ id }, place) => Math.abs(place - (places.get(localId(id)) ?? Number.NaN)));
  expect(Math.max(...overtaken)).toBeLessThanOrEqual(OVERTAKEN_MAX);
}, 60_000);

function localId(globalId: string): string {
  return Buffer.from(globalId, 'base64url').toString().split(':')[1] ?? '';
}
