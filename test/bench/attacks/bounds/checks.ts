import { SETTINGS } from '../../../../src/settings.ts';
import { cpuUs } from '../../fanout/cpu.ts';
import { percentile } from '../../percentile.ts';
import { makeTasks } from '../tenants/attack.ts';
import { createHttpPool } from '../tenants/http-pool.ts';
import { createKlingControl } from '../tenants/kling-control.ts';
import { LARGE_MB, largeLipSync } from '../tenants/large-lip-sync.ts';
import { type App, SOCKETS_PER_ADDRESS, type Watcher } from './app.ts';

/** An app that stays just at a documented bound, and has to be served in full. */
export interface BoundCheck {
  readonly name: string;
  /** Settings of the gateway: those of the bench let a tenant make as many mutations as it likes. */
  readonly vars?: Readonly<Record<string, string>>;
  /** Throws where the app is not served. Answers with figures. `pid`: the gateway's process. */
  readonly run: (app: App, pid: number) => Promise<string>;
}

const SOCKETS_MAX = Number(SETTINGS.TENANT_SOCKETS_MAX.fallback);

const CHANGED = 'subscription ($after: String) { tasksChanged(after: $after) { cursor task { klingStatus } } }';

/** The longest that one event may take of a hub, in milliseconds. */
const EVENT_MS_MAX = 50;

/** Several at once: one after the other takes long, and all at once is no app's way. */
async function inTurns<T>(count: number, atOnce: number, make: (i: number) => Promise<T>): Promise<T[]> {
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

/** One event after the other, each told to all watchers, which have had the present state. The CPU is the whole gateway's. */
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
    return { query: `subscription { tasksChanged { cursor task { a${i}: status klingStatus id updatedAt } } }` };
  });
}

/** Each told of every event; every tenth is a stream. */
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
      // The present state: the one task.
      await Promise.all(watchers.map((watcher) => watcher.told(1)));
      const { text } = await tellAll(app, pid, watchers, { events: 5, operationsEach: 1 });
      for (const watcher of watchers) watcher.close();
      return text;
    },
  };
}

