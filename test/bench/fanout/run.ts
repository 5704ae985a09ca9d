/**
 * `npm run bench -- fanout`: measures the time of one event from Kling's callback to the last of many WebSockets, and its CPU.
 *
 * It compares four sides: the gateway in workerd, on disk; Node with Yoga and graphql-ws, the same schema and no storage; and
 * two lower limits that send one prepared message, a bare object in workerd and Node. All share the cores of this machine with
 * the process of the sockets. So ratios say more than times.
 *
 * Options: `--sockets 100,1000,5000`, `--rounds 7`, and `--json FILE` to write the figures. Exits with 1 if a socket did not
 * receive exactly the expected messages. Linux only. 5,000 sockets need 14,000 open files in this process, and as many in the
 * servers.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildWorker } from '../../node/raw-workerd.ts';
import { measure, WrongAnswer } from './measure.ts';
import { toRows, toText, type Row } from './report.ts';

const { values } = parseArgs({
  options: {
    sockets: { type: 'string', default: '100,1000,5000' },
    rounds: { type: 'string', default: '7' },
    json: { type: 'string' },
  },
});

/** The number of sockets that the four shards of the pool accept. */
const SOCKETS_MAX = 10_000;

function count(option: string, text: string, max: number): number {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > max) throw new Error(`--${option} takes whole numbers from 1 to ${max}`);
  return value;
}

const rounds = count('rounds', values.rounds, 1_000);
const sizes = values.sockets.split(',').map((text) => count('sockets', text, SOCKETS_MAX));

// An exit for any reason kills the processes under test.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));

const dir = mkdtempSync(join(tmpdir(), 'kling-gateway-fanout-'));
process.once('exit', () => rmSync(dir, { recursive: true, force: true, maxRetries: 3 }));
try {
  const gateway = await buildWorker('wrangler.toml', join(dir, 'gateway'));
  const hub = await buildWorker('test/bench/http/workers/hub/wrangler.toml', join(dir, 'hub'));
  const rows: Row[] = [];
  for (const sockets of sizes) rows.push(...toRows(await measure({ gateway, hub }, { sockets, rounds })));
  process.stdout.write(`${toText(rows)}\n`);
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ rounds, rows }, null, 2)}\n`);
} catch (error) {
  if (!(error instanceof WrongAnswer)) throw error;
  process.stderr.write(`WRONG ANSWER: ${error.message}\n`);
  process.exitCode = 1;
}
