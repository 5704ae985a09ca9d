import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createRawWorker, freePort, type BuiltWorker } from '../../node/raw-workerd.ts';
import { bearer, TEST_AUTH } from '../../support/token.ts';
import { startFakeKling, type Fault } from './fake-kling.ts';

export interface OutageOptions {
  readonly minutes: number;
  readonly tasks: number;
  readonly tenants: number;
}

/** The measurements of one outage. */
export interface Outage {
  readonly fault: Fault;
  /** Requests to Kling in each minute of the outage. */
  readonly perMinute: readonly number[];
  /** The time from the end of the outage until every task is final, in milliseconds. Null if it is over three minutes. */
  readonly finalAfterMs: number | null;
  readonly requestsAfter: number;
  readonly madeTwice: number;
}

/** The duration of a task. A task that runs when the outage starts ends during the outage, without a callback. */
const TASK_MS = 3_000;
const MINUTE_MS = 60_000;

/** The interval at which each client reads each of its tasks during the outage. */
const READ_EVERY_MS = 10_000;
const SETTLE_MS_MAX = 180_000;

const CREATE =
  'mutation ($input: CreateVoiceTaskInput!) { createVoiceTask(input: $input) { ... on VoiceTask { id } ... on Failure { code message } } }';
const READ = 'query ($id: ID!) { task(by: { id: $id }) { status } }';
const OPEN =
  '{ tasks(first: 100, filter: { status: [QUEUED, SUBMITTED, PROCESSING, UNRECOGNIZED] }) { edges { node { id } } } }';

interface Client {
  readonly ask: (query: string, variables: object) => Promise<Record<string, unknown> | null>;
  readonly taskIds: string[];
}

/** Measures one outage. Two thirds of the tasks are created before it, the others in its first half. */
export async function measureOutage(
  worker: BuiltWorker,
  fault: Fault,
  { minutes, tasks, tenants }: OutageOptions,
): Promise<Outage> {
  const dir = mkdtempSync(join(tmpdir(), 'kling-gateway-outage-'));
  process.once('exit', () => rmSync(dir, { recursive: true, force: true, maxRetries: 3 }));
  const kling = await startFakeKling(TASK_MS);
  const port = await freePort();
  const gateway = createRawWorker(worker, {
    dir,
    port,
    vars: {
      ENVIRONMENT: 'development',
      KLING_BASE_URL: kling.url,
      KLING_ACCESS_KEY: 'access-key',
      KLING_SECRET_KEY: 'secret-key-of-thirty-two-bytes-or-so',
      KLING_CONCURRENCY: '100',
      PUBLIC_URL: `http://127.0.0.1:${port}`,
      CALLBACK_SECRET: 'callback-secret-of-the-bench-0123456789',
      ...TEST_AUTH,
    },
  });
  try {
    await gateway.start();
    const clients = await Promise.all(
      Array.from({ length: tenants }, (_, n) => createClient(gateway.url, `bench-${n}`)),
    );
    const before = Math.round((tasks * 2) / 3);
    for (let n = 0; n < before; n += 1) await makeTask(clients[n % tenants], n);

    kling.setDown(fault);
    const startMs = Date.now();
    const outageMs = minutes * MINUTE_MS;
    const reading = new AbortController();
    const readers = clients.map((client) => keepReading(client, reading.signal));
    const late = Array.from({ length: tasks - before }, async (_, n) => {
      await wait((n * outageMs) / 2 / (tasks - before));
      await makeTask(clients[n % tenants], before + n);
    });
    await wait(startMs + outageMs - Date.now());
    reading.abort();
    await Promise.all(late);
    kling.setDown(null);
    const endMs = Date.now();
    const finalAfterMs = await untilFinal(clients, endMs);
    const perMinute = Array.from({ length: Math.ceil(minutes) }, (_, n) => {
      const fromMs = startMs + n * MINUTE_MS;
      return kling.requestsAtMs.filter((atMs) => atMs >= fromMs && atMs < Math.min(fromMs + MINUTE_MS, endMs)).length;
    });
    await Promise.all(readers);
    const requestsAfter = kling.requestsAtMs.filter((atMs) => atMs >= endMs).length;
    return { fault, perMinute, finalAfterMs, requestsAfter, madeTwice: kling.madeTwice() };
  } finally {
    await gateway.kill();
    await kling.close();
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function createClient(url: string, tenant: string): Promise<Client> {
  const authorization = await bearer(tenant);
  return {
    taskIds: [],
    async ask(query, variables) {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables }),
        signal: AbortSignal.timeout(MINUTE_MS),
      }).catch(() => null);
      const answer = (await response?.json()) as { data?: Record<string, unknown> | null } | undefined;
      return answer?.data ?? null;
    },
  };
}

/** Creates a task. Waits for Kling's answer up to the timeout of a request. */
async function makeTask(client: Client | undefined, n: number): Promise<void> {
  const sample = { url: 'https://example.com/voice.mp3' };
  const data = await client?.ask(CREATE, { input: { name: `Voice ${n}`, sample, externalId: `outage-${n}` } });
  const made = data?.['createVoiceTask'] as { id?: string } | null | undefined;
  if (made?.id === undefined) throw new Error(`create ${n} was not kept`);
  client?.taskIds.push(made.id);
}

async function keepReading({ ask, taskIds }: Client, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await Promise.all(taskIds.map((id) => ask(READ, { id })));
    await wait(READ_EVERY_MS, undefined, { signal }).catch(() => {});
  }
}

/** Waits until all tasks are final. Reads a list, which causes no read at Kling, so that only polls of the gateway count. */
async function untilFinal(clients: readonly Client[], endMs: number): Promise<number | null> {
  while (Date.now() < endMs + SETTLE_MS_MAX) {
    const lists = await Promise.all(clients.map(({ ask }) => ask(OPEN, {})));
    const open = lists.map((data) => (data?.['tasks'] as { edges: readonly object[] } | undefined)?.edges.length);
    if (open.every((count) => count === 0)) return Date.now() - endMs;
    await wait(500);
  }
  return null;
}
