import { SETTINGS } from '../../../../src/config/settings.ts';
import { encodeGlobalId } from '../../../../src/schema/builder.ts';
import { DOCUMENT_BOMBS } from '../../../support/document-bombs.ts';
import { toRequest } from '../../http/http-client.ts';
import { createTally, floodHttp, harmless, makeTasks, outcomeOf, type TenantAttack } from './attack.ts';
import { toCallbackRequest, toGraphqlRequest } from './http-pool.ts';
import { createKlingControl } from './kling-control.ts';

/**
 * The rate of cheap requests. Here all requests share one thread with the objects. On Cloudflare they run elsewhere, and a
 * tenant sends at most 1,000 in 10 s (`REQUEST_RATE`, which a bare workerd lacks). So floods stay within both limits.
 */
const CHEAP = { perSecond: 90, inFlight: 8 };
const EXPENSIVE = { perSecond: 20, inFlight: 2 };

const times = (count: number, make: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => make(i)).join(' ');

/** The reads of the preset library. It is cached, so there is one read of a few pages. */
const PRESET_READS_MAX = 10;

const presets: TenantAttack = {
  name: '4 presetVoices under 20 aliases, in a loop',
  prepare: async (target) => async (stop) => {
    const tally = createTally();
    const kling = createKlingControl(target.klingPort);
    const readPresets = async (): Promise<number> => (await kling.counts())['GET /v1/general/presets-voices'] ?? 0;
    const before = await readPresets();
    const requests = Array.from({ length: 20 }, (_, i) => {
      const query = `{ ${times(19, (alias) => `a${alias}: presetVoices(first: ${1 + i}) { edges { cursor } }`)} }`;
      return toGraphqlRequest(target, { query });
    });
    await floodHttp(target, (i) => requests[i % 20] ?? requests[0]!, EXPENSIVE, tally, stop);
    const outcome = outcomeOf(tally, 'GETs of the presets at Kling', (await readPresets()) - before, PRESET_READS_MAX);
    kling.close();
    return outcome;
  },
};

const TYPES = ['VoiceTask', 'LipSyncTask', 'Voice', 'FaceScan'] as const;

/** Creates 100 ids of all types. No object has them. */
function idsOf(root: number): readonly string[] {
  return Array.from({ length: 100 }, (_, i) => encodeGlobalId(TYPES[i % 4] ?? 'VoiceTask', `${root}-${i}`));
}

const nodes: TenantAttack = {
  name: '5 20 roots of nodes with 100 ids, in a loop',
  prepare: async (target) => async (stop) => {
    const tally = createTally();
    const variables = Object.fromEntries(Array.from({ length: 20 }, (_, root) => [`i${root}`, idsOf(root)]));
    const query = `query (${times(20, (i) => `$i${i}: [ID!]!`)}) { ${times(20, (i) => `a${i}: nodes(ids: $i${i}) { id }`)} }`;
    const request = toGraphqlRequest(target, { query, variables });
    await floodHttp(target, () => request, { perSecond: 20, inFlight: 1 }, tally, stop);
    return harmless(tally);
  },
};

/** The reads that one tenant may cause in a minute. A tenant may cause them all at once. */
const READS_PER_MINUTE = Number(SETTINGS.TENANT_UPSTREAM_READS_PER_MINUTE.fallback);

/** Repeats a callback that claims an end. The gateway reads the task each time, and Kling does not confirm the end. */
function replays(perSecond: number): TenantAttack {
  return {
    name: `8 replays of valid callbacks, ${perSecond} a second`,
    async prepare(target) {
      const kling = createKlingControl(target.klingPort);
      const tasks = await makeTasks(target, 10);
      const requests: Buffer[] = [];
      for (const { klingTaskId } of tasks) {
        requests.push(toCallbackRequest(await kling.change(klingTaskId, 'succeed')));
        await kling.change(klingTaskId, 'processing');
      }
      const reads = async (): Promise<number> => {
        const all = await Promise.all(tasks.map(({ klingTaskId }) => kling.reads(klingTaskId)));
        return all.reduce((sum, count) => sum + count, 0);
      };
      return async (stop) => {
        const tally = createTally();
        const before = await reads();
        const startedAtMs = performance.now();
        await floodHttp(target, (i) => requests[i % 10] ?? requests[0]!, { perSecond, inFlight: 20 }, tally, stop);
        const minutes = 1 + (performance.now() - startedAtMs) / 60_000;
        return outcomeOf(tally, 'reads of these tasks at Kling', (await reads()) - before, minutes * READS_PER_MINUTE);
      };
    },
  };
}

const cheapQueries: TenantAttack = {
  name: '9a small queries, as many as a tenant may send',
  prepare: async (target) => async (stop) => {
    const tally = createTally();
    const request = toGraphqlRequest(target, { query: '{ tasks { edges { cursor } } }' });
    await floodHttp(target, () => request, CHEAP, tally, stop);
    return harmless(tally);
  },
};

const bombs: TenantAttack = {
  name: '9b documents that are expensive to validate',
  prepare: async (target) => async (stop) => {
    const tally = createTally();
    const documents = Object.values(DOCUMENT_BOMBS);
    // Each request is new, so that no cache has it.
    const request = (i: number): Buffer => {
      return toGraphqlRequest(target, { query: `${documents[i % documents.length] ?? ''} #${i}` });
    };
    await floodHttp(target, request, EXPENSIVE, tally, stop);
    return harmless(tally);
  },
};

const largeBodies: TenantAttack = {
  name: '9c bodies of 7 MB',
  prepare: async (target) => async (stop) => {
    const tally = createTally();
    const body = JSON.stringify({ query: '{ __typename }', variables: { a: 'QUFB'.repeat(1_800_000) } });
    const request = toRequest('POST', '/graphql', body, { Authorization: target.authorization });
    await floodHttp(target, () => request, { perSecond: 3, inFlight: 1 }, tally, stop);
    return harmless(tally);
  },
};

const mutations: TenantAttack = {
  name: '9d mutations past their rate',
  vars: { TENANT_MUTATIONS_PER_MINUTE: '300' },
  prepare: async (target) => async (stop) => {
    const tally = createTally();
    const query =
      'mutation ($input: CreateVoiceTaskInput!) { createVoiceTask(input: $input) { ... on VoiceTask { id } ... on Failure { code message } } }';
    const request = (i: number): Buffer => {
      const input = { name: 'Narrator', sample: { url: 'https://example.com/a-12s.mp3' }, externalId: `a-${i}` };
      return toGraphqlRequest(target, { query, variables: { input } });
    };
    await floodHttp(target, request, CHEAP, tally, stop);
    return harmless(tally);
  },
};

/** The attacks over HTTP. */
export const READ_ATTACKS: readonly TenantAttack[] = [
  presets,
  nodes,
  replays(30),
  replays(90),
  cheapQueries,
  bombs,
  largeBodies,
  mutations,
];
