import { randomBytes } from 'node:crypto';
import { basename, resolve } from 'node:path';
import { bearer, TENANT, TEST_AUTH } from '../../support/token.ts';
import { HIVE_QUERIES } from './hive-operations.ts';
import { toRequest } from './http-client.ts';
import { toBody, type Operation, type OperationName } from './operations.ts';
import { createNodeServer, isInstalled, type NodeOptions } from './node-server.ts';
import type { Place, Server } from './server.ts';
import { createWorkerServer, type WorkerOptions } from './worker-server.ts';

const WORKERS = 'test/bench/http/workers';

/** The life of a token. A run takes longer than the hour of the tests' tokens. */
const TOKEN_S = 12 * 3_600;

const HEADERS = {
  accept: 'application/graphql-response+json',
  authorization: await bearer(TENANT, { exp: Math.floor(Date.now() / 1_000) + TOKEN_S }),
};

/** Creates GraphQL requests. `except` lists unsupported operations. */
export function graphqlRequest(...except: readonly OperationName[]): Server['request'] {
  return (operation, learning = false) =>
    except.includes(operation.name) ? null : toRequest('POST', '/graphql', toBody(operation, learning), HEADERS);
}

/** Creates a request of Kling's API. */
function klingRequest({ kling }: Operation): Buffer | null {
  return kling === null ? null : toRequest(kling.method, kling.path, kling.body);
}

/** Creates a plain GET for the one operation of a Worker. */
function plainRequest(only: OperationName | null): Server['request'] {
  return ({ name }) => (name === only ? toRequest('GET', '/', '') : null);
}

/** The gateway with its production settings: tokens, limits and log. */
export const GATEWAY: WorkerOptions = {
  name: 'gateway',
  title: 'gateway',
  words: 'SCHEMA',
  config: 'wrangler.toml',
  request: graphqlRequest(),
  vars: (port) => ({
    ENVIRONMENT: 'development',
    ...TEST_AUTH,
    KLING_CONCURRENCY: '1000',
    CALLBACK_SECRET: randomBytes(24).toString('hex'),
    PUBLIC_URL: `http://127.0.0.1:${port}`,
  }),
};

function bare(name: string, title: string, more: Pick<Server, 'words' | 'request'>): WorkerOptions {
  return { name, title, config: `${WORKERS}/wrangler.toml`, entry: `${WORKERS}/${name}.ts`, ...more };
}

const WORKER_SERVERS: readonly WorkerOptions[] = [
  GATEWAY,
  bare('pass-through', 'pass-through Worker', { words: 'KLING', request: klingRequest }),
  bare('parse-and-print', 'parse-and-print Worker', { words: 'KLING', request: klingRequest }),
  bare('hand-written', 'hand-written Worker', { words: 'SCHEMA', request: plainRequest('fan-out') }),
  {
    ...bare('guarded', 'hand-written Worker with tokens, limits and a log', {
      words: 'SCHEMA',
      request: graphqlRequest('ledger', 'mutation', 'persisted'),
    }),
    vars: () => TEST_AUTH,
  },
  {
    name: 'object',
    title: 'Worker and object',
    words: 'SCHEMA',
    config: `${WORKERS}/object/wrangler.toml`,
    request: plainRequest('ledger'),
  },
];

/** The baseline of startup times. */
export const EMPTY: WorkerOptions = bare('empty', 'empty Worker', { words: 'KLING', request: plainRequest('task') });

/** Default Yoga and Pothos, from this project's packages. */
const YOGA: WorkerOptions = {
  name: 'yoga',
  title: 'default Yoga + Pothos',
  words: 'SCHEMA',
  config: `${WORKERS}/yoga/wrangler.toml`,
  request: graphqlRequest('ledger', 'voices', 'persisted'),
};

/** The peers with their own packages. They store no tasks. Only Apollo caches documents by hash by default. */
const PEERS: readonly { readonly packages: readonly string[]; readonly peer: WorkerOptions | NodeOptions }[] = [
  {
    packages: ['@apollo/server', '@as-integrations/cloudflare-workers'],
    peer: {
      name: 'apollo-worker',
      title: 'Apollo Server on workerd',
      words: 'SCHEMA',
      config: 'test/bench/peers/apollo-worker/wrangler.toml',
      request: graphqlRequest('ledger', 'voices'),
    },
  },
  {
    packages: ['@apollo/server', '@apollo/datasource-rest'],
    peer: {
      name: 'apollo-node',
      title: 'Apollo Server on Node',
      words: 'SCHEMA',
      script: 'apollo.ts',
      request: graphqlRequest('ledger', 'voices'),
    },
  },
  {
    packages: ['fastify', 'mercurius', 'graphql-jit'],
    peer: {
      name: 'mercurius',
      title: 'Mercurius + graphql-jit on Node',
      words: 'SCHEMA',
      script: 'mercurius.ts',
      request: graphqlRequest('ledger', 'voices', 'persisted'),
    },
  },
  {
    packages: ['@graphql-hive/gateway', '@graphql-mesh/compose-cli', '@omnigraph/openapi'],
    peer: {
      name: 'hive',
      title: 'Hive Gateway over OpenAPI on Node',
      words: 'OPENAPI',
      script: 'hive/server.ts',
      prepare: 'hive/compose.ts',
      request(operation) {
        const query = HIVE_QUERIES[operation.name];
        return query === undefined ? null : graphqlRequest()({ ...operation, query });
      },
    },
  },
];

const ALL = [...WORKER_SERVERS, YOGA, ...PEERS.map(({ peer }) => peer)];

/**
 * Returns the servers that can be measured here, and a reason for each other one. `only` lists names of servers, and is empty
 * for all. `beside` lists folders of other checkouts whose gateways are measured too.
 */
export async function createServers(
  place: Place,
  only: readonly string[],
  beside: readonly string[],
): Promise<{ readonly servers: readonly Server[]; readonly missing: readonly string[] }> {
  const unknown = only.filter((name) => !ALL.some((server) => server.name === name));
  if (unknown.length > 0) throw new Error(`--only: there is no ${unknown.join(', ')}`);
  const servers: Server[] = [];
  const missing: string[] = [];
  for (const options of ALL) {
    if (only.length > 0 && !only.includes(options.name)) continue;
    const { packages = [] } = PEERS.find(({ peer }) => peer === options) ?? {};
    if (!isInstalled(packages)) {
      missing.push(`${options.name}: its packages are not installed: npm ci --prefix test/bench/peers`);
    } else if ('script' in options) servers.push(await createNodeServer(place, options));
    else servers.push(await createWorkerServer(place, options));
  }
  for (const folder of beside) {
    const root = resolve(folder);
    // Its own task would have another id, and its hash would be unknown.
    const request = graphqlRequest('ledger', 'persisted');
    servers.push(await createWorkerServer(place, { ...GATEWAY, name: basename(root), title: root, root, request }));
  }
  return { servers, missing };
}
