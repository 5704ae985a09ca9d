/**
 * `npm run bench -- slow-reader [--rounds 5 --events 45]`: measures the time of an event to its last reader in three phases:
 * while another socket of the hub, with 64 large operations, stops reading and is cut; while that socket reads; and without that
 * socket. The phases alternate. The Worker runs in a bare workerd on disk, and calls the sandbox.
 */

import { parseArgs } from 'node:util';
import { startStack } from '../../node/gateway-stack.ts';
import { openBusy, openReader, openStopped } from '../../node/readers.ts';
import { sendOperation } from '../../node/send-operation.ts';
import { quartiles, withQuartiles } from '../quartiles.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, events: { type: 'string', default: '45' } },
});
const rounds = Number(values.rounds);
const events = Number(values.events);

/** The number of readers that are measured. */
const READERS = 16;

const CREATE =
  'mutation ($input: CreateVoiceTaskInput!) { createVoiceTask(input: $input) { ... on VoiceTask { id } ... on Failure { code message } } }';

const stack = await startStack({
  vars: { KLING_CONCURRENCY: '1000' },
  sandbox: { submittedMs: 3_600_000, concurrency: 1_000, units: 1_000_000 },
});
const { url } = stack.gateway;
let missing = 0;
let arrived: () => void = () => {};
const onEvent = (): void => {
  missing -= 1;
  if (missing === 0) arrived();
};

/** Measures the time from the request that causes the change to the last reader, in milliseconds. */
async function measureEvent(): Promise<number> {
  missing = READERS;
  const told = new Promise<void>((resolve) => void (arrived = resolve));
  const startedAtMs = performance.now();
  const input = { name: 'Narrator', sample: { url: 'https://example.com/voice-12s.mp3' } };
  const [sent] = await Promise.all([sendOperation(url, { query: CREATE, variables: { input } }, null), told]);
  if (!('answer' in sent) || sent.answer.errors) throw new Error(`no task was made: ${JSON.stringify(sent)}`);
  return performance.now() - startedAtMs;
}

const BESIDE = {
  'no other': async () => () => {},
  'a reader with the same operations': async () => {
    const socket = await openBusy(url);
    return () => socket.terminate();
  },
  'a reader that has stopped': async () => {
    const socket = await openStopped(url);
    return () => socket.destroy();
  },
} as const;

type Beside = keyof typeof BESIDE;

const measured: Record<Beside, number[]> = {
  'no other': [],
  'a reader with the same operations': [],
  'a reader that has stopped': [],
};

try {
  await Promise.all(Array.from({ length: READERS }, () => openReader(url, onEvent)));
  // The first event is a warm-up.
  await measureEvent();
  for (let round = 0; round < rounds; round += 1) {
    for (const beside of Object.keys(BESIDE) as Beside[]) {
      const leave = await BESIDE[beside]();
      for (let i = 0; i < events; i += 1) measured[beside].push(await measureEvent());
      leave();
    }
  }
} finally {
  await stack.close();
}

const reading = quartiles(measured['a reader with the same operations']).median;
for (const [beside, ms] of Object.entries(measured)) {
  const all = quartiles(ms);
  process.stdout.write(
    `beside ${beside.padEnd(34)} ${withQuartiles(all)} ms to the last of ${READERS} readers, ${(all.median / reading).toFixed(2)} x\n`,
  );
}
process.exit(0);
