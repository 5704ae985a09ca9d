import { afterAll, beforeAll, describe, it } from 'vitest';
import { startStack, type GatewayStack } from './gateway-stack.ts';
import { openReader, openStopped } from './readers.ts';
import { sendOperation } from './send-operation.ts';

const TASKS = 60;

/** The most that both kernels buffer for an unread socket: 6 MB and 4 MB by default. */
const KERNEL_BYTES_MAX = 11_000_000;

let stack: GatewayStack;
beforeAll(async () => {
  stack = await startStack({
    vars: { KLING_CONCURRENCY: '30' },
    sandbox: { submittedMs: 20, processingMs: 20, concurrency: 30, units: 1_000 },
  });
});
afterAll(() => stack.close());

async function createVoiceTask(sound: string): Promise<void> {
  const query =
    'mutation ($input: CreateVoiceTaskInput!) { createVoiceTask(input: $input) { ... on VoiceTask { id } ... on Failure { code message } } }';
  const variables = { input: { name: 'Narrator', sample: { url: `https://example.com/${sound}-12s.mp3` } } };
  await sendOperation(stack.gateway.url, { query, variables }, null);
}

describe('a reader that stops reading', () => {
  it('is closed with 1013 at 1 MiB unread, while others receive every event', async ({ expect }) => {
    // A present state is sent, which shows that the subscription has started.
    await createVoiceTask('sandbox-never-ends');
    const stopped = await openStopped(stack.gateway.url);
    // Enough sockets that some share a hub with the slow one.
    const readers = await Promise.all(Array.from({ length: 16 }, () => openReader(stack.gateway.url)));
    // An early subscriber also receives the change to PROCESSING.
    for (const { sequences } of readers) await expect.poll(() => sequences.length).toBeGreaterThan(0);
    await Promise.all(Array.from({ length: TASKS }, () => createVoiceTask('narrator')));
    for (const { sequences, ended } of readers) {
      await expect.poll(() => ended()).toBe(TASKS);
      expect(sequences).toEqual(sequences.map((_, i) => sequences[0]! + i));
    }

    const received: Buffer[] = [];
    stopped.on('data', (data: Buffer) => received.push(data));
    stopped.resume();
    const closeFrame = Buffer.from([0x88, 20, 1013 >> 8, 1013 & 0xff, ...Buffer.from('Too much is unread')]);
    await expect.poll(() => Buffer.concat(received.slice(-3)).includes(closeFrame)).toBe(true);
    const bytes = Buffer.concat(received).length;
    expect(bytes).toBeGreaterThan(1_048_576);
    expect(bytes).toBeLessThan(KERNEL_BYTES_MAX + 1_048_576 + 400_000);
    stopped.destroy();
    for (const reader of readers) reader.close();
  });
});