/** `count` operations on sockets of 50 each, each told of every event. */
function operations(name: string, count: number, operation: (i: number) => object): BoundCheck {
  return {
    name,
    async run(app, pid) {
      const watchers = await inTurns(count / 50, 10, (i) => app.openSocket(i));
      for (const [socket, watcher] of watchers.entries()) {
        // Within what a socket may begin at once.
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

const FIELDS = 'id externalId status klingStatus createdAt updatedAt expiresAt unitsDeducted klingTaskId';

function withFields(i: number): object {
  return { query: `subscription { tasksChanged { cursor resync sequence at task { a${i}: status ${FIELDS} } } }` };
}

function withLists(i: number): object {
  return { query: `subscription { tasksChanged { cursor task { a${i}: events(first: 1) { edges { cursor } } } } }` };
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
        socket.subscribe(String(i), { query: query.replace('tasksChanged', `tasksChanged${after}`) });
      }
      // Without a cursor the present state comes, with one what was missed: here one event too.
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

const VOICE = 'mutation ($input: CreateVoiceInput!) { createVoice(input: $input) { task { id status } } }';
const SOURCE = { url: 'https://example.com/voice-12s.mp3' };

const MUTATIONS_MAX = Number(SETTINGS.TENANT_MUTATIONS_PER_MINUTE.fallback);

const mutations: BoundCheck = {
  name: `${MUTATIONS_MAX - 1} mutations within a minute`,
  vars: { TENANT_MUTATIONS_PER_MINUTE: SETTINGS.TENANT_MUTATIONS_PER_MINUTE.fallback },
  async run(app) {
    const startedAtMs = performance.now();
    await inTurns(MUTATIONS_MAX - 1, 16, (i) => {
      return app.execute(VOICE, { input: { name: 'Narrator', source: SOURCE, externalId: `m-${i}` } });
    });
    return `made in ${((performance.now() - startedAtMs) / 1_000).toFixed(1)} s`;
  },
};

/** With the task that the app begins with. */
const WAITING_MAX = Number(SETTINGS.TENANT_WAITING_TASKS_MAX.fallback);

const waiting: BoundCheck = {
  name: `${WAITING_MAX - 1} tasks that wait`,
  vars: { KLING_CONCURRENCY: '1' },
  async run(app) {
    await inTurns(WAITING_MAX - 1, 16, (i) => {
      return app.execute(VOICE, { input: { name: 'Narrator', source: SOURCE, externalId: `w-${i}` } });
    });
    return 'all made';
  },
};

const waitingBytes: BoundCheck = {
  name: '490 MB of audio that wait',
  vars: { KLING_CONCURRENCY: '1' },
  async run({ target }) {
    const pool = createHttpPool(target.port);
    const request = await largeLipSync(target, pool);
    for (let i = 0; i < 490 / LARGE_MB; i += 1) {
      const text = (await pool.ask(request)).body.toString();
      if (!text.startsWith('{"data":{"createLipSyncTask":{"task":{"id":')) throw new Error(text.slice(0, 300));
    }
    pool.close();
    return 'all made';
  },
};

const READS_MAX = Number(SETTINGS.TENANT_UPSTREAM_READS_PER_MINUTE.fallback);

const reads: BoundCheck = {
  name: `${READS_MAX - 20} reads of running tasks within a minute`,
  async run(app) {
    const tasks = await makeTasks(app.target, 20);
    const kling = createKlingControl(app.target.klingPort);
    const count = async (): Promise<number> => (await kling.counts())['GET /v1/general/custom-voices/{id}'] ?? 0;
    const before = await count();
    const query = 'query ($id: ID!) { node(id: $id) { ... on VoiceTask { status } } }';
    await inTurns(READS_MAX - 20, 16, (i) => app.execute(query, { id: tasks[i % 20]?.id }));
    const text = `all answered, ${(await count()) - before} GETs at Kling`;
    kling.close();
    return text;
  },
};

const presentState: BoundCheck = {
  name: 'a present state of 900 open tasks',
  async run(app) {
    await makeTasks(app.target, 900);
    const socket = await app.openSocket(0);
    const startedAtMs = performance.now();
    socket.subscribe('1', { query: CHANGED });
    await socket.told(900);
    const text = `told in ${(performance.now() - startedAtMs).toFixed(0)} ms`;
    socket.close();
    return text;
  },
};

const nodes: BoundCheck = {
  name: '100 ids of nodes, ten times',
  async run(app) {
    const ids = (await makeTasks(app.target, 100)).map(({ id }) => id);
    const query = 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }';
    const startedAtMs = performance.now();
    for (let i = 0; i < 10; i += 1) {
      const data = (await app.execute(query, { ids })) as { readonly nodes: readonly ({ id: string } | null)[] };
      const found = data.nodes.filter((node, at) => node?.id === ids[at]).length;
      if (found !== 100) throw new Error(`${found} of 100 were found`);
    }
    return `${((performance.now() - startedAtMs) / 10).toFixed(0)} ms each`;
  },
};

/** One for each bound that an app can reach. */
export const BOUND_CHECKS: readonly BoundCheck[] = [
  sockets(`${SOCKETS_MAX} sockets and streams of one tenant, ${SOCKETS_PER_ADDRESS} from each address`, SOCKETS_MAX),
  sockets(`${SOCKETS_PER_ADDRESS} sockets and streams from one address`, SOCKETS_PER_ADDRESS),
  operations('100 distinct live operations of one tenant', 100, withFields),
  operations('100 distinct live operations that read lists', 100, withLists),
  operations('500 distinct live operations of one tenant', 500, withFields),
  operations('1,500 live subscriptions of one operation on a hub', 1_500, () => ({ query: CHANGED })),
  operations('4,950 live subscriptions of one operation on a hub', 4_950, () => ({ query: CHANGED })),
  reconnect,
  mutations,
  waiting,
  waitingBytes,
  reads,
  presentState,
  nodes,
];
