import { request, type IncomingMessage, type ServerResponse } from 'node:http';
import { startServer } from '../node/loopback-server.ts';

/** A callback that the gateway has acknowledged with 2xx, and so must not lose. */
export interface AcknowledgedCallback {
  /** The gateway's id of the task, from the URL of the callback. */
  readonly taskId: string;
  readonly klingTaskId: string;
  readonly status: string;
  /** When the acknowledgement arrived. */
  readonly atMs: number;
}

/** A proxy between Kling and the gateway that records callbacks. */
export interface CallbackProxy {
  readonly url: string;
  readonly acknowledged: readonly AcknowledgedCallback[];
  /** Counts callbacks by the gateway's status. 0 means no answer. */
  readonly answers: ReadonlyMap<number, number>;
  /** Resolves with the next acknowledgement of a callback about a running task, in the same tick. */
  nextProgress(): Promise<void>;
  close(): Promise<void>;
}

/** Starts the proxy. It answers 502 if the gateway cannot be reached, as a load balancer does. */
export async function startCallbackProxy(gatewayUrl: string): Promise<CallbackProxy> {
  const acknowledged: AcknowledgedCallback[] = [];
  const answers = new Map<number, number>();
  let waiting: (() => void)[] = [];

  async function pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await readAll(incoming);
    const status = await post(`${gatewayUrl}${incoming.url}`, incoming, body);
    answers.set(status, (answers.get(status) ?? 0) + 1);
    if (status >= 200 && status < 300) take(toAcknowledged(incoming.url ?? '', body.toString()));
    outgoing.writeHead(status === 0 ? 502 : status).end();
  }

  function take(callback: AcknowledgedCallback): void {
    acknowledged.push(callback);
    if (callback.status !== 'processing') return;
    for (const resolve of waiting) resolve();
    waiting = [];
  }

  const { url, close } = await startServer((incoming, outgoing) => {
    pass(incoming, outgoing).catch(() => outgoing.destroy());
  });
  return {
    url,
    acknowledged,
    answers,
    nextProgress: () => new Promise((resolve) => void waiting.push(resolve)),
    close,
  };
}

async function post(url: string, incoming: IncomingMessage, body: Buffer): Promise<number> {
  const { 'transfer-encoding': _, ...headers } = incoming.headers;
  return new Promise((resolve) => {
    const call = request(url, {
      method: incoming.method ?? 'POST',
      agent: false,
      headers: { ...headers, 'content-length': body.byteLength },
      timeout: 4_000,
    });
    call.on('timeout', () => call.destroy());
    call.on('error', () => resolve(0));
    call.on('response', (response) => {
      response.resume();
      response.on('error', () => resolve(0));
      response.on('end', () => resolve(response.complete ? (response.statusCode ?? 0) : 0));
    });
    call.end(body);
  });
}

async function readAll(incoming: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** Reads the last segment of the URL, which starts with the base64url of `[tenant, taskId]`. */
function toAcknowledged(path: string, body: string): AcknowledgedCallback {
  const payload = path.split('/').at(-1)?.split('.')[0] ?? '';
  const [, taskId] = JSON.parse(Buffer.from(payload, 'base64url').toString()) as [string, string];
  // Ids can be unquoted numbers that a double cannot hold, so they are read from the text.
  const klingTaskId = /"task_id":\s*"?([^",}]+)/.exec(body)?.[1] ?? '';
  const status = /"task_status":\s*"([^"]*)"/.exec(body)?.[1] ?? '';
  return { taskId, klingTaskId, status, atMs: Date.now() };
}
