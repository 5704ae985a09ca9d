/**
 * `npm run bench -- history`: measures the CPU of operations of a tenant with a long history, and the bytes of a task before and
 * after its retention. Each size of the history has its own workerd, and all take turns. Exits with 1 if an operation costs more
 * than 1.3 times its cost with the smallest history.
 *
 * Options: `--sizes 100,1000,10000,100000` of tasks, events, face scans and paid calls each, `--rounds 9`.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildWorker } from '../../node/raw-workerd.ts';
import { startFakeKling } from '../outage/fake-kling.ts';
import { quartiles } from '../quartiles.ts';
import { OPERATIONS, startTenant, type Tenant } from './tenant.ts';

const RATIO_MAX = 1.3;

const { values } = parseArgs({
  options: { sizes: { type: 'string', default: '100,1000,10000,100000' }, rounds: { type: 'string', default: '9' } },
});
const sizes = values.sizes.split(',').map(Number);

// An exit for any reason kills the processes under test.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));

const dir = mkdtempSync(join(tmpdir(), 'kling-gateway-history-'));
process.once('exit', () => rmSync(dir, { recursive: true, force: true, maxRetries: 3 }));
const worker = await buildWorker('wrangler.toml', join(dir, 'script'), 'test/node/worker/ringing-entry.ts');
const kling = await startFakeKling(0);
const tenants: Tenant[] = [];
for (const size of sizes)
  tenants.push(await startTenant(worker, { dir: join(dir, `${size}`), klingUrl: kling.url, size }));

/** The CPU of an operation in microseconds, by its name and the size of the history. One figure for each round. */
const figures = new Map(Object.keys(OPERATIONS).map((name) => [name, sizes.map((): number[] => [])]));
for (let round = 0; round <= Number(values.rounds); round += 1) {
  for (const [name, operation] of Object.entries(OPERATIONS)) {
    // Each round starts with another tenant, because the processor slows down during a round.
    for (let i = 0; i < tenants.length; i += 1) {
      const at = (i + round) % tenants.length;
      const us = await tenants[at]!.measure(operation);
      if (round > 0) figures.get(name)![at]!.push(us);
    }
  }
}

process.stdout.write(
  `CPU of one operation in microseconds (ratio), with so many tasks, events, scans and paid calls each\n`,
);
process.stdout.write(`${''.padEnd(28)}${sizes.map((size) => String(size).padStart(16)).join('')}\n`);
let isBroken = false;
for (const [name, columns] of figures) {
  const medians = columns.map((column) => quartiles(column).median);
  const ratios = medians.map((median) => median / (medians[0] ?? median));
  const cells = medians.map((median, i) => `${median.toFixed(0)} (${ratios[i]!.toFixed(2)})`.padStart(16));
  process.stdout.write(`${name.padEnd(28)}${cells.join('')}\n`);
  for (const [i, ratio] of ratios.entries()) {
    if (ratio <= RATIO_MAX) continue;
    process.stdout.write(`FAILED ${name}: ${ratio.toFixed(2)} times as much with ${sizes[i]} as with ${sizes[0]}\n`);
    isBroken = true;
  }
}
for (const tenant of tenants) process.stdout.write(`${await tenant.retain()}\n`);
await kling.close();
process.exit(isBroken ? 1 : 0);
