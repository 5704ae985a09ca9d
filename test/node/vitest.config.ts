import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** Whole programs over real HTTP: the gateway and the sandbox run in workerd, the tests in Node, as clients do. */
export default defineConfig({
  root: join(import.meta.dirname, '../..'),
  test: {
    include: ['test/node/**/*.test.ts', 'test/clients/**/*.test.ts'],
    expect: { poll: { timeout: 15_000, interval: 25 } },
    testTimeout: 60_000,
    silent: 'passed-only',
    hookTimeout: 60_000,
    fileParallelism: false,
  },
});
