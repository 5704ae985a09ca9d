import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import { freePort } from '../node/raw-workerd.ts';
import { sendOperation } from '../node/send-operation.ts';
import { localId, type ReadEvent } from './events.ts';
import type { ClientView } from './load.ts';
import type { Random } from './random.ts';

/** One message that the receiver has verified and acknowledged. */
export interface ReceivedMessage {
  /** `task` for the webhook of one task. */
  readonly at: 'endpoint' | 'task';
  readonly sequence: number;
  /** The gateway's own id. */
  readonly taskId: string;
  readonly status: string;
}

/** The messages and requests of a round, as the receiver has seen them. */
export interface WebhookEvidence {
  readonly messages: readonly ReceivedMessage[];
  /** The external ids of the tasks with a webhook of their own. */
  readonly hooked: ReadonlySet<string>;
  /** Messages that are forged or damaged, and requests that followed a redirect. */
  readonly problems: readonly string[];
  /** The requests by what the receiver has done with them. */
  readonly answers: ReadonlyMap<string, number>;
}

/** A receiver of webhooks that fails, hangs, redirects and restarts. */
export interface WebhookReceiver extends WebhookEvidence {
  /** Returns the webhook of some tasks, and undefined for the others. */
  urlOf(externalId: string): string | undefined;
  /** Registers the endpoint. Call it before the first request. */
  register(gatewayUrl: string): Promise<void>;
  /** Restarts several times, at random. */
  restartRepeatedly(options: { readonly restarts: number; readonly overMs: number }): Promise<void>;
  /** Takes everything from now on, and lets the gateway send at once what waits. Returns the missing messages after the timeout. */
  catchUp(
    gatewayUrl: string,
    evidence: { readonly events: readonly ReadEvent[]; readonly views: readonly ClientView[] },
    forMs: number,
  ): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** The shares of the requests that the receiver does not take. A hanging one takes an attempt of 10 s. */
const FAULTS: readonly (readonly [fault: 'fail' | 'redirect' | 'reset' | 'hang', share: number])[] = [
  ['fail', 0.08],
  ['redirect', 0.03],
  ['reset', 0.03],
  ['hang', 0.005],
];

/** The share of the tasks with a webhook of their own. */
const HOOKED_SHARE = 0.25;

/** The time between two requests to send what waits. */
const HASTEN_MS = 1_000;

const FINAL: ReadonlySet<string> = new Set(['SUCCEEDED', 'FAILED', 'CANCELLED']);

const REGISTER = `mutation ($url: String!) {
  made: createWebhookEndpoint(url: $url) { ... on WebhookSecret { secret endpoint { id } } ... on Failure { code message } }
}`;
/** Resuming makes every message due that waits for its next attempt. */
const HASTEN = `mutation ($endpointId: ID!) {
  paused: updateWebhookEndpoint(endpointId: $endpointId, isPaused: true) { ... on Failure { code message } }
  resumed: updateWebhookEndpoint(endpointId: $endpointId, isPaused: false) { ... on Failure { code message } }
}`;

/** Starts the receiver on a port that it keeps across restarts. */
export async function startWebhookReceiver(random: Random): Promise<WebhookReceiver> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const messages: ReceivedMessage[] = [];
  const hooked = new Set<string>();
  const problems: string[] = [];
  const answers = new Map<string, number>();
  let endpoint: { readonly id: string; readonly verifier: Webhook } | null = null;
  let isCalm = false;

