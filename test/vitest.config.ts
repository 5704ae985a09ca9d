import { join } from 'node:path';
import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { fetch, type Request, Response } from 'miniflare';
import { defineConfig } from 'vitest/config';
import { unstable_readConfig as readWranglerConfig } from 'wrangler';
import './node/start-sandbox.ts';
import { TEST_AUTH } from './support/token.ts';

const root = join(import.meta.dirname, '..');

/** As Wrangler bundles it. What is named by a relative path is within a package, and replaced in the bundle alone: test/node and test/clients run that. */
const alias = Object.fromEntries(
  Object.entries(readWranglerConfig({ config: join(root, 'wrangler.toml') }).alias ?? {})
    .filter(([name]) => !name.startsWith('.'))
    .map(([name, file]) => [name, join(root, String(file))]),
);

/** The gateway in workerd, through its own fetch, against the sandbox over HTTP. */
export default defineConfig({
  root,
  resolve: { alias },
  plugins: [
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
          },
          // Tests of many requests are no flood.
          ratelimits: { REQUEST_RATE: { namespace_id: '1001', simple: { limit: 1_000_000, period: 10 } } },
          // Only the sandbox is reached. Any other request is a test's mistake, never traffic.
          outboundService: (request: Request) =>
            request.url.startsWith(`${sandboxUrl}/`)
              ? fetch(request)
              : new Response(`unclaimed request to ${request.url}`, { status: 599 }),
        },
      };
    }),
  ],
  test: {
    setupFiles: [join(root, 'test/support/watch-console.ts')],
    globalSetup: [join(root, 'test/node/start-sandbox.ts')],
    include: [
      'test/{domain,kling,lib,auth,schema,engine,graphql,http,ledger,account,hub,security}/**/*.test.ts',
      'test/*.test.ts',
    ],
    expect: { poll: { timeout: 15_000, interval: 20 } },
    testTimeout: 60_000,
    silent: 'passed-only',
  },
});
