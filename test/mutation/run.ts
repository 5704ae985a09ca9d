/**
 * `npm run bench -- mutation`: how many small mistakes, in what decides who may do what, the tests find. Each group of
 * files is tried by itself: see group.mjs.
 */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

for (const group of ['object', 'auth', 'callbacks', 'domain']) {
  const { status } = spawnSync('stryker', ['run', join(import.meta.dirname, `${group}.config.mjs`)], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}
await import('./print-scores.ts');
