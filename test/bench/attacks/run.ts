/**
 * `npm run bench:attacks [-- --times 50 --only base64]`: how long each kind of attack waits for its answer, one after the other, at the
 * built Worker in a workerd of its own, and whether an honest request next to it waits as well. Fails for a 5xx, for a
 * stack in an answer, and where one in a hundred takes 100 ms or more.
 */

import { parseArgs } from 'node:util';
import { startStack } from '../../node/gateway-stack.ts';
import { sendOperation } from '../../node/send-operation.ts';
import { ATTACKS } from './attacks.ts';

const P99_MS_MAX = 100;

const { values } = parseArgs({
  options: { times: { type: 'string', default: '50' }, only: { type: 'string', default: '' } },
});
const times = Number(values.times);

const stack = await startStack();
const { url } = stack.gateway;

/** What somebody else's request takes meanwhile. */
const honest: number[] = [];

async function askHonestly(): Promise<void> {
  const startedAtMs = performance.now();
  await sendOperation(url, { query: '{ tasks { edges { cursor } } }', variables: {} }, null);
  honest.push(performance.now() - startedAtMs);
}

function percentile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN;
}

const problems: string[] = [];
const lines: { readonly text: string; readonly p99: number }[] = [];
try {
  for (const { name, send } of ATTACKS.filter((attack) => attack.name.includes(values.only))) {
    const ms: number[] = [];
    const statuses = new Set<number>();
    for (let i = 0; i < times; i += 1) {
      const startedAtMs = performance.now();
      // A body that is refused before it was read may reset the connection: that is an answer too.
      const { status, text } = await send(url).catch(() => ({ status: 0, text: '' }));
      ms.push(performance.now() - startedAtMs);
      statuses.add(status);
      if (status >= 500 || /\bat .+\.[jt]s:\d/.test(text)) problems.push(`${name}: ${status} ${text.slice(0, 200)}`);
      await askHonestly();
    }
    ms.sort((a, b) => a - b);
    const p99 = percentile(ms, 0.99);
    if (p99 >= P99_MS_MAX) problems.push(`${name}: one in a hundred takes ${p99.toFixed(0)} ms`);
    const figures = [percentile(ms, 0.5), p99].map((value) => value.toFixed(1).padStart(7)).join('  ');
    lines.push({ text: `${figures}  ${[...statuses].join(',').padEnd(8)} ${name}`, p99 });
  }
} finally {
  await stack.close();
}

process.stdout.write(`p50 ms   p99 ms   status   attack (${times} times each)\n`);
for (const { text } of lines.toSorted((a, b) => b.p99 - a.p99)) process.stdout.write(`${text}\n`);
const beside = honest.toSorted((a, b) => a - b);
process.stdout.write(
  `an honest request after each: p50 ${percentile(beside, 0.5).toFixed(1)} ms, p99 ${percentile(beside, 0.99).toFixed(1)} ms\n`,
);
for (const problem of problems.slice(0, 10)) process.stdout.write(`FAILED ${problem}\n`);
process.exit(problems.length > 0 ? 1 : 0);
