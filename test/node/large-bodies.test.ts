import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, test } from 'vitest';
import { LARGE_BODIES_MAX } from '../../src/http/limits.ts';
import { bearer } from '../support/token.ts';
import { type GatewayStack, startStack } from './gateway-stack.ts';

const TENANTS = 20;
const BODY = Buffer.from(
  JSON.stringify({
    query:
      'mutation ($input: CreateLipSyncTaskInput!) { createLipSyncTask(input: $input) { ... on LipSyncTask { id } ... on Failure { code message } } }',
    variables: {
      input: {
        face: { faceId: 'none' },
        audio: { base64: 'QUJD'.repeat(1_700_000) },
        placement: { audioStartMs: 0, audioEndMs: 3000, insertAtMs: 0 },
      },
    },
  }),
);
/** Three times the size of the bodies of all places. Twenty bodies would take 136 MB. */
const GROWTH_BYTES_MAX = 3 * LARGE_BODIES_MAX * 8_000_000;

let stack: GatewayStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.close());

/** The memory of the gateway's workerd. */
function residentBytes(): number {
  const status = readFileSync(`/proc/${stack.gateway.pid()}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

interface Upload {
  readonly call: ClientRequest;
  status: number | null;
}

/** Sends a body without its last byte, in chunks to hide its length. */
async function begin(tenant: string, chunked: boolean): Promise<Upload> {
  const call = request(`${stack.gateway.url}/graphql`, {
    method: 'POST',
    agent: false,
    headers: {
      authorization: await bearer(tenant),
      'content-type': 'application/json',
      ...(!chunked && { 'content-length': BODY.byteLength }),
    },
  });
  const upload: Upload = { call, status: null };
  // A gateway that does not read a body closes the connection during the upload.
  call.on('error', () => {});
  call.on('response', (response: IncomingMessage) => {
    upload.status = response.statusCode ?? 0;
    response.resume();
  });
  call.write(BODY.subarray(0, -1));
  return upload;
}

test.for([
  ['with a content-length', false],
  ['without one', true],
] as const)('only four of many large bodies %s are in memory at once', async ([name, chunked], { expect }) => {
  const before = residentBytes();
  const uploads = await Promise.all(Array.from({ length: TENANTS }, (_, i) => begin(`${name.length}-${i}`, chunked)));
  const open = () => uploads.filter(({ call, status }) => status === null && !call.destroyed);
  await expect.poll(() => open().length).toBe(LARGE_BODIES_MAX);
  expect(uploads.map(({ status }) => status).filter((status) => status !== null && status !== 503)).toEqual([]);
  // Nothing shows when the gateway stops reading. It could read all twenty bodies in a second.
  await wait(1_000);
  expect(residentBytes() - before).toBeLessThan(GROWTH_BYTES_MAX);
  const held = open();
  const answers = held.map(({ call }) => once(call, 'response'));
  for (const { call } of held) call.end(BODY.subarray(-1));
  await Promise.all(answers);
  expect(held.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
});
