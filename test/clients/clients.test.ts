import { Client, fetchExchange } from '@urql/core';
import { afterAll, beforeAll, describe, test, type TestContext } from 'vitest';
import { startGateway, type RunningGateway } from '../node/gateway.ts';
import { startCuttableProxy, type CuttableProxy } from './cuttable-proxy.ts';
import { TOKEN } from '../support/token.ts';
import { authorizedFetch } from './recipes/authorized.ts';
import { logBehind, makeTask, statusOf } from './tasks.ts';
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
  // A slow task takes 1.7 s then. It is read at Kling once a second: while it is processed, and when it has ended.
  gateway = await startGateway({ sandbox: { processingMs: 120 } });
  // The present state of all tasks is never empty then: its last event stands at the head of the log.
  await makeTask(gateway, 'never-ends');
});
afterAll(() => gateway.close());

/** A client of the test's own, behind a proxy of its own. */
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

/** The same, once it has been told the present state. */
async function startWatching(context: TestContext, watcher: Watcher, operation: WatchedOperation) {
  const { proxy, seen } = await subscribe(context, watcher, operation);
  await context.expect.poll(() => [atHead(seen.events) >= 0, seen.failures]).toEqual([true, []]);
  return { proxy, seen };
}

/** Cuts the connections, lets tasks end, and lets the client back in once it has been turned away. */
async function whileAway({ expect }: TestContext, proxy: CuttableProxy, ending: () => Promise<string[]>) {
  proxy.cut();
  for (const id of await ending()) await expect.poll(() => statusOf(gateway, id)).toBe('SUCCEEDED');
  await expect.poll(() => proxy.refused).toBeGreaterThan(0);
  proxy.restore();
}

/** Where the present state ends: its events but the last have no place in the log. */
function atHead(events: readonly WatchedEvent[]): number {
  return events.findIndex(({ sequence }) => sequence > 0);
}

function statusesOf(events: readonly WatchedEvent[], id: string): string[] {
  return events.filter(({ task }) => task.id === id).map(({ task }) => task.status);
}

describe.each(WATCHERS)('$library', (watcher) => {
  test.concurrent('goes on after a break with every change that was missed, once and in order', async (context) => {
    const { expect } = context;
    const { proxy, seen } = await startWatching(context, watcher, allTasks());
    const before = await makeTask(gateway);
    await expect.poll(() => statusesOf(seen.events, before)).toContain('SUBMITTED');

    let missed = '';
    await whileAway(context, proxy, async () => {
      missed = await makeTask(gateway);
      return [before, missed];
    });
    expect(statusesOf(seen.events, missed)).toEqual([]);
    const after = await makeTask(gateway);
    await expect.poll(() => statusesOf(seen.events, after)).toContain('SUBMITTED');

    const [head, ...told] = seen.events.slice(atHead(seen.events));
    const log = await logBehind(gateway, head!.cursor);
    expect(told).toEqual(log.slice(0, told.length));
    expect(told.map(({ sequence }) => sequence)).toEqual(told.map((_, index) => head!.sequence + 1 + index));
    expect(statusesOf(told, before)).toContain('SUCCEEDED');
    expect(statusesOf(told, missed)).toContain('SUCCEEDED');
    expect(seen).toMatchObject({ completions: 0, failures: [] });
  });

  test.concurrent('is told how a task ended during a break, and completes', async (context) => {
    const { expect } = context;
    const id = await makeTask(gateway, 'slow-task');
    const { proxy, seen } = await startWatching(context, watcher, oneTask(id));

    await whileAway(context, proxy, async () => [id]);
    await expect.poll(() => seen.completions).toBe(1);

    const [state, ...told] = seen.events;
    const log = await logBehind(gateway, state!.cursor);
    expect(told).toEqual(log.filter(({ task }) => task.id === id));
    // Two changes at least: one alone would be the present state as well.
    expect(told.length).toBeGreaterThan(1);
    expect(told.at(-1)?.task.status).toBe('SUCCEEDED');
    expect(seen).toMatchObject({ completions: 1, failures: [] });
  });

  test.concurrent('is told once that a task does not exist', async (context) => {
    const { expect } = context;
    const { seen } = await subscribe(context, watcher, oneTask('Vm9pY2VUYXNrOm5vbmU'));
    await expect.poll(() => seen.failures.map(codeOf)).toEqual(['NOT_FOUND']);
    expect(seen.events).toEqual([]);
  });
});

const authorized = authorizedFetch(async () => TOKEN);

test("urql's own `fetchSubscriptions` is told every change until the task has ended", async (context) => {
  const { expect } = context;
  const id = await makeTask(gateway);
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
  await expect.poll(() => statusOf(gateway, id)).toBe('SUCCEEDED');
  await expect.poll(() => seen.completions).toBe(1);
  expect(statusesOf(seen.events, id).at(0)).toBe('SUBMITTED');
  expect(statusesOf(seen.events, id).at(-1)).toBe('SUCCEEDED');
});
