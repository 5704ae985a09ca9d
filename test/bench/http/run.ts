/**
 * `npm run bench -- http`: compares the gateway with simple baselines and with other GraphQL servers, all in front of the same
 * fake Kling. Each server has its own process. Servers take turns, and ratios compare adjacent rounds. If there are two cores and
 * `taskset`, the servers run on the last core. Each first answer is checked before the measurement. The run fails at the first
 * later answer with other bytes.
 *
 * Options: `--rounds 11`, `--seconds 1`, `--only yoga,apollo-node`, `--operations task,page`, `--connections 1,32,128`;
 * `--beside ../before` adds the gateway of another checkout; `--no-cold` skips the cold starts; `--profile` takes a CPU profile of
 * the gateway instead. Writes test-artefacts/bench.json. The other servers need `npm ci --prefix test/bench/peers` once, and are
 * skipped without it. Linux only.
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { measureCold } from './cold.ts';
import { CAN_PIN, leaveLastCore } from './cores.ts';
import { startKling } from './kling/start.ts';
import { WrongAnswer } from './load.ts';
import { measure } from './measure.ts';
import { readOptions } from './options.ts';
import { profileGateway } from './profile.ts';
import { toReport, toText } from './report.ts';
import { createServers, EMPTY } from './servers.ts';
import { createWorkerServer } from './worker-server.ts';

const ARTEFACTS = join(import.meta.dirname, '../../../test-artefacts');

const { rounds, seconds, only, beside, scenarios, cold, profile } = readOptions();

// An exit for any reason kills the processes under test.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));
const dir = mkdtempSync(join(tmpdir(), 'kling-gateway-bench-'));
process.once('exit', () => rmSync(dir, { recursive: true, force: true, maxRetries: 3 }));

/** Prints progress on stderr, so that stdout has only the report. */
function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}

leaveLastCore();
mkdirSync(ARTEFACTS, { recursive: true });
const kling = await startKling();
const place = { klingUrl: kling.url, dir };
try {
  if (profile) {
    process.stdout.write(`${await profileGateway(kling, place, { scenarios, seconds, artefacts: ARTEFACTS })}\n`);
  } else {
    const { servers, missing } = await createServers(place, only, beside);
    const plan = { rounds, seconds, scenarios, onProgress: tell };
    const { measured, footprints, answers } = await measure(kling, servers, plan);
    const starting = cold ? [await createWorkerServer(place, EMPTY), ...servers] : [];
    if (cold) tell('cold processes');
    const report = toReport(measured, footprints, await measureCold(starting, answers, rounds));
    process.stdout.write(`${toText(report)}\n`);
    for (const line of missing) process.stdout.write(`not measured: ${line}\n`);
    const machine = { cores: availableParallelism(), pinned: CAN_PIN, node: process.version };
    const json = JSON.stringify({ rounds, seconds, machine, missing, ...report }, null, 2);
    writeFileSync(join(ARTEFACTS, 'bench.json'), `${json}\n`);
  }
} catch (error) {
  if (!(error instanceof WrongAnswer)) throw error;
  process.stderr.write(`WRONG ANSWER: ${error.message}\n`);
  process.exitCode = 1;
} finally {
  kling.close();
}
process.exit();
