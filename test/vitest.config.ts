import { dirname, join } from 'node:path';
import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { fetch, type Request } from 'miniflare';
import type { Plugin } from 'vite';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import './node/start-sandbox.ts';
import { receive } from './sandbox/receiver.ts';
import { TEST_AUTH } from './support/token.ts';
import { receiveWebhook } from './webhooks/receiver.ts';

const root = join(import.meta.dirname, '..');

const COMMON = {
  // Read by test/support/depth.ts.
  env: { TEST_DEPTH: process.env['TEST_DEPTH'] ?? '' },
  // A limit finds what hangs. It must not fail a test on a busy machine.
  expect: { poll: { timeout: 15_000, interval: 20 } },
  testTimeout: 60_000,
  hookTimeout: 60_000,
} as const;

/**
 * Files share two runtimes, one for each core: starting one takes longer than most files. test/support/fresh-worker.ts
 * resets it before each file.
 */
const IN_WORKERD = { isolate: false, maxWorkers: 2, sequence: { setupFiles: 'list' } } as const;

/**
 * Empties the part of mediabunny for Node, as its package.json asks of bundlers. Vitest 5.1 would import the module `node:`
 * instead, which workerd lacks.
 */
const withoutNode: Plugin = {
  name: 'without-node',
  enforce: 'pre',
  load: {
    filter: { id: /\/mediabunny\/dist\/modules\/src\/node\.js$/ },
    handler: () => 'export const fs = undefined;',
  },
  resolveId: {
    filter: { id: /^\.\/node\.js$/ },
    handler: (id, importer) => (importer?.includes('/mediabunny/') ? join(dirname(importer), id) : null),
  },
};

/** The gateway in workerd, through its own fetch, against the sandbox over HTTP. */
export const gateway: TestProjectInlineConfiguration = {
  root,
  plugins: [
    withoutNode,
    cloudflareTest(({ inject }) => {
      const sandboxUrl = inject('sandboxUrl');
      return {
        wrangler: { configPath: join(root, 'wrangler.toml') },
        miniflare: {
          bindings: {
            ENVIRONMENT: 'development',
            ...TEST_AUTH,
            KLING_BASE_URL: sandboxUrl,
            KLING_ACCESS_KEY: 'sandbox-access-key-workerd',
            KLING_SECRET_KEY: 'sandbox-secret-key-of-thirty-two-bytes',
            KLING_CONCURRENCY: '1000',
            PUBLIC_URL: 'http://localhost:1',
            CALLBACK_SECRET: 'callback-secret-of-the-tests-0123456789',
            SANDBOX_URL: sandboxUrl,
            // The tests of archived results turn it on: the others need no copies.
            ARCHIVE_RESULTS: 'off',
          },
          // Tests of many requests are no flood.
          ratelimits: { REQUEST_RATE: { namespace_id: '1001', simple: { limit: 1_000_000, period: 10 } } },
          // Only the sandbox and the receiver of webhooks are reached. Any other request is a test's mistake, never traffic.
          outboundService: async (request: Request) =>
            request.url.startsWith(`${sandboxUrl}/`) ? await fetch(request) : await receiveWebhook(request),
        },
      };
    }),
  ],
  test: {
    ...COMMON,
    ...IN_WORKERD,
    name: 'gateway',
    sequence: { ...IN_WORKERD.sequence, groupOrder: 1 },
    globalSetup: [join(root, 'test/node/start-sandbox.ts')],
    setupFiles: [join(root, 'test/support/fresh-worker.ts'), join(root, 'test/support/watch-console.ts')],
    include: [
      'test/{domain,kling,lib,auth,schema,engine,graphql,http,ledger,account,hub,media,webhooks,security}/**/*.test.ts',
      'test/*.test.ts',
    ],
  },
};

/** The sandbox in workerd, with a receiver for its callbacks. */
const sandbox: TestProjectInlineConfiguration = {
  root,
  plugins: [
    withoutNode,
    cloudflareTest({
      wrangler: { configPath: join(root, 'src/sandbox/wrangler.toml') },
      miniflare: { outboundService: async (request: Request) => await receive(request) },
    }),
  ],
  test: {
    ...COMMON,
    ...IN_WORKERD,
    name: 'sandbox',
    sequence: { ...IN_WORKERD.sequence, groupOrder: 2 },
    setupFiles: [join(root, 'test/support/fresh-worker.ts')],
    include: ['test/sandbox/**/*.test.ts'],
  },
};

/** Whole programs over real HTTP: the gateway and the sandbox run in workerd, the tests in Node, as clients do. */
const node: TestProjectInlineConfiguration = {
  root,
  test: {
    ...COMMON,
    name: 'node',
    include: ['test/node/**/*.test.ts', 'test/clients/**/*.test.ts'],
    // Files of one process share what they have built and imported.
    isolate: false,
    maxWorkers: 2,
    sequence: { groupOrder: 3 },
  },
};

/** The studio in a real browser, against what `npm start` runs: `wrangler dev` with the static files, and the sandbox. */
const studio: TestProjectInlineConfiguration = {
  root,
  test: {
    ...COMMON,
    name: 'studio',
    include: ['test/studio/**/*.test.ts'],
    globalSetup: [join(root, 'test/studio/start-servers.ts')],
    isolate: false,
    maxWorkers: 2,
    sequence: { groupOrder: 4 },
  },
};

export default defineConfig({ root, test: { silent: 'passed-only', projects: [gateway, sandbox, node, studio] } });
