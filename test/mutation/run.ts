/**
 * `npm run bench -- mutation`: changes single lines of security code, and counts the changes that no test detects. Runs each
 * group of files separately, see group.mjs.
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
