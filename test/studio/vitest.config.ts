import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** The studio in a real browser, against what `npm start` runs: `wrangler dev` with the static files, and the sandbox. */
export default defineConfig({
  root: join(import.meta.dirname, '../..'),
  test: {
    include: ['test/studio/**/*.test.ts'],
    globalSetup: ['test/studio/start-servers.ts'],
    expect: { poll: { timeout: 15_000, interval: 25 } },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    fileParallelism: false,
  },
});
