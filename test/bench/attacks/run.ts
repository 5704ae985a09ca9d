/**
 * `npm run bench -- attacks`: measures the cost of hostile clients for the built Worker and for honest clients. It has three
 * parts: `requests` sends each hostile request; `tenants` measures tenant B during each attack of tenant A; `bounds` runs an app
 * at the documented bounds. Exits with 1 if a target is missed, or if an honest client is not served.
 *
 * Options: `--part requests|tenants|bounds`, `--only TEXT` in a name, `--times 50` for requests, `--seconds 20` and
 * `--idle-seconds 8` for tenants. All processes share this machine's cores, so other work distorts the figures.
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

// An exit for any reason kills the processes under test.
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
