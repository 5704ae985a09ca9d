import { afterAll, beforeAll, describe, it } from 'vitest';
import { WebSocket as NodeSocket } from 'ws';
import { createFindSecrets, formsOf } from '../support/secrets.ts';
import { mintToken, TEST_AUTH } from '../support/token.ts';
import { startStack, type GatewayStack, type StackOptions } from './gateway-stack.ts';
import { CREATE_LIP_SYNC_TASK, CREATE_VOICE, IDENTIFY_FACES, SYNTHESIZE_SPEECH } from './operations.ts';

/** Secrets that are recognised anywhere. The sandbox accepts any access key of this form, but only one secret key. */
const CANARIES = {
  KLING_ACCESS_KEY: 'sandbox-access-key-canary-a7f3e91c',
  KLING_SECRET_KEY: 'sandbox-secret-key-of-thirty-two-bytes',
  CALLBACK_SECRET: 'canary-callback-secret-5d0c4b7e2f8a1936',
  KLING_WEBHOOK_SECRETS: `whsec_${btoa('canary-webhook-secret-9b1e')}`,
  AUTH_SECRET: TEST_AUTH.AUTH_SECRET,
};
const WRONG_KEY = 'canary-of-a-wrong-secret-key-4c8d17f0';
const SHORT_SECRET = 'canary-too-short-77e1';

const found: string[] = [];
/** The number of texts that were searched. It proves that the search ran. */
const seen = { answers: 0, frames: 0, lines: 0 };
const tokens: Record<string, string> = {};

function look(where: string, text: string): void {
  const find = createFindSecrets({ ...CANARIES, WRONG_KEY, SHORT_SECRET, ...tokens });
  for (const name of find(text)) found.push(`${name} in ${where}`);
}

const stacks: GatewayStack[] = [];

async function start(options: StackOptions): Promise<GatewayStack> {
  const stack = await startStack({
    ...options,
    onGatewayOutput(text) {
      seen.lines += 1;
      look('the log', text);
    },
  });
  stacks.push(stack);
  return stack;
}

let right: GatewayStack;
let token: string;

beforeAll(async () => {
  token = await mintToken('canary-tenant');
  tokens['token'] = token;
  tokens['signature of the token'] = token.split('.')[2]!;
  right = await start({
    accessKey: CANARIES.KLING_ACCESS_KEY,
    vars: CANARIES,
    sandbox: { webhookSecrets: [CANARIES.KLING_WEBHOOK_SECRETS] },
  });
}, 120_000);

afterAll(() => Promise.all(stacks.map((stack) => stack.close())));

async function send(stack: GatewayStack, path: string, init: RequestInit = {}): Promise<string> {
  const response = await fetch(`${stack.gateway.url}${path}`, { redirect: 'manual', ...init });
  const text = await response.text();
  seen.answers += 1;
  look(`the answer of ${init.method ?? 'GET'} ${path.slice(0, 20)}`, JSON.stringify([...response.headers]) + text);
  return text;
}

// oxlint-disable-next-line typescript/no-explicit-any -- answers of any shape
async function ask(stack: GatewayStack, query: string, variables: object = {}): Promise<any> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  return JSON.parse(
    await send(stack, '/graphql', { method: 'POST', headers, body: JSON.stringify({ query, variables }) }),
  );
}

const video = (words: string) => ({ url: `https://example.com/clip-${words}.mp4` });
const LISTS = `{ viewer { tenant } tasks { edges { node { id status externalId failure { message } } } }
  voices { edges { node { id sampleUrl } } } taskUpdates { edges { node { cursor } } } presetVoices { edges { node { id } } }
  operator { lipSyncs: klingTasks(list: LIP_SYNCS) { items { klingTaskId klingExternalTaskId klingStatusMessage videos { url } } }
    voices: klingTasks(list: CUSTOM_VOICES) { items { klingTaskId klingExternalTaskId } }
    klingTask(list: LIP_SYNCS, klingTaskId: "none") { klingStatus } resourcePacks { klingPackId name } } usage { units } }`;
const WATCH = 'subscription { taskUpdates { cursor task { id status failure { message } } } }';

/** Reads a subscription over HTTP until its first event. */
async function watchStream(accept: string): Promise<void> {
  const leaving = new AbortController();
  const response = await fetch(`${right.gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept, authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: WATCH }),
    signal: leaving.signal,
  });
  look('the headers of a stream', JSON.stringify([...response.headers]));
  let text = '';
  for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.includes('cursor')) break;
  }
  seen.frames += 1;
  look('a stream', text);
  leaving.abort();
}

/** Sends these messages, and reads until the socket closes or its first result arrives. */
async function watchSocket(messages: readonly string[]): Promise<void> {
  const socket = new NodeSocket(`${right.gateway.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const over = new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('message', (data: Buffer) => {
      seen.frames += 1;
      look('a frame', data.toString());
      if (/"type":"(next|error)"/.test(data.toString())) resolve();
    });
    socket.on('close', (code, reason) => {
      look('a close', `${code} ${reason.toString()}`);
      resolve();
    });
  });
  socket.on('open', () => {
    for (const message of messages) socket.send(message);
  });
  await over;
  socket.terminate();
}

const INIT = (authorization: string) => JSON.stringify({ type: 'connection_init', payload: { authorization } });
const SUBSCRIBE = JSON.stringify({ id: '1', type: 'subscribe', payload: { query: WATCH } });

