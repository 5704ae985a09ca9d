import { startStack } from '../../node/gateway-stack.ts';
import { sendOperation } from '../../node/send-operation.ts';
import { percentile } from '../percentile.ts';
import { ATTACKS } from './attacks.ts';

const P99_MS_MAX = 100;

/**
 * Sends each attack `times` times, with an honest request after each, and prints the latency of both. Returns problems: a 5xx,
 * a stack in an answer, a p99 of 100 ms or more.
 */
export async function runRequestAttacks(only: string, times: number): Promise<readonly string[]> {
  const attacks = ATTACKS.filter(({ name }) => name.includes(only));
  if (attacks.length === 0) return [];
  const stack = await startStack();
  const { url } = stack.gateway;
  const honest: number[] = [];

  async function askHonestly(): Promise<void> {
    const startedAtMs = performance.now();
    await sendOperation(url, { query: '{ tasks { edges { cursor } } }', variables: {} }, null);
    honest.push(performance.now() - startedAtMs);
  }

  const problems: string[] = [];
  const lines: { readonly text: string; readonly p99: number }[] = [];
  try {
    for (const { name, send } of attacks) {
      const ms: number[] = [];
      const statuses = new Set<number>();
      for (let i = 0; i < times; i += 1) {
        const startedAtMs = performance.now();
        // A body that is refused before it is read may reset the connection. That counts as an answer.
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
  return problems;
}
