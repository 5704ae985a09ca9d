import { afterAll, beforeAll, describe, it } from 'vitest';
import { WebSocket as NodeSocket } from 'ws';
import { hashOfTenant } from '../../src/lib/hash.ts';
import { decodeGlobalId } from '../../src/schema/builder.ts';
import { createFindSecrets } from '../support/secrets.ts';
import { mintToken, TEST_AUTH } from '../support/token.ts';
import { startStack, type GatewayStack, type StackOptions } from './gateway-stack.ts';
import { CREATE_VOICE } from './operations.ts';

type Line = Readonly<Record<string, unknown>>;

const SECRETS = {
  KLING_ACCESS_KEY: 'sandbox-access-key-of-tasks-to-follow',
  KLING_SECRET_KEY: 'sandbox-secret-key-of-thirty-two-bytes',
  CALLBACK_SECRET: 'callback-secret-of-tasks-to-follow-5d0c4b7e',
  AUTH_SECRET: TEST_AUTH.AUTH_SECRET,
};

const WATCH = JSON.stringify({
  id: '1',
  type: 'subscribe',
  payload: { query: 'subscription { taskUpdates { cursor task { status } } }' },
});

/** A gateway and its output. */
interface Printing {
  readonly stack: GatewayStack;
  readonly lines: () => Line[];
  readonly text: () => string;
}

const stacks: GatewayStack[] = [];
const sockets: NodeSocket[] = [];
const tokens: Record<string, string> = {};
let gateway: Printing;

async function start(options: StackOptions): Promise<Printing> {
  let printed = '';
  const stack = await startStack({ ...options, onGatewayOutput: (text) => (printed += text) });
  stacks.push(stack);
  const lines = (): Line[] => [...printed.matchAll(/^\{.*\}$/gm)].map(([line]): Line => JSON.parse(line));
  return { stack, lines, text: () => printed };
}

beforeAll(async () => {
  gateway = await start({ accessKey: SECRETS.KLING_ACCESS_KEY, vars: SECRETS });
});
afterAll(async () => {
  for (const socket of sockets) socket.terminate();
  await Promise.all(stacks.map((stack) => stack.close()));
});

async function tokenOf(tenant: string): Promise<string> {
  return (tokens[tenant] ??= await mintToken(tenant));
}