describe('secrets of the gateway do not appear', () => {
  it('in answers and subscriptions while tasks run, with valid callbacks', { timeout: 120_000 }, async ({ expect }) => {
    const scan = await ask(right, IDENTIFY_FACES, { video: video('10s-sandbox-slow-task') });
    const faceId: string = scan.data.identifyFaces.faces[0].id;
    const audio = { url: 'https://example.com/sound.mp3' };
    const placement = { audioStartMs: 0, audioEndMs: 3_000, insertAtMs: 500 };
    await ask(right, CREATE_LIP_SYNC_TASK, { input: { face: { faceId }, audio, placement } });
    await ask(right, SYNTHESIZE_SPEECH, {
      speech: { text: 'Good morning', klingVoiceId: 'oversea_male1', language: 'EN' },
    });
    for (const words of ['slow-task', 'risk-control', 'callback-forged', 'callback-duplicated']) {
      await ask(right, CREATE_VOICE, {
        input: { name: 'Ann', sample: { url: `https://example.com/sandbox-${words}.mp3` } },
      });
    }
    await watchSocket([INIT(`Bearer ${token}`), SUBSCRIBE]);
    await watchStream('text/event-stream');
    await watchStream('multipart/mixed;subscriptionSpec=1.0,application/json');
    await expect.poll(async () => JSON.stringify(await ask(right, LISTS))).toContain('SUCCEEDED');
    await ask(right, LISTS);
    expect(found).toEqual([]);
  });

  it('in answers after failures of Kling', { timeout: 120_000 }, async ({ expect }) => {
    const codes = [
      '1000',
      '1002',
      '1003',
      '1004',
      '1101',
      '1102',
      '1103',
      '1200',
      '1201',
      '1203',
      '1301',
      '1304',
      '5000',
    ];
    const words = [...codes.map((code) => `error-${code}`), 'html', 'cut-off', 'content-rejected'];
    for (const word of words) {
      const answer = await ask(right, IDENTIFY_FACES, { video: video(`sandbox-${word}`) });
      expect(answer.data.identifyFaces.code).toMatch(/^[A-Z_]+$/);
    }
    expect(found).toEqual([]);
  });

  it('in refusals of requests', async ({ expect }) => {
    const expired = await mintToken('canary-tenant', { exp: 1 });
    const narrow = await mintToken('canary-tenant', { scope: '' });
    Object.assign(tokens, { expired, narrow });
    const json = { 'content-type': 'application/json' };
    const body = JSON.stringify({ query: LISTS });
    for (const authorization of ['', 'Basic abc', `Bearer ${token}x`, `Bearer ${expired}`, `Bearer ${narrow}`, token]) {
      await send(right, '/graphql', { method: 'POST', headers: { ...json, authorization }, body });
      await watchSocket([INIT(authorization), SUBSCRIBE]).catch(() => {});
    }
    const authorization = `Bearer ${token}`;
    for (const malformed of [
      '',
      '{',
      '[]',
      '{"query":1}',
      '{"query":"{"}',
      '{"query":"{ nothing }"}',
      'x'.repeat(9_000),
    ]) {
      await send(right, '/graphql', { method: 'POST', headers: { ...json, authorization }, body: malformed });
    }
    await send(right, '/graphql', { method: 'POST', headers: { authorization, 'content-type': 'text/plain' }, body });
    await send(right, '/graphql', { method: 'PUT', headers: { authorization }, body });
    await send(right, `/graphql?query={nothing}&token=${token}`, { headers: { authorization } });
    await watchSocket([INIT(authorization), '{']);
    await watchSocket([SUBSCRIBE]);
    for (const path of [
      '/',
      '/ready',
      '/health',
      '/callbacks/',
      '/callbacks/forged.token',
      `/callbacks/${token}`,
      '/x',
    ]) {
      await send(right, path, { headers: { authorization } });
      await send(right, path, { method: 'POST', headers: { ...json, authorization }, body: '{"task_id":"1"}' });
    }
    expect(found).toEqual([]);
  });

  it('in answers and logs with wrong keys or settings', { timeout: 120_000 }, async ({ expect }) => {
    const wrong = await start({ vars: { KLING_SECRET_KEY: WRONG_KEY } });
    const refused = await ask(wrong, CREATE_VOICE, {
      input: { name: 'Ann', sample: { url: 'https://example.com/a.mp3' } },
    });
    expect(JSON.stringify(refused)).toContain('UPSTREAM_MISCONFIGURED');
    await ask(wrong, LISTS);
    const broken = await start({
      vars: {
        ...CANARIES,
        AUTH_SECRET: SHORT_SECRET,
        CALLBACK_SECRET: SHORT_SECRET,
        KLING_WEBHOOK_SECRETS: SHORT_SECRET,
      },
    });
    for (const path of ['/ready', '/health', '/callbacks/forged.token']) await send(broken, path);
    expect((await ask(broken, LISTS)).errors[0].extensions.code).toBe('UPSTREAM_MISCONFIGURED');
    expect(found).toEqual([]);
  });

  it('in any of the many texts, though the search would find each form of them', ({ expect }) => {
    expect(seen.answers).toBeGreaterThan(50);
    expect(seen.frames).toBeGreaterThan(5);
    expect(seen.lines).toBeGreaterThan(20);
    const find = createFindSecrets(CANARIES);
    for (const [name, secret] of Object.entries(CANARIES)) {
      for (const form of formsOf(secret)) expect(find(`... ${form} ...`)).toContain(name);
      for (const before of ['', 'a', 'ab']) expect(find(btoa(`${before}${secret}xyz`))).toContain(name);
    }
    expect(find(`at ${token}`)).toEqual(['a token']);
  });
});
