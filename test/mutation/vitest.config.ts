import { join } from 'node:path';
import { configDefaults, defineConfig } from 'vitest/config';

/**
 * Runs the tests of tokens, scopes, callbacks and Kling's lip-syncs in Node. They do not need the Workers runtime, and a
 * mutant takes a third of a second in Node. `npm test` runs the same files in workerd.
 */
export default defineConfig({
  root: join(import.meta.dirname, '../..'),
  test: {
    include: [
      'test/auth/**/*.test.ts',
      'test/http/callback*.test.ts',
      'test/security/callback*.test.ts',
      'test/kling/lip-sync.test.ts',
      'test/ledger/ingest.test.ts',
    ],
    exclude: [...configDefaults.exclude, 'test/auth/issuer-keys.test.ts'],
    setupFiles: [join(import.meta.dirname, 'same-seed.ts')],
    testTimeout: 20_000,
  },
});
