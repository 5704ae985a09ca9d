import { join } from 'node:path';
import { cloudflareTest } from '@cloudflare/vitest-plugin';
import type { Request } from 'miniflare';
import { defineConfig } from 'vitest/config';
import { receive } from './receiver.ts';

const root = join(import.meta.dirname, '../..');

export default defineConfig({
  root,
  plugins: [
    cloudflareTest({
      wrangler: { configPath: join(root, 'src/sandbox/wrangler.toml') },
      miniflare: { outboundService: async (request: Request) => await receive(request) },
    }),
  ],
  test: {
    include: ['test/sandbox/**/*.test.ts'],
    expect: { poll: { timeout: 15_000, interval: 20 } },
    testTimeout: 60_000,
  },
});
