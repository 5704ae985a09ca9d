import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRawWorker, freePort, type BuiltWorker } from '../../node/raw-workerd.ts';
import { sendOperation } from '../../node/send-operation.ts';
import { startChild } from './child.ts';
import { TEST_AUTH } from '../../support/token.ts';
import { startFakeKling, type FakeTask } from './fake-kling.ts';
import { toMessage } from './subscription.ts';

/** The part of a callback that the peer reads. */
export interface PeerTask {
  readonly task_id: string;
  readonly task_info: { readonly external_task_id: string };
}

/** A server that sends the end of each task to its sockets. */
export interface Side {
  readonly name: 'gateway' | 'peer' | 'hub' | 'limit';
  readonly pid: number;
  readonly port: number;
  /** The subscription id of all its sockets. Null if each socket has its own. */
  readonly subscriptionId: string | null;
  /** Creates tasks, and returns the callback that ends each. The creation sends no event. */
  makeEvents(count: number): Promise<readonly Callback[]>;
  close(): Promise<void>;
}

/** Sends Kling's callback for the end of a task. Resolves to the status of the answer. */
export type Callback = () => Promise<number>;

const CREATE = `mutation ($input: CreateVoiceTaskInput!) { createVoiceTask(input: $input) { ... on VoiceTask { id } ... on Failure { code message } } }`;

/** Starts the built gateway in its own workerd, with its objects on disk. */
export async function startGatewaySide(worker: BuiltWorker): Promise<Side> {
  const dir = mkdtempSync(join(tmpdir(), 'kling-gateway-fanout-'));
  const removeDir = (): void => rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  process.once('exit', removeDir);
  const kling = await startFakeKling();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const gateway = createRawWorker(worker, {
    dir,
    port,
    vars: {
      ENVIRONMENT: 'development',
      ...TEST_AUTH,
      KLING_BASE_URL: kling.url,
      KLING_API_KEY: 'an-api-key-of-the-fake-kling',
      KLING_CONCURRENCY: '1000',
      // All sockets belong to one tenant.
      TENANT_SOCKETS_MAX: '10000',
      TENANT_LIVE_COST_MAX: '1000000',
      CALLBACK_SECRET: randomBytes(24).toString('hex'),
      PUBLIC_URL: url,
    },
  });
  await gateway.start();
  const agent = new Agent({ keepAlive: true });
  return {
    name: 'gateway',
    pid: gateway.pid(),
    port,
    subscriptionId: null,
    async makeEvents(count) {
      for (let i = 0; i < count; i += 1) {
        const input = { name: 'Narrator', sample: { url: 'https://example.com/voice-10s.mp3' } };
        const sent = await sendOperation(url, { query: CREATE, variables: { input } }, null, agent);
        if (!('answer' in sent) || sent.answer.errors) throw new Error(`no task was made: ${JSON.stringify(sent)}`);
      }
      return kling.takeMade().map((task) => toCallback(agent, task, kling.callbackBody(task)));
    },
    async close() {
      await gateway.kill();
      await kling.close();
      agent.destroy();
      removeDir();
      process.off('exit', removeDir);
    },
  };
}

/** Starts Node with graphql-yoga and graphql-ws, see `peer.ts`. */
export async function startPeerSide(): Promise<Side> {
  const kling = await startFakeKling();
  const child = await startChild('peer.ts', [kling.url]);
  const agent = new Agent({ keepAlive: true });
  return {
    name: 'peer',
    pid: child.pid,
    port: child.port,
    subscriptionId: null,
    async makeEvents(count) {
      const tasks = Array.from({ length: count }, () =>
        kling.make(randomUUID(), `http://127.0.0.1:${child.port}/callbacks/task`),
      );
      return tasks.map((task) => toCallback(agent, task, kling.callbackBody(task)));
    },
    async close() {
      child.close();
      await kling.close();
      agent.destroy();
    },
  };
}

/** Starts the lower limit of workerd: a bare object with its sockets. It stores nothing and reads nothing. */
export async function startHubSide(worker: BuiltWorker): Promise<Side> {
  const dir = mkdtempSync(join(tmpdir(), 'kling-gateway-fanout-'));
  const removeDir = (): void => rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  process.once('exit', removeDir);
  const subscriptionId = randomUUID();
  const port = await freePort();
  const hub = createRawWorker(worker, { dir, port, vars: { MESSAGE: toMessage(subscriptionId) } });
  await hub.start();
  const agent = new Agent({ keepAlive: true });
  return {
    name: 'hub',
    pid: hub.pid(),
    port,
    subscriptionId,
    makeEvents: async (count) => toBareCallbacks(agent, `http://127.0.0.1:${port}/`, count),
    async close() {
      await hub.kill();
      agent.destroy();
      removeDir();
      process.off('exit', removeDir);
    },
  };
}

/** Starts the lower limit of Node, see `limit.ts`. It stores nothing and reads nothing. */
export async function startLimitSide(): Promise<Side> {
  const subscriptionId = randomUUID();
  const child = await startChild('limit.ts', [subscriptionId]);
  const agent = new Agent({ keepAlive: true });
  const callbackUrl = `http://127.0.0.1:${child.port}/`;
  return {
    name: 'limit',
    pid: child.pid,
    port: child.port,
    subscriptionId,
    makeEvents: async (count) => toBareCallbacks(agent, callbackUrl, count),
    async close() {
      child.close();
      agent.destroy();
    },
  };
}

function toBareCallbacks(agent: Agent, url: string, count: number): readonly Callback[] {
  return Array.from({ length: count }, () => async () => post(agent, url, '{}'));
}

function toCallback(agent: Agent, task: FakeTask, body: string): Callback {
  return async () => {
    task.isEnded = true;
    return post(agent, task.callbackUrl, body);
  };
}

async function post(agent: Agent, url: string, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const call = request(url, { method: 'POST', agent, headers }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
    });
    call.on('error', reject);
    call.end(body);
  });
}
