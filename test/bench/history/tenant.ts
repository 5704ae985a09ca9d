import { setTimeout as wait } from 'node:timers/promises';
import { createRawWorker, freePort, type BuiltWorker } from '../../node/raw-workerd.ts';
import { bearer, TEST_AUTH } from '../../support/token.ts';
import { cpuUs } from '../fanout/cpu.ts';
import type { Rung } from './rung.ts';
import { ageLedger, fillLedger, measureLedger } from './ledger-file.ts';

const TENANT = 'bench';

/** An operation of a tenant. It runs `times` times, at most `AT_ONCE` concurrently. */
export interface Operation {
  readonly times: number;
  readonly run: (client: Client, n: number) => Promise<void>;
}

interface Client {
  readonly ask: (query: string, variables: object) => Promise<void>;
  readonly ring: (times: number) => Promise<Rung>;
}

const TASK = 'id externalId status createdAt updatedAt failure { code message } unitsCharged';
const PAGE = `edges { cursor node { ${TASK} } } pageInfo { hasNextPage }`;
const CREATE =
  'mutation ($input: CreateVoiceTaskInput!) { createVoiceTask(input: $input) { ... on VoiceTask { id status } ... on Failure { code message } } }';

/** The runs of an idle alarm in one request, so that the cost of the request is negligible. */
const RINGS = 200;

export const OPERATIONS: Readonly<Record<string, Operation>> = {
  create: {
    times: 60,
    run: ({ ask }) =>
      ask(CREATE, {
        input: { name: 'Ann', sample: { url: 'https://example.com/v.mp3' }, externalId: crypto.randomUUID() },
      }),
  },
  'list of 30': { times: 60, run: ({ ask }) => ask(`{ tasks(first: 30) { ${PAGE} } }`, {}) },
  'list of 30 of one kind': {
    times: 60,
    run: ({ ask }) => ask(`{ tasks(first: 30, filter: { kind: LIP_SYNC }) { ${PAGE} } }`, {}),
  },
  'list of 30 by status': {
    times: 60,
    run: ({ ask }) => ask(`{ tasks(first: 30, filter: { status: [SUCCEEDED, FAILED] }) { ${PAGE} } }`, {}),
  },
  'list that finds nothing': {
    times: 60,
    run: ({ ask }) => ask(`{ tasks(first: 30, filter: { status: [FAILED] }) { ${PAGE} } }`, {}),
  },
  read: {
    times: 100,
    run: ({ ask }, n) =>
      ask(`query ($id: String!) { task(by: { externalId: $id }) { ${TASK} } }`, {
        id: `order-${2 * (n % 40) + 1}`,
      }),
  },
  'idle alarm': { times: 1, run: async ({ ring }) => void (await ring(RINGS)) },
};

const AT_ONCE = 4;

/** A tenant with a history, in its own workerd. */
export interface Tenant {
  /** Measures the CPU of one operation, in microseconds. */
  measure(operation: Operation): Promise<number>;
  /** Expires all data, and runs the alarm until all of it is deleted. Returns the cost as text. */
  retain(): Promise<string>;
}

export async function startTenant(
  worker: BuiltWorker,
  { dir, klingUrl, size }: { readonly dir: string; readonly klingUrl: string; readonly size: number },
): Promise<Tenant> {
  const port = await freePort();
  const gateway = createRawWorker(worker, {
    dir,
    port,
    vars: {
      ENVIRONMENT: 'development',
      KLING_BASE_URL: klingUrl,
      KLING_ACCESS_KEY: 'access-key',
      KLING_SECRET_KEY: 'secret-key-of-thirty-two-bytes-or-so',
      KLING_CONCURRENCY: '1000',
      TENANT_MONTHLY_UNITS_MAX: '1000000',
      PUBLIC_URL: `http://127.0.0.1:${port}`,
      CALLBACK_SECRET: 'callback-secret-of-the-bench-0123456789',
      ...TEST_AUTH,
    },
  });
  const authorization = await bearer(TENANT);
  const storage = gateway.storageDir('TaskLedger');

  const client: Client = {
    async ask(query, variables) {
      const response = await fetch(`${gateway.url}/graphql`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables }),
      });
      const text = await response.text();
      if (response.status !== 200 || text.includes('"errors"')) throw new Error(`${response.status} ${text}`);
    },
    async ring(times) {
      const response = await fetch(`${gateway.url}/bench/alarm?tenant=${TENANT}&times=${times}`);
      return (await response.json()) as Rung;
    },
  };

  async function run({ times, run: operate }: Operation): Promise<void> {
    const numbers = Array.from({ length: times }, (_, n) => n).values();
    const workers = Array.from({ length: AT_ONCE }, async () => {
      for (const n of numbers) await operate(client, n);
    });
    await Promise.all(workers);
  }

  /** Waits until the process is idle: all tasks have ended, and all events are sent. */
  async function settle(): Promise<void> {
    for (let quiet = 0; quiet < 3;) {
      const before = cpuUs(gateway.pid());
      await wait(100);
      quiet = cpuUs(gateway.pid()) - before < 2_000 ? quiet + 1 : 0;
    }
  }

  await gateway.start();
  await client.ask(CREATE, {
    input: { name: 'Ann', sample: { url: 'https://example.com/v.mp3' }, externalId: 'first' },
  });
  await wait(4_000);
  await gateway.kill();
  fillLedger(storage, size);
  await gateway.start();

  return {
    async measure(operation) {
      await settle();
      const before = cpuUs(gateway.pid());
      await run(operation);
      const count = operation === OPERATIONS['idle alarm'] ? RINGS : operation.times;
      return (cpuUs(gateway.pid()) - before) / count;
    },
    async retain() {
      await gateway.kill();
      const before = measureLedger(storage);
      ageLedger(storage);
      await gateway.start();
      const startUs = cpuUs(gateway.pid());
      let runs = 0;
      let rung: Rung;
      do {
        rung = await client.ring(1);
        runs += 1;
      } while (rung.nextAtMs !== null && rung.nextAtMs <= Date.now());
      const ms = (cpuUs(gateway.pid()) - startUs) / 1_000;
      await gateway.kill();
      const after = measureLedger(storage);
      return `${size}: ${before.bytes} bytes for ${before.rows} rows, ${(before.bytes / size).toFixed(0)} a task with its event, scan and paid call; after retention ${after.bytes} bytes for ${after.rows} rows (file ${rung.databaseBytes}); ${runs} runs of ${(ms / runs).toFixed(1)} ms of CPU`;
    },
  };
}