  const server = createServer((request, response) => {
    receive(request, response).catch(() => response.destroy());
  });
  const listen = () => new Promise<void>((resolve) => void server.listen(port, '127.0.0.1', resolve));
  async function stop(): Promise<void> {
    const stopped = new Promise((resolve) => void server.close(resolve));
    server.closeAllConnections();
    await stopped;
  }
  await listen();

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const fault = isCalm ? 'none' : drawFault();
    answers.set(fault, (answers.get(fault) ?? 0) + 1);
    const message = toMessage(request, Buffer.concat(parts).toString());
    if (message === null || fault === 'fail') return void response.writeHead(503).end();
    if (fault === 'redirect') return void response.writeHead(307, { location: `${url}/redirected` }).end();
    if (fault === 'reset') return void request.socket.resetAndDestroy();
    if (fault === 'hang') return;
    // Counts only what the gateway can know to have arrived.
    response.writeHead(204).end(() => messages.push(message));
  }

  function drawFault() {
    let left = random.next();
    for (const [fault, share] of FAULTS) {
      left -= share;
      if (left < 0) return fault;
    }
    return 'none';
  }

  /** Returns null for a message that is wrong, and notes why. */
  function toMessage({ url: path = '', headers }: IncomingMessage, body: string): ReceivedMessage | null {
    try {
      if (path !== '/endpoint' && path !== '/task') throw new Error('this URL was never given');
      const said = endpoint?.verifier.verify(body, headers as Record<string, string>);
      const { sequence, task } = said as { sequence: number; task: { id: string; status: string } };
      return { at: path === '/task' ? 'task' : 'endpoint', sequence, taskId: localId(task.id), status: task.status };
    } catch (error) {
      problems.push(`${path}: ${String(error)}: ${body.slice(0, 100)}`);
      return null;
    }
  }

  function missing(events: readonly ReadEvent[], hookedIds: ReadonlySet<string>): readonly string[] {
    const seen = new Set(messages.map(({ at, sequence }) => `${at} ${sequence}`));
    return events.flatMap(({ seq, taskId, status }) => [
      ...(FINAL.has(status) && !seen.has(`endpoint ${seq}`) ? [`endpoint: ${seq}, ${status} of ${taskId}`] : []),
      ...(hookedIds.has(taskId) && !seen.has(`task ${seq}`) ? [`task: ${seq}, ${status} of ${taskId}`] : []),
    ]);
  }

  return {
    messages,
    hooked,
    problems,
    answers,
    urlOf(externalId) {
      if (!random.chance(HOOKED_SHARE)) return undefined;
      hooked.add(externalId);
      return `${url}/task`;
    },
    async register(gatewayUrl) {
      const sent = await sendOperation(gatewayUrl, { query: REGISTER, variables: { url: `${url}/endpoint` } }, null);
      const { made } = ('answer' in sent ? sent.answer.data : {}) as {
        readonly made?: { readonly secret: string; readonly endpoint: { readonly id: string } };
      };
      if (made?.endpoint === undefined) throw new Error(`no endpoint: ${JSON.stringify(sent)}`);
      endpoint = { id: made.endpoint.id, verifier: new Webhook(made.secret) };
    },
    async restartRepeatedly({ restarts, overMs }) {
      const startedMs = Date.now();
      for (let number = 0; number < restarts; number += 1) {
        const atMs = ((number + random.next()) * overMs) / restarts;
        await wait(Math.max(0, startedMs + atMs - Date.now()));
        await stop();
        await wait(random.between(50, 1_000));
        await listen();
      }
    },
    async catchUp(gatewayUrl, { events, views }, forMs) {
      isCalm = true;
      // Ends the attempts that hang.
      server.closeAllConnections();
      const hookedIds = new Set([
        ...views.filter(({ intent }) => hooked.has(intent.externalId)).map(({ taskId }) => localId(taskId ?? '')),
        ...messages.filter(({ at }) => at === 'task').map(({ taskId }) => taskId),
      ]);
      const untilMs = Date.now() + forMs;
      for (;;) {
        const left = missing(events, hookedIds);
        if (left.length === 0 || Date.now() > untilMs) return left;
        await sendOperation(gatewayUrl, { query: HASTEN, variables: { endpointId: endpoint?.id } }, null);
        await wait(HASTEN_MS);
      }
    },
    close: stop,
  };
}
