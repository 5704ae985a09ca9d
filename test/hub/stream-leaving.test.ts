import { describe, it } from 'vitest';
import type { StreamLimits } from '../../src/http/stream.ts';
import { openSandbox } from '../support/ledger.ts';
import { socketCount, startTask, ONE_TASK, type StartedTask } from '../support/socket.ts';
import { APOLLO, openLimited, type TestStream } from '../support/stream.ts';

const sandbox = openSandbox('stream-leaving');

function open(task: StartedTask, accept: string, limits: StreamLimits): Promise<TestStream> {
  return openLimited({ query: ONE_TASK, variables: { id: task.globalId } }, accept, limits);
}

describe('a stream', () => {
  it.for(['text/event-stream', APOLLO])(
    'whose client stops reading frees its socket: %s',
    async (accept, { expect }) => {
      await expect.poll(socketCount).toBe(0);
      const task = await startTask(sandbox);
      const stream = await open(task, accept, { heartbeatMs: 50, lastsMs: 60_000 });
      await stream.until(/SUBMITTED/);
      expect(await socketCount()).toBe(1);
      await stream.leave();
      await expect.poll(socketCount).toBe(0);
    },
  );

  it('without events gets heartbeats, and ends when its time is over', async ({ expect }) => {
    const task = await startTask(sandbox);
    const stream = await open(task, 'text/event-stream', { heartbeatMs: 20, lastsMs: 300 });
    await stream.until(/SUBMITTED.*\n\n:\n\n:\n\n/s);
    await stream.rest();
    await expect.poll(socketCount).toBe(0);
  });
});