/** Returns the id of the new task in the log. */
async function createVoiceTask({ stack }: Printing, tenant: string, requestId: string): Promise<string> {
  const sample = { url: 'https://example.com/narrator-12s.mp3' };
  const response = await fetch(`${stack.gateway.url}/graphql`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await tokenOf(tenant)}`,
      'content-type': 'application/json',
      'x-request-id': requestId,
    },
    body: JSON.stringify({ query: CREATE_VOICE, variables: { input: { name: 'Ann', sample } } }),
  });
  const { data } = (await response.json()) as { data: { createVoiceTask: { id: string } } };
  return decodeGlobalId(data.createVoiceTask.id)!.id;
}

/** Returns when the gateway has accepted the subscription, so that its first event arrives live. */
async function watch({ stack }: Printing, tenant: string): Promise<void> {
  const authorization = `Bearer ${await tokenOf(tenant)}`;
  const url = `${stack.gateway.url.replace('http', 'ws')}/graphql`;
  const socket = new NodeSocket(url, 'graphql-transport-ws', { headers: { authorization } });
  sockets.push(socket);
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('open', () => {
      socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization } }));
      socket.send(WATCH);
      socket.send(JSON.stringify({ type: 'ping', payload: { sent: 'after' } }));
    });
    socket.on('message', (data: Buffer) => data.toString().includes('"sent":"after"') && resolve());
  });
}

function stepOf({ message, status, method, route, seq }: Line): string {
  if (message === 'request') return `request ${String(route)}`;
  if (message === 'kling exchange') return `kling exchange ${String(method)}`;
  return message === 'task changed' ? `task changed ${String(status)}` : `${String(message)} ${String(seq)}`;
}

function countOf(lines: readonly Line[], key: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const line of lines) counts[String(line[key])] = (counts[String(line[key])] ?? 0) + 1;
  return counts;
}

describe('the log', () => {
  it('shows a task from its mutation to its last event, by its id and by request ids', async ({ expect }) => {
    await watch(gateway, 'tenant-a');
    const taskId = await createVoiceTask(gateway, 'tenant-a', 'request-of-tenant-a');
    const followed = () => gateway.lines().filter((line) => line['taskId'] === taskId);
    const stepsOf = (requestId: unknown) =>
      followed()
        .filter((line) => line['requestId'] === requestId)
        .map(stepOf)
        .toSorted();
    const requestOf = (step: string) => followed().find((line) => stepOf(line) === step)?.['requestId'];
    await expect.poll(() => followed().map(stepOf)).toContain('event sent 3');

    const created = ['kling exchange POST', 'request /graphql', 'task changed SUBMITTED'];
    expect(stepsOf('request-of-tenant-a')).toEqual(created);
    const running = ['request /callbacks/:token', 'task changed PROCESSING'];
    expect(stepsOf(requestOf('task changed PROCESSING'))).toEqual(running);
    const ended = ['kling exchange GET', 'request /callbacks/:token', 'task changed SUCCEEDED'];
    expect(stepsOf(requestOf('task changed SUCCEEDED'))).toEqual(ended);
    // The hub sends each change that has a number from the journal.
    const seqsOf = (message: string) => followed().flatMap((line) => (line['message'] === message ? line['seq'] : []));
    expect(seqsOf('task changed')).toEqual([1, 2, 3]);
    expect(seqsOf('event sent')).toEqual([1, 2, 3]);
    expect(countOf(followed(), 'tenant')).toEqual({ [hashOfTenant('tenant-a')]: followed().length });
  });

  it('names the tenant on every line of an authenticated request', async ({ expect }) => {
    const before = gateway.lines().length;
    const added = () => gateway.lines().slice(before);
    const taskIds = await Promise.all(
      ['tenant-b', 'tenant-c'].map((tenant) => createVoiceTask(gateway, tenant, `request-of-${tenant}`)),
    );
    const changes = () => added().filter(({ message }) => message === 'task changed');
    await expect.poll(() => countOf(changes(), 'taskId')).toEqual({ [taskIds[0]!]: 3, [taskIds[1]!]: 3 });
    const headers = { authorization: 'Bearer forged.token.signature' };
    await fetch(`${gateway.stack.gateway.url}/graphql?query={viewer{tenant}}`, { headers });
    const expired = await mintToken('tenant-b', { exp: 1 });
    tokens['expired'] = expired;
    await fetch(`${gateway.stack.gateway.url}/graphql?query={viewer{tenant}}`, {
      headers: { authorization: `Bearer ${expired}`, 'x-request-id': 'request-with-an-old-token' },
    });
    const refusals = () => added().filter(({ message }) => message === 'token refused');
    const callbacks = () => added().filter(({ route }) => route === '/callbacks/:token');
    await expect.poll(() => countOf(callbacks(), 'taskId')).toEqual({ [taskIds[0]!]: 3, [taskIds[1]!]: 3 });
    await expect.poll(() => countOf(added(), 'status')).toMatchObject({ 401: 2 });
    const byTask = countOf(added(), 'taskId');
    expect(countOf(added(), 'tenant')).toEqual({
      // The refused token also belongs to this tenant.
      [hashOfTenant('tenant-b')]: byTask[taskIds[0]!]! + 1,
      [hashOfTenant('tenant-c')]: byTask[taskIds[1]!],
      // The forged token, and the requests with both tokens.
      undefined: 3,
    });
    // A mutation, two exchanges, three changes and three callbacks.
    for (const taskId of taskIds) expect(byTask[taskId]).toBeGreaterThanOrEqual(9);
    expect(refusals()).toMatchObject([
      { claim: 'format', cause: 'ERR_JWS_INVALID' },
      { claim: 'exp', cause: 'ERR_JWT_EXPIRED', requestId: 'request-with-an-old-token' },
    ]);
  });

  it('contains no tenant id, secret, token or callback URL', ({ expect }) => {
    const find = createFindSecrets({ ...SECRETS, ...tokens });
    expect(gateway.lines().length).toBeGreaterThan(25);
    expect(find(gateway.text())).toEqual([]);
    expect(gateway.text().replaceAll(/"request(?:Id":")?-of-tenant-\w/g, '')).not.toMatch(/tenant-[abc]/);
  });

  it.for<[form: string, shown: string | undefined]>([
    ['id', 'tenant-d'],
    ['off', undefined],
  ])('names the tenant as LOG_TENANT=%s requires, on every line of a task', async ([form, shown], { expect }) => {
    const printing = await start({ vars: { LOG_TENANT: form } });
    await watch(printing, 'tenant-d');
    const taskId = await createVoiceTask(printing, 'tenant-d', 'request-of-the-fourth');
    const followed = () => printing.lines().filter((line) => line['taskId'] === taskId);
    await expect.poll(() => followed().map(stepOf)).toContain('event sent 3');
    expect(new Set(followed().map(({ tenant }) => tenant))).toEqual(new Set([shown]));
  });
});
