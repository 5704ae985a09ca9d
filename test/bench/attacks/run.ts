/**
 * `npm run bench -- attacks`: what hostile clients cost the built Worker, in a workerd of its own, and the others. Three
 * parts: `requests`, each hostile request by itself; `tenants`, tenant B beside each attack of tenant A; `bounds`, an app
 * at the documented bounds. Exits with 1 when one takes longer than it may, or when somebody honest is not served.
 *
 * `--part requests|tenants|bounds`, `--only TEXT` in a name; `--times 50` for requests; `--seconds 20` and
 * `--idle-seconds 8` for tenants. All share this machine's cores: beside other work the figures say little.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildWorker } from '../../node/raw-workerd.ts';
import { runBoundChecks } from './bounds/checks.ts';
import { runRequestAttacks } from './requests.ts';
import { runTenantAttacks } from './tenants/measure.ts';

const { values } = parseArgs({
  options: {
    part: { type: 'string', default: 'all' },
    only: { type: 'string', default: '' },
    times: { type: 'string', default: '50' },
    seconds: { type: 'string', default: '20' },
    'idle-seconds': { type: 'string', default: '8' },
  },
});

// The processes under test are killed on exit, whatever the reason.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));

const has = (part: string): boolean => values.part === 'all' || values.part === part;

const problems: string[] = [];
if (has('requests')) problems.push(...(await runRequestAttacks(values.only, Number(values.times))));
if (has('tenants') || has('bounds')) {
  const dir = mkdtempSync(join(tmpdir(), 'kling-gateway-attacks-'));
  process.once('exit', () => rmSync(dir, { recursive: true, force: true, maxRetries: 3 }));
  const worker = await buildWorker('wrangler.toml', dir);
  const durations = { seconds: Number(values.seconds), idleSeconds: Number(values['idle-seconds']) };
  if (has('tenants')) problems.push(...(await runTenantAttacks(worker, values.only, durations)));
  if (has('bounds')) problems.push(...(await runBoundChecks(worker, values.only)));
}

for (const problem of problems.slice(0, 40)) process.stdout.write(`FAILED ${problem}\n`);
process.exit(problems.length > 0 ? 1 : 0);
