/**
 * `npm run bench -- outage`: counts the requests to Kling during an outage, and measures the time after it until every task is
 * final. It runs one outage for each kind, all concurrently, each with its own workerd and fake Kling. Exits with 1 if Kling gets
 * more than 60 requests in a minute of the second half. Exits with 1 if a task is not final 60 s after the outage.
 *
 * Options: `--minutes 10` of outage, `--tasks 30` of `--tenants 10`, `--only reset,envelope,maintenance,hang`.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildWorker } from '../../node/raw-workerd.ts';
import { FAULTS } from './fake-kling.ts';
import { measureOutage, type Outage } from './measure.ts';

const REQUESTS_PER_MINUTE_MAX = 60;
const FINAL_AFTER_MS_MAX = 60_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    tasks: { type: 'string', default: '30' },
    tenants: { type: 'string', default: '10' },
    only: { type: 'string', default: FAULTS.join() },
  },
});

// An exit for any reason kills the processes under test.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));

function problemsOf({ perMinute, finalAfterMs, madeTwice }: Outage): readonly string[] {
  const most = Math.max(...perMinute.slice(Math.floor(perMinute.length / 2)));
  return [
    ...(most > REQUESTS_PER_MINUTE_MAX ? [`${most} requests in a minute of the second half`] : []),
    ...(finalAfterMs === null || finalAfterMs > FINAL_AFTER_MS_MAX ? ['tasks are not final in time'] : []),
    ...(madeTwice > 0 ? [`${madeTwice} tasks were made twice`] : []),
  ];
}

const faults = FAULTS.filter((fault) => values.only.split(',').includes(fault));
const dir = mkdtempSync(join(tmpdir(), 'kling-gateway-outage-script-'));
process.once('exit', () => rmSync(dir, { recursive: true, force: true, maxRetries: 3 }));
const worker = await buildWorker('wrangler.toml', dir);
const options = { minutes: Number(values.minutes), tasks: Number(values.tasks), tenants: Number(values.tenants) };
const outages = await Promise.all(faults.map((fault) => measureOutage(worker, fault, options)));

process.stdout.write(`an outage of ${values.minutes} minutes, ${values.tasks} tasks of ${values.tenants} tenants\n`);
let isBroken = false;
for (const outage of outages) {
  const { fault, perMinute, finalAfterMs, requestsAfter } = outage;
  const final = finalAfterMs === null ? 'never' : `${(finalAfterMs / 1_000).toFixed(1)} s after it`;
  process.stdout.write(
    `${fault.padEnd(12)} requests a minute ${perMinute.join(' ')}; all final ${final}, by ${requestsAfter} requests\n`,
  );
  for (const problem of problemsOf(outage)) {
    process.stdout.write(`FAILED ${fault}: ${problem}\n`);
    isBroken = true;
  }
}
process.exit(isBroken ? 1 : 0);
