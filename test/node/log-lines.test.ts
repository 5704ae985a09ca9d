import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeGlobalId } from '../../src/schema/builder.ts';
import { startStack, type GatewayStack } from './gateway-stack.ts';
import { CREATE_VOICE } from './operations.ts';
import { sendOperation } from './send-operation.ts';

// The number of lines that docs/operations.md uses for the price of Workers Logs.

let stack: GatewayStack;
let printed = '';

beforeAll(async () => {
  stack = await startStack({ onGatewayOutput: (text) => (printed += text) });
});
afterAll(() => stack.close());

/** Returns the subject of each complete line. */
function lines(): string[] {
  return [...printed.matchAll(/^\{.*\}$/gm)].map(([line]) => {
    const { message, method, route, status }: Readonly<Record<string, unknown>> = JSON.parse(line);
    return message === 'request' ? `${message} ${String(route)}` : `${String(message)} ${String(method ?? status)}`;
  });
}

async function ask(query: string, variables: object = {}): Promise<unknown> {
  const sent = await sendOperation(stack.gateway.url, { query, variables }, null);
  if (!('answer' in sent)) throw new Error(sent.lost);
  expect(sent.answer.errors).toBeUndefined();
  return sent.answer.data;
}

test('a query, a callback, a task change and an exchange of an object each have one line in the log', async () => {
  const sample = { url: 'https://example.com/narrator-12s.mp3' };
  await ask(CREATE_VOICE, { input: { name: 'Narrator', sample, externalId: 'lines' } });
  const made = ['kling exchange POST', 'task changed SUBMITTED', 'request /graphql'];
  // Kling sends a callback for each of three statuses, and the gateway reads the end.
  const changed = ['task changed PROCESSING', 'task changed SUCCEEDED'];
  const ended = [...changed, 'kling exchange GET', ...Array<string>(3).fill('request /callbacks/:token')];
  await expect.poll(() => lines().toSorted()).toEqual([...made, ...ended].toSorted());

  printed = '';
  const query = '{ task(by: { externalId: "lines" }) { status } }';
  expect(await ask(query)).toEqual({ task: { status: 'SUCCEEDED' } });
  await expect.poll(lines).toEqual(['request /graphql']);

  printed = '';
  await ask('{ operator { klingTasks(list: CUSTOM_VOICES) { items { klingTaskId } } } }');
  await expect.poll(lines).toEqual(['request /graphql']);
  expect(JSON.parse(/^\{.*\}$/m.exec(printed)?.[0] ?? '')).toMatchObject({
    kling: [{ method: 'GET', path: '/v1/general/custom-voices', httpStatus: 200, attempt: 1, outcome: 'OK' }],
  });
});

const WRONG_INPUT = {
  input: { name: 'A name of more than twenty characters', sample: { url: 'https://example.com/narrator-12s.mp3' } },
};
const VOICE_ID = encodeGlobalId('Voice', '42');

test.for([
  ['createVoiceTask with a wrong name', CREATE_VOICE, WRONG_INPUT],
  [
    'updateTask with the id of a voice',
    'mutation ($id: ID!) { updateTask(taskId: $id) { __typename } }',
    { id: VOICE_ID },
  ],
  [
    'cancelTask with the id of a voice',
    'mutation ($id: ID!) { cancelTask(taskId: $id) { __typename } }',
    { id: VOICE_ID },
  ],
  ["deleteVoice with one of Kling's ids", 'mutation { deleteVoice(voiceId: "42") { __typename } }', {}],
] as const)('the line of a refused mutation has the code of its failure: %s', async ([, query, variables]) => {
  printed = '';
  await ask(query, variables);
  await expect.poll(lines).toEqual(['request /graphql']);
  expect(JSON.parse(/^\{.*\}$/m.exec(printed)?.[0] ?? '')).toMatchObject({ errorCodes: ['BAD_USER_INPUT'] });
});
