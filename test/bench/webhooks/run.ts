/**
 * `npm run bench -- webhooks [--events 5000 --rate 100 --endpoints 1000 --seconds 10]`: measures the delay from the record of a
 * change to the arrival of its webhook, over real HTTP. First, changes go to one endpoint, some a second, and then as many as
 * the gateway takes. After that, each of many endpoints gets a change within some seconds, and then each one at once. One in
 * 20 is dead: it hangs, or refuses connections.
 * Prints the CPU time of the gateway for each message, with its share of the change. Linux only.
 * Fails if a message is missing, or if 99 % of those that are not sent at once take 2 s or more. The gateway runs in a bare
 * workerd on disk, and shares the cores with the receivers.
 */

import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startStack } from '../../node/gateway-stack.ts';
import { startServer } from '../../node/loopback-server.ts';
import type { GraphqlAnswer } from '../../node/send-operation.ts';
import { bearer } from '../../support/token.ts';
import { percentile } from '../percentile.ts';

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '5000' },
    rate: { type: 'string', default: '100' },
    endpoints: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '10' },
  },
});
const events = Number(values.events);
const endpoints = Number(values.endpoints);
const overMs = Number(values.seconds) * 1_000;

const ENDPOINTS_OF_TENANT = 20;
const DEAD_EVERY = 20;
const P99_MS_MAX = 2_000;

/** The unit of the CPU times of Linux. */
const TICK_MS = 10;

/** The requests at once. */
const LANES = 16;

/** The time for the last message to arrive. The next attempt of one that got no answer is 5 s later. */
const ARRIVAL_MS_MAX = 60_000;

const CREATE =
  'mutation ($input: CreateVoiceTaskInput!) { createVoiceTask(input: $input) { ... on VoiceTask { id } ... on Failure { code message } } }';
const REGISTER =
  'mutation ($url: String!) { createWebhookEndpoint(url: $url, statuses: []) { ... on WebhookSecret { endpoint { id } } ... on Failure { code message } } }';
const LABEL =
  'mutation ($id: ID!, $label: String!) { updateTask(taskId: $id, label: $label) { ... on Task { id } ... on Failure { code message } } }';

interface Tenant {
  readonly authorization: string;
  readonly taskIds: readonly string[];
}

/** The delays of the messages by their label, in milliseconds. Each label is used once. */
const delaysMs = new Map<string, number[]>();

const receiver = await startServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    const atMs = Date.now();
    response.writeHead(204).end();
    const { type, timestamp, task } = JSON.parse(Buffer.concat(parts).toString()) as {
      readonly type: string;
      readonly timestamp: string;
      readonly task: { readonly label: string };
    };
    if (type !== 'task.updated') return;
    const delays = delaysMs.get(task.label) ?? [];
    delays.push(atMs - Date.parse(timestamp));
    delaysMs.set(task.label, delays);
  });
});
const hanging = await startServer((request) => void request.resume());
const closed = await startServer(() => {});
await closed.close();

const stack = await startStack({
  vars: { KLING_CONCURRENCY: '1000' },
  sandbox: { submittedMs: 3_600_000, concurrency: 1_000, units: 1_000_000 },
});

/** Returns the `id` that a mutation answers with, if it has one. Throws if it fails. */
async function ask(authorization: string, query: string, variables: object): Promise<string> {
  const response = await fetch(`${stack.gateway.url}/graphql`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const answer = (await response.json()) as GraphqlAnswer;
  const [result = null] = Object.values(answer.data ?? {}) as ({
    readonly id?: string;
    readonly code?: string;
  } | null)[];
  if (answer.errors !== undefined || result === null || 'code' in result) throw new Error(JSON.stringify(answer));
  return result.id ?? '';
}

async function openTenant(name: string, tasks: number): Promise<Tenant> {
  const authorization = await bearer(name);
  const taskIds: string[] = [];
  for (let i = 0; i < tasks; i += 1) {
    const input = { name: 'Narrator', sample: { url: 'https://example.com/voice-12s.mp3' } };
    taskIds.push(await ask(authorization, CREATE, { input }));
  }
  return { authorization, taskIds };
}

/** Runs `count` pieces of work, some at once. */
async function inLanes(count: number, work: (n: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

/** Starts `count` pieces of work at even distances. */
async function evenly(count: number, forMs: number, work: (n: number) => Promise<unknown>): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, async (_, n) => {
      await wait((n * forMs) / count);
      await work(n);
    }),
  );
}

