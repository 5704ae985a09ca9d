import { SETTINGS } from '../../../../src/config/settings.ts';
import { cpuUs } from '../../fanout/cpu.ts';
import { percentile } from '../../percentile.ts';
import { type App, SOCKETS_PER_ADDRESS, type Watcher } from './app.ts';

/** A check with an app that stays exactly at a documented bound. The gateway must serve it fully. */
export interface BoundCheck {
  readonly name: string;
  /** Settings of the gateway. The settings of the bench do not limit mutations. */
  readonly vars?: Readonly<Record<string, string>>;
  /** Throws if the app is not served. Returns figures. `pid` is the gateway's process. */
  readonly run: (app: App, pid: number) => Promise<string>;
}

const SOCKETS_MAX = Number(SETTINGS.TENANT_SOCKETS_MAX.fallback);

export const CHANGED =
  'subscription ($after: String) { taskUpdates(after: $after) { cursor task { kling { klingStatus } } } }';

/** The longest time that one event may occupy a hub, in milliseconds. */
const EVENT_MS_MAX = 50;

/** Runs `count` jobs, at most `atOnce` concurrently. */
export async function inTurns<T>(count: number, atOnce: number, make: (i: number) => Promise<T>): Promise<T[]> {
  const made: T[] = [];
  let next = 0;
  async function makeSome(): Promise<void> {
    while (next < count) {
      const i = next;
      next += 1;
      made[i] = await make(i);
    }
  }
  await Promise.all(Array.from({ length: atOnce }, makeSome));
  return made;
}

/** Sends events one after another to all watchers, after the present state. Measures the CPU of the whole gateway. */
async function tellAll(
  app: App,
  pid: number,
  watchers: readonly Watcher[],
  { events, operationsEach }: { readonly events: number; readonly operationsEach: number },
): Promise<{ readonly cpuMs: number; readonly text: string }> {
  const ms: number[] = [];
  const cpuBefore = cpuUs(pid);
  for (let event = 0; event < events; event += 1) {
    const startedAtMs = performance.now();
    const told = Promise.all(watchers.map((watcher) => watcher.told((event + 2) * operationsEach)));
    await Promise.all([app.change(), told]);
    ms.push(performance.now() - startedAtMs);
  }
  const cpuMs = (cpuUs(pid) - cpuBefore) / events / 1_000;
  ms.sort((a, b) => a - b);
  const [median, slowest] = [0.5, 1].map((part) => percentile(ms, part).toFixed(0));
  const text = `an event is told to all after ${median} ms (at most ${slowest}), ${cpuMs.toFixed(1)} ms of CPU`;
  return { cpuMs, text };
}

function distinct(count: number): readonly object[] {
  return Array.from({ length: count }, (_, i) => {
    return { query: `subscription { taskUpdates { cursor task { a${i}: status externalId id updatedAt } } }` };
  });
}

/** Checks `count` sockets that all get every event. Every tenth is a stream. */
function sockets(name: string, count: number): BoundCheck {
  return {
    name,
    async run(app, pid) {
      const watchers = await inTurns(count, 25, async (i) => {
        if (i % 10 === 9) return app.openStream(i, { query: CHANGED });
        const socket = await app.openSocket(i);
        socket.subscribe('1', { query: CHANGED });
        return socket;
      });
      // The present state has one task.
      await Promise.all(watchers.map((watcher) => watcher.told(1)));
      const { text } = await tellAll(app, pid, watchers, { events: 5, operationsEach: 1 });
      for (const watcher of watchers) watcher.close();
      return text;
    },
  };
}

/** Checks `count` operations that all get every event, 50 on each socket. */
function operations(name: string, count: number, operation: (i: number) => object): BoundCheck {
  return {
    name,
    async run(app, pid) {
      const watchers = await inTurns(count / 50, 10, (i) => app.openSocket(i));
      for (const [socket, watcher] of watchers.entries()) {
        // Stays within the burst that a socket may start.
        for (let i = 0; i < 50; i += 1) watcher.subscribe(String(i), operation(socket * 50 + i));
      }
      await Promise.all(watchers.map((watcher) => watcher.told(50)));
      const { cpuMs, text } = await tellAll(app, pid, watchers, { events: 20, operationsEach: 50 });
      if (cpuMs > EVENT_MS_MAX) throw new Error(`one event takes ${cpuMs.toFixed(0)} ms of CPU`);
      for (const watcher of watchers) watcher.close();
      return text;
    },
  };
}

const FIELDS = 'id externalId status createdAt updatedAt expiresAt unitsCharged kling { klingStatus klingTaskId }';

function withFields(i: number): object {
  return { query: `subscription { taskUpdates { cursor resync sequence at task { a${i}: status ${FIELDS} } } }` };
}

function withLists(i: number): object {
  return { query: `subscription { taskUpdates { cursor task { ... on VoiceTask { a${i}: voices { id } } } } }` };
}

const reconnect: BoundCheck = {
  name: '64 operations at once after a reconnect, three times',
  async run(app) {
    const all = distinct(64);
    let cursor: string | null = null;
    for (let round = 0; round < 3; round += 1) {
      const socket = await app.openSocket(0);
      for (const [i, { query }] of (all as readonly { query: string }[]).entries()) {
        const after = cursor === null ? '' : `(after: ${JSON.stringify(cursor)})`;
        socket.subscribe(String(i), { query: query.replace('taskUpdates', `taskUpdates${after}`) });
      }
      // Each operation gets the present state, or, if it has a cursor, the missed event.
      await socket.told(64);
      await app.change();
      await socket.told(128);
      cursor = socket.cursor();
      socket.close();
      await app.change();
    }
    return 'all told';
  },
};

/** The checks of sockets and live operations. */
export const LIVE_CHECKS: readonly BoundCheck[] = [
  sockets(`${SOCKETS_MAX} sockets and streams of one tenant, ${SOCKETS_PER_ADDRESS} from each address`, SOCKETS_MAX),
  sockets(`${SOCKETS_PER_ADDRESS} sockets and streams from one address`, SOCKETS_PER_ADDRESS),
  operations('100 distinct live operations of one tenant', 100, withFields),
  operations('100 distinct live operations that read lists', 100, withLists),
  operations('400 distinct live operations of one tenant', 400, withFields),
  operations('1,000 live subscriptions of one operation on a hub', 1_000, () => ({ query: CHANGED })),
  reconnect,
];
