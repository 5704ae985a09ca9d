/**
 * `npm run bench -- http`: what the gateway costs beside the least that does the same, and beside other GraphQL servers in front of
 * the same fake Kling, each in a process of its own. They take turns, and ratios are of rounds that came one after the other.
 * Where there are two cores and `taskset`, the servers have the last one to themselves. Before anything is measured, every
 * answer is checked to be right, and after that to stay the same byte by byte: the run fails at the first that does not.
 *
 * `--rounds 11 --seconds 1`; `--only yoga,apollo-node`, `--operations task,page` and `--connections 1,32,128` choose;
 * `--beside ../before` measures the gateway of another checkout too, and with `--only gateway` nothing else;
 * `--no-cold` starts nothing anew; `--profile` takes a CPU profile of the gateway instead. Writes test-artefacts/bench.json
 * too. The peers that are not of this project need `npm ci --prefix test/bench/peers` once; without it they are left out.
 * Linux.
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

// The processes under test are killed on exit, whatever the reason.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));
const dir = mkdtempSync(join(tmpdir(), 'kling-gateway-bench-'));
process.once('exit', () => rmSync(dir, { recursive: true, force: true, maxRetries: 3 }));

/** Where a run is: on stderr, so that the report alone is on stdout. */
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
