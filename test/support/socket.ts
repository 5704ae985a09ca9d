import { exports } from 'cloudflare:workers';
import { runInDurableObject } from 'cloudflare:test';
import { afterEach, expect } from 'vitest';
import { shardName, SHARDS } from '../../src/hub/pool.ts';
import { encodeGlobalId } from '../../src/schema/builder.ts';
import { CONNECTION_INIT, TENANT } from './token.ts';
import { env, ledgerOf, lipSyncInput, valueOf, voiceInput, type TestSandbox } from './ledger.ts';

export const ONE_TASK = `subscription ($id: ID!, $after: String) {
  taskUpdates(taskId: $id, after: $after) { cursor sequence resync task { id status } }
}`;

export const ALL_TASKS = `subscription ($after: String, $filter: TaskFilterInput) {
  taskUpdates(after: $after, filter: $filter) { cursor sequence resync task { id status } }
}`;

/** An event with the fields that the operations above select. */
export interface Told {
  readonly cursor: string;
  readonly sequence: number;
  readonly resync: boolean;
  readonly task: { readonly id: string; readonly status: string };
}

export interface Frame {
  readonly type: string;
  readonly id?: string;
  readonly payload?: {
    readonly data?: Readonly<Record<string, unknown>> | null;
    readonly errors?: readonly { readonly message: string; readonly extensions: Record<string, unknown> }[];
    readonly [key: number]: { readonly message: string; readonly extensions: Record<string, unknown> };
  };
}

export interface TestSocket {
  readonly socket: WebSocket;
  /** All received frames, in order. */
  readonly frames: readonly Frame[];
  send(message: string | object): void;
  subscribe(id: string, query: string, variables?: object): void;
  /** Takes the next frame. */
  next(): Promise<Frame>;
  /** Takes the next frame, and checks that it is an event of this operation. */
  told(id: string): Promise<Told>;
  /** Resolves once the hub has read all earlier messages. Fails if another frame arrived meanwhile. */
  isQuiet(): Promise<void>;
  closed(): Promise<{ readonly code: number; readonly reason: string }>;
}

/** Requests a WebSocket with these subprotocols. */
export function upgrade(subprotocols: string | null, headers: Record<string, string> = {}): Promise<Response> {
  return exports.default.fetch('https://gateway.test/graphql', {
    headers: {
      ...headers,
      upgrade: 'websocket',
      ...(subprotocols !== null && { 'sec-websocket-protocol': subprotocols }),
    },
  });
}

/** Opens a socket. Its hub is that of the tenant in the header `authorization`, or any hub without the header. */
export async function openSocket(headers: Record<string, string> = {}): Promise<TestSocket> {
  const response = await upgrade('graphql-transport-ws', headers);
  expect(response.status).toBe(101);
  expect(response.headers.get('sec-websocket-protocol')).toBe('graphql-transport-ws');
  const socket = response.webSocket!;
  const frames: Frame[] = [];
  let taken = 0;
  const closing = Promise.withResolvers<{ code: number; reason: string }>();
  socket.addEventListener('message', ({ data }) => {
    const frame: Frame = JSON.parse(String(data));
    if (frame.type === 'ping') socket.send('{"type":"pong"}');
    else frames.push(frame);
  });
  socket.addEventListener('close', ({ code, reason }) => closing.resolve({ code, reason }));
  socket.accept();

  function send(message: string | object): void {
    socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }
  async function next(): Promise<Frame> {
    await expect.poll(() => frames.length, { message: 'a frame comes' }).toBeGreaterThan(taken);
    return frames[taken++]!;
  }
  return {
    socket,
    frames,
    send,
    next,
    subscribe: (id, query, variables = {}) => send({ id, type: 'subscribe', payload: { query, variables } }),
    async told(id) {
      const frame = await next();
      expect(frame).toMatchObject({ id, type: 'next' });
      const [event] = Object.values(frame.payload!.data!);
      return event as Told;
    },
    async isQuiet() {
      // A query passes through the hub and the Worker. The runtime would answer a ping itself.
      send({ id: 'quiet', type: 'subscribe', payload: { query: '{ __typename }' } });
      expect(await next()).toMatchObject({ id: 'quiet', type: 'next' });
      expect(await next()).toEqual({ id: 'quiet', type: 'complete' });
    },
    closed: () => closing.promise,
  };
}

/** Opens a socket whose `connection_init` was accepted. */
export async function openReady(): Promise<TestSocket> {
  const socket = await openSocket();
  socket.send(CONNECTION_INIT);
  expect(await socket.next()).toEqual({ type: 'connection_ack' });
  return socket;
}

/** Returns a function that opens sockets as `openReady` does. They are closed after each test of the file. */
export function useSockets(): () => Promise<TestSocket> {
  const open: TestSocket[] = [];
  afterEach(() => {
    for (const { socket } of open.splice(0)) socket.close(1000);
  });
  return async () => {
    const socket = await openReady();
    open.push(socket);
    return socket;
  };
}

export interface StartedTask {
  readonly id: string;
  readonly globalId: string;
  /** Changes the status at Kling, and reports the change to the gateway. */
  advance(status: 'processing' | 'succeed' | 'failed'): Promise<void>;
}

/** Starts a task that changes only by `advance`. Its default tenant is that of the sockets. */
export async function startTask(sandbox: TestSandbox, tenant = TENANT): Promise<StartedTask> {
  const { id } = valueOf(await ledgerOf(tenant).createVoiceTask(voiceInput(null)));
  return toStartedTask(sandbox, tenant, id, 'VoiceTask');
}

/** Starts a lip-sync that changes only by `advance`. */
export async function startLipSync(sandbox: TestSandbox, tenant = TENANT): Promise<StartedTask> {
  const ledger = ledgerOf(tenant);
  const { id } = valueOf(await ledger.createLipSyncTask(await lipSyncInput(ledger, null)));
  return toStartedTask(sandbox, tenant, id, 'LipSyncTask');
}

function toStartedTask(sandbox: TestSandbox, tenant: string, id: string, type: string): StartedTask {
  const expected = { processing: 'PROCESSING', succeed: 'SUCCEEDED', failed: 'FAILED' };
  return {
    id,
    globalId: encodeGlobalId(type, id),
    async advance(status) {
      await sandbox.advance(id, status);
      await notice(tenant, id, expected[status]);
    },
  };
}

/** Passes a hint to the ledger, as a callback does. The ledger then reads the task. */
async function notice(tenant: string, id: string, status: string): Promise<void> {
  await ledgerOf(tenant).ingest(id, null);
  await expect.poll(async () => (await ledgerOf(tenant).task({ id }))?.status).toBe(status);
}

export const SHARD_NAMES = Array.from({ length: SHARDS }, (_, shard) => shardName(shard));

/** Returns the number of sockets of each hub of the pool. */
export function socketCounts(): Promise<readonly number[]> {
  return Promise.all(
    SHARD_NAMES.map((name) =>
      runInDurableObject(env.HUB.getByName(name), (_hub, state) => state.getWebSockets().length),
    ),
  );
}

export async function socketCount(): Promise<number> {
  return (await socketCounts()).reduce((sum, count) => sum + count, 0);
}

/** Runs a function in every hub that has a socket. */
export async function withBusyHubs(
  work: (hub: ReturnType<typeof env.HUB.getByName>) => Promise<unknown>,
): Promise<void> {
  const counts = await socketCounts();
  for (const [i, name] of SHARD_NAMES.entries()) if (counts[i]! > 0) await work(env.HUB.getByName(name));
}
