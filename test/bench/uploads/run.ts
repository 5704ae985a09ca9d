/**
 * `npm run bench -- uploads [--uploads 20 --megabytes 100 --rounds 3]`: measures the memory and the throughput of concurrent
 * uploads, beside a Worker that only streams the same parts into the bucket. Both run on the local simulator, in turn.
 * Fails if the gateway needs more than 1.2 times the memory, or has less than half of the throughput. Linux only.
 */

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { CHUNK_BYTES, startBare, startGateway, type UploadServer } from './servers.ts';

const { values } = parseArgs({
  options: {
    uploads: { type: 'string', default: '20' },
    megabytes: { type: 'string', default: '100' },
    rounds: { type: 'string', default: '3' },
  },
});
const uploads = Number(values.uploads);
const bytes = Number(values.megabytes) * 1_000_000;
const chunk = Uint8Array.from(randomBytes(CHUNK_BYTES));

const MEMORY_RATIO_MAX = 1.2;
const THROUGHPUT_RATIO_MIN = 0.5;

/** The most memory in MB, how much it grew, and the throughput in MB/s. */
interface Figures {
  readonly peakMb: number;
  readonly grownMb: number;
  readonly mbPerS: number;
}

function residentMb(server: UploadServer): number {
  const kb = server
    .pids()
    .map((pid) => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0));
  return kb.reduce((sum, one) => sum + one, 0) / 1_000;
}

/** Measures one server, which is started for it. */
async function measure(start: () => Promise<UploadServer>): Promise<Figures> {
  const server = await start();
  await server.upload(CHUNK_BYTES, chunk);
  const beforeMb = residentMb(server);
  let peakMb = beforeMb;
  const sampling = setInterval(() => {
    peakMb = Math.max(peakMb, residentMb(server));
  }, 100);
  const startedAtMs = performance.now();
  await Promise.all(Array.from({ length: uploads }, () => server.upload(bytes, chunk)));
  const seconds = (performance.now() - startedAtMs) / 1_000;
  clearInterval(sampling);
  await server.close();
  return { peakMb, grownMb: peakMb - beforeMb, mbPerS: (uploads * bytes) / 1_000_000 / seconds };
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

const rounds: { readonly gateway: Figures; readonly bare: Figures }[] = [];
for (let round = 1; round <= Number(values.rounds); round += 1) {
  const bare = await measure(startBare);
  const gateway = await measure(startGateway);
  rounds.push({ gateway, bare });
  for (const [name, { peakMb, grownMb, mbPerS }] of Object.entries({ bare, gateway })) {
    const figures = `${peakMb.toFixed(0)} MB at most, ${grownMb.toFixed(0)} MB more than before, ${mbPerS.toFixed(1)} MB/s`;
    process.stdout.write(`round ${round}, ${name}: ${figures}\n`);
  }
}
const memory = median(rounds.map(({ gateway, bare }) => gateway.peakMb / bare.peakMb));
const throughput = median(rounds.map(({ gateway, bare }) => gateway.mbPerS / bare.mbPerS));
process.stdout.write(`${uploads} uploads of ${values.megabytes} MB: ${memory.toFixed(2)} x the memory (at most 1.2), `);
process.stdout.write(`${throughput.toFixed(2)} x the throughput (at least 0.5)\n`);
process.exitCode = memory <= MEMORY_RATIO_MAX && throughput >= THROUGHPUT_RATIO_MIN ? 0 : 1;