/** Waits until all messages of some labels have arrived. Returns their delays, shortest first. */
async function arrived(prefix: string, count: number): Promise<readonly number[]> {
  const untilMs = Date.now() + ARRIVAL_MS_MAX;
  for (;;) {
    const delays = [...delaysMs].filter(([label]) => label.startsWith(prefix)).flatMap(([, each]) => each);
    if (delays.length >= count || Date.now() > untilMs) return delays.toSorted((a, b) => a - b);
    await wait(100);
  }
}

/** Returns the CPU time of the gateway so far, in milliseconds. */
function cpuMs(): number {
  const fields = readFileSync(`/proc/${stack.gateway.pid()}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

let cpuBeforeMs = 0;

/** Prints the figures of a phase. Returns whether every message has arrived, and 99 % of them in time. */
function report(what: string, delays: readonly number[], count: number): boolean {
  const cpuOfOneMs = (cpuMs() - cpuBeforeMs) / delays.length;
  cpuBeforeMs = cpuMs();
  const [p50, p99, max] = [0.5, 0.99, 1].map((part) => percentile(delays, part));
  process.stdout.write(
    `${what}: ${delays.length} of ${count} messages; delay ${p50} ms (median), ${p99} ms (99 %), ${max} ms (longest); ${cpuOfOneMs.toFixed(1)} ms of CPU for each\n`,
  );
  return delays.length >= count && (p99 ?? Infinity) < P99_MS_MAX;
}

let areInTime = true;
try {
  const one = await openTenant('one-endpoint', 20);
  await ask(one.authorization, REGISTER, { url: `${receiver.url}/one` });
  const change = (name: string) => (n: number) =>
    ask(one.authorization, LABEL, { id: one.taskIds[n % one.taskIds.length], label: `${name}-${n}` });
  cpuBeforeMs = cpuMs();
  await evenly(events, (events * 1_000) / Number(values.rate), change('steady'));
  areInTime = report(`one endpoint, ${values.rate} a second`, await arrived('steady-', events), events) && areInTime;
  const startedAtMs = performance.now();
  await inLanes(events, change('flood'));
  const flood = await arrived('flood-', events);
  const perSecond = (events * 1_000) / (performance.now() - startedAtMs);
  report(`one endpoint, as many as it takes, which is ${perSecond.toFixed(0)} a second`, flood, events);

  const tenants = await Promise.all(
    Array.from({ length: Math.ceil(endpoints / ENDPOINTS_OF_TENANT) }, (_, n) => openTenant(`tenant-${n}`, 1)),
  );
  await inLanes(endpoints, (n) => {
    const dead = n % (2 * DEAD_EVERY) === 0 ? hanging : closed;
    const url = n % DEAD_EVERY === 0 ? dead.url : receiver.url;
    return ask(tenants[Math.floor(n / ENDPOINTS_OF_TENANT)]!.authorization, REGISTER, { url: `${url}/${n}` });
  });
  const healthy = endpoints - Math.ceil(endpoints / DEAD_EVERY);
  const changeOf = ({ authorization, taskIds: [id] }: Tenant, label: string) =>
    ask(authorization, LABEL, { id, label });
  cpuBeforeMs = cpuMs();
  await evenly(tenants.length, overMs, (n) => changeOf(tenants[n]!, `spread-${n}`));
  const spread = `${endpoints} endpoints, ${endpoints - healthy} of them dead`;
  areInTime = report(`${spread}, within ${values.seconds} s`, await arrived('spread-', healthy), healthy) && areInTime;
  await Promise.all(tenants.map((tenant, n) => changeOf(tenant, `burst-${n}`)));
  report(`${spread}, at once`, await arrived('burst-', healthy), healthy);
} finally {
  await stack.close();
  await Promise.all([receiver.close(), hanging.close()]);
}
process.exit(areInTime ? 0 : 1);
