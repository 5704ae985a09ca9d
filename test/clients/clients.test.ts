import { Client, fetchExchange } from '@urql/core';
import { afterAll, beforeAll, describe, test, type TestContext } from 'vitest';
import { startGateway, type RunningGateway } from '../node/gateway.ts';
import { startCuttableProxy, type CuttableProxy } from './cuttable-proxy.ts';
import { TOKEN } from '../support/token.ts';
import { authorizedFetch } from './recipes/authorized.ts';
import { advanceTask, logAfter, makeTask, statusOf } from './tasks.ts';
import {
  allTasks,
  codeOf,
  oneTask,
  watchByUrql,
  WATCHERS,
  type WatchedEvent,
  type WatchedOperation,
  type Watcher,
} from './watchers.ts';

let gateway: RunningGateway;
beforeAll(async () => {
  // Tasks move only by hand, so that the tests decide which changes a client is connected for.
  gateway = await startGateway({
    sandbox: { submittedMs: 100_000_000, processingMs: 200_000_000, concurrency: 100 },
    vars: { KLING_CONCURRENCY: '100' },
  });
  // One task keeps the present state of all tasks from being empty. Its last event is at the head of the log.
  await makeTask(gateway);
});
afterAll(() => gateway.close());

/** Subscribes with a new client through a new proxy. */
async function subscribe({ onTestFinished }: TestContext, { watch }: Watcher, operation: WatchedOperation) {
  const proxy = await startCuttableProxy(gateway.url);
  const seen = { events: [] as WatchedEvent[], completions: 0, failures: [] as unknown[] };
  const stop = watch(proxy, operation, {
    event: (event) => seen.events.push(event),
    complete: () => (seen.completions += 1),
    failure: (reason) => seen.failures.push(reason),
  });
  onTestFinished(async () => {
    stop();
    await proxy.close();
  });
  return { proxy, seen };
}

/** Subscribes, and waits until the client has received the present state. */
async function startWatching(context: TestContext, watcher: Watcher, operation: WatchedOperation) {
  const { proxy, seen } = await subscribe(context, watcher, operation);
  await context.expect.poll(() => [atHead(seen.events) >= 0, seen.failures]).toEqual([true, []]);
  return { proxy, seen };
}

/** Cuts the connections while tasks change, and restores them once the client has been refused. */
async function whileAway({ expect }: TestContext, proxy: CuttableProxy, changes: () => Promise<void>) {
  proxy.cut();
  await changes();
  await expect.poll(() => proxy.refused).toBeGreaterThan(0);
  proxy.restore();
}

/** Moves a task to its end, in two changes. */
async function finishTask(context: TestContext, id: string): Promise<void> {
  await advanceTask(context, gateway, id, 'processing');
  await advanceTask(context, gateway, id, 'succeed');
}

/** Returns the index of the present state's last event. Only that event of the present state has a place in the log. */
function atHead(events: readonly WatchedEvent[]): number {
  return events.findIndex(({ sequence }) => sequence > 0);
}

function statusesOf(events: readonly WatchedEvent[], id: string): string[] {
  return events.filter(({ task }) => task.id === id).map(({ task }) => task.status);
}

describe.each(WATCHERS)('$library', (watcher) => {
  test.concurrent('receives every change that it missed during a break, once and in order', async (context) => {
    const { expect } = context;
    const { proxy, seen } = await startWatching(context, watcher, allTasks());
    const before = await makeTask(gateway);
    await expect.poll(() => statusesOf(seen.events, before)).toContain('SUBMITTED');

    let missed = '';
    await whileAway(context, proxy, async () => {
      missed = await makeTask(gateway);
      await Promise.all([finishTask(context, before), finishTask(context, missed)]);
    });
    expect(statusesOf(seen.events, missed)).toEqual([]);
    const after = await makeTask(gateway);
    await expect.poll(() => statusesOf(seen.events, after)).toContain('SUBMITTED');

    const [head, ...received] = seen.events.slice(atHead(seen.events));
    const log = await logAfter(gateway, head!.cursor);
    expect(received).toEqual(log.slice(0, received.length));
    expect(received.map(({ sequence }) => sequence)).toEqual(received.map((_, index) => head!.sequence + 1 + index));
    expect(statusesOf(received, before)).toContain('SUCCEEDED');
    expect(statusesOf(received, missed)).toContain('SUCCEEDED');
    expect(seen).toMatchObject({ completions: 0, failures: [] });
  });

  test.concurrent('receives the end of a task during a break, and completes', async (context) => {
    const { expect } = context;
    const id = await makeTask(gateway);
    await expect.poll(() => statusOf(gateway, id)).toBe('SUBMITTED');
    const { proxy, seen } = await startWatching(context, watcher, oneTask(id));

    await whileAway(context, proxy, () => finishTask(context, id));
    await expect.poll(() => seen.completions).toBe(1);

    const [state, ...received] = seen.events;
    const log = await logAfter(gateway, state!.cursor);
    expect(received).toEqual(log.filter(({ task }) => task.id === id));
    // Without a cursor, the client would receive only the present state.
    expect(statusesOf(seen.events, id)).toEqual(['SUBMITTED', 'PROCESSING', 'SUCCEEDED']);
    expect(seen).toMatchObject({ completions: 1, failures: [] });
  });

  test.concurrent('reports once that a task does not exist', async (context) => {
    const { expect } = context;
    const { seen } = await subscribe(context, watcher, oneTask('Vm9pY2VUYXNrOm5vbmU'));
    await expect.poll(() => seen.failures.map(codeOf)).toEqual(['NOT_FOUND']);
    expect(seen.events).toEqual([]);
  });
});

const authorized = authorizedFetch(async () => TOKEN);

test("urql's own `fetchSubscriptions` receives every change until the task has ended", async (context) => {
  const { expect } = context;
  const id = await makeTask(gateway);
  await expect.poll(() => statusOf(gateway, id)).toBe('SUBMITTED');
  const own: Watcher = {
    library: 'urql',
    watch({ url }, ...rest) {
      const options = {
        url,
        fetch: authorized,
        preferGetMethod: false,
        fetchSubscriptions: true,
        exchanges: [fetchExchange],
      };
      return watchByUrql(new Client(options), ...rest);
    },
  };
  const { seen } = await startWatching(context, own, oneTask(id));
  await finishTask(context, id);
  await expect.poll(() => seen.completions).toBe(1);
  expect(statusesOf(seen.events, id)).toEqual(['SUBMITTED', 'PROCESSING', 'SUCCEEDED']);
});
