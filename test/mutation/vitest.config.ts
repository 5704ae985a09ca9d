import { join } from 'node:path';
import { configDefaults, defineConfig } from 'vitest/config';

/**
 * The tests of tokens, scopes and callbacks, in Node: none of them needs the Workers runtime, and a mutant is tried there
 * in a third of a second. `npm test` runs the same files in workerd.
 */
export default defineConfig({
  root: join(import.meta.dirname, '../..'),
  test: {
    include: [
      'test/auth/**/*.test.ts',
      'test/http/callback*.test.ts',
      'test/security/callback*.test.ts',
      'test/ledger/ingest.test.ts',
    ],
    exclude: [...configDefaults.exclude, 'test/auth/issuer-keys.test.ts'],
    setupFiles: [join(import.meta.dirname, 'same-seed.ts')],
    testTimeout: 20_000,
  },
});
