import { SETTINGS } from '../../../../src/config/settings.ts';
import type { BuiltWorker } from '../../../node/raw-workerd.ts';
import { LARGE_MB, largeLipSync, makeTasks } from '../tenants/attack.ts';
import { createHttpPool } from '../tenants/http-pool.ts';
import { createKlingControl } from '../tenants/kling-control.ts';
import { startStage, twoTenants } from '../tenants/stage.ts';
import { startApp } from './app.ts';
import { type BoundCheck, CHANGED, inTurns, LIVE_CHECKS } from './live-checks.ts';

const VOICE =
  'mutation ($input: CreateVoiceTaskInput!) { createVoiceTask(input: $input) { ... on VoiceTask { id status } ... on Failure { code message } } }';
const SOURCE = { url: 'https://example.com/voice-12s.mp3' };

const MUTATIONS_MAX = Number(SETTINGS.TENANT_MUTATIONS_PER_MINUTE.fallback);

const mutations: BoundCheck = {
  name: `${MUTATIONS_MAX - 1} mutations within a minute`,
  vars: { TENANT_MUTATIONS_PER_MINUTE: SETTINGS.TENANT_MUTATIONS_PER_MINUTE.fallback },
  async run(app) {
    const startedAtMs = performance.now();
    await inTurns(MUTATIONS_MAX - 1, 16, (i) => {
      return app.execute(VOICE, { input: { name: 'Narrator', sample: SOURCE, externalId: `m-${i}` } });
    });
    return `made in ${((performance.now() - startedAtMs) / 1_000).toFixed(1)} s`;
  },
};

/** The bound of waiting tasks. It includes the first task of the app. */
const WAITING_MAX = Number(SETTINGS.TENANT_WAITING_TASKS_MAX.fallback);

const waiting: BoundCheck = {
  name: `${WAITING_MAX - 1} tasks that wait`,
  vars: { KLING_CONCURRENCY: '1' },
  async run(app) {
    await inTurns(WAITING_MAX - 1, 16, (i) => {
      return app.execute(VOICE, { input: { name: 'Narrator', sample: SOURCE, externalId: `w-${i}` } });
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

/** The checks, one for each bound that an app can reach. */
const BOUND_CHECKS: readonly BoundCheck[] = [
  ...LIVE_CHECKS,
  mutations,
  waiting,
  waitingBytes,
  reads,
  presentState,
  nodes,
];

/** Runs an app at each documented bound, and prints the figures. Returns the failures. */
export async function runBoundChecks(worker: BuiltWorker, only: string): Promise<readonly string[]> {
  const problems: string[] = [];
  process.stdout.write('\nan app at the documented bounds\n');
  for (const { name, vars, run } of BOUND_CHECKS.filter((check) => check.name.includes(only))) {
    const stage = await startStage(worker, vars);
    try {
      const { bystander } = await twoTenants();
      const app = await startApp({ ...bystander, port: stage.port, klingPort: stage.klingPort });
      const figures = await run(app, stage.gateway.pid());
      app.close();
      process.stdout.write(`  ${name}: ${figures}\n`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      process.stdout.write(`  ${name}: NOT SERVED: ${reason}\n`);
      problems.push(`${name}: ${reason}`);
    } finally {
      await stage.close();
    }
  }
  return problems;
}
