import { afterAll, beforeAll, expect, test } from 'vitest';
import { startStack, type GatewayStack } from './gateway-stack.ts';
import { startServer, type LoopbackServer } from './loopback-server.ts';
import { sendOperation } from './send-operation.ts';

// A Worker aborts no request to Kling. Workerd ends them together with the request that caused them.

/** Answers lists of voices at once, and never answers lists of lip-syncs. */
let kling: LoopbackServer;
let open = 0;
let stack: GatewayStack;
let printed = '';

beforeAll(async () => {
  kling = await startServer((request, response) => {
    if (request.url?.startsWith('/v1/videos/advanced-lip-sync') === true) {
      open += 1;
      response.once('close', () => (open -= 1));
      return;
    }
    const body = JSON.stringify({ code: 0, message: 'SUCCEED', request_id: 'quick', data: [] });
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  });
  stack = await startStack({
    vars: { KLING_BASE_URL: kling.url, KLING_TIMEOUT_MS: '1000' },
    onGatewayOutput: (text) => (printed += text),
  });
});
afterAll(async () => {
  await stack.close();
  await kling.close();
});

function lines(): Readonly<Record<string, unknown>>[] {
  return [...printed.matchAll(/^\{.*\}$/gm)].map(([line]) => JSON.parse(line));
}

test('a list that Kling never answers is an error, and its connection is closed', async () => {
  const query = `{ operator { lipSyncs: klingTasks(list: LIP_SYNCS) { items { klingTaskId } }
    voices: klingTasks(list: CUSTOM_VOICES) { items { klingTaskId } } } }`;
  const asked = sendOperation(stack.gateway.url, { query, variables: {} }, null);
  await expect.poll(() => open).toBe(1);

  const sent = await asked;
  if (!('answer' in sent)) throw new Error(JSON.stringify(sent));
  expect(sent.answer.data).toEqual({ operator: { lipSyncs: null, voices: { items: [] } } });
  expect(sent.answer.errors).toMatchObject([
    {
      path: ['operator', 'lipSyncs'],
      message: 'Kling did not answer in time.',
      extensions: { code: 'UPSTREAM_UNAVAILABLE', retryable: true },
    },
  ]);
  await expect.poll(() => open).toBe(0);
});

test('a failed exchange has its own line in the log, and a successful one is part of its request’s line', async () => {
  await expect.poll(lines).toHaveLength(2);
  const [failed, request] = lines();
  expect(failed).toMatchObject({
    message: 'kling exchange',
    path: '/v1/videos/advanced-lip-sync',
    outcome: 'TIMEOUT',
    requestId: request?.['requestId'],
  });
  expect(request).toMatchObject({
    message: 'request',
    kling: [{ path: '/v1/general/custom-voices', outcome: 'OK' }],
    errorCodes: ['UPSTREAM_UNAVAILABLE'],
  });
});
