import type { GraphQLObjectType } from 'graphql';
import { beforeEach, describe, it } from 'vitest';
import { decodeGlobalId, encodeGlobalId, idOf, NODE_TYPES } from '../../src/schema/builder.ts';
import { schema } from '../../src/schema/schema.ts';
import { faceScan, lipSyncTask, mediaRecord, speech, voice, voiceTask } from '../support/fake-ledger.ts';
import { createGraphqlClient } from '../support/graphql-client.ts';

let client: ReturnType<typeof createGraphqlClient>;
beforeEach(() => {
  client = createGraphqlClient();
  client.ledger.tasksKept = [lipSyncTask('l'), voiceTask('v')];
  client.ledger.voicesKept = [voice('850087542757535834')];
  client.ledger.scans = [faceScan('s')];
  client.ledger.speechesKept = [speech];
});

const NODES: readonly (readonly [type: string, id: string])[] = [
  ['LipSyncTask', 'l'],
  ['VoiceTask', 'v'],
  ['Voice', '850087542757535834'],
  ['FaceScan', 's'],
  ['Face', 's:0'],
  ['Face', 's:a:b'],
  ['Speech', 'audio-1'],
];

const STRANGERS = [
  '',
  'x',
  '%%%',
  'l',
  ...['v', 'none'].map((id) => encodeGlobalId('LipSyncTask', id)),
  ...['l', 'none'].map((id) => encodeGlobalId('VoiceTask', id)),
  ...['Voice', 'FaceScan', 'Speech'].map((type) => encodeGlobalId(type, 'none')),
  ...['s', 's:9', 's:', 'none:0', ':0'].map((id) => encodeGlobalId('Face', id)),
  ...['Task:l', 'Query:x', 'Node:l', 'constructor:x', '__proto__:x', 'LipSyncTask:', ':l'].map(btoa),
];

describe('node', () => {
  it.for(NODES)('finds %s %s', async ([type, id], { expect }) => {
    const globalId = encodeGlobalId(type, id);
    const { data } = await client.execute('query ($id: ID!) { node(id: $id) { __typename id } }', { id: globalId });
    expect(data.node).toEqual({ __typename: type, id: globalId });
  });

  it.for(STRANGERS)('returns null for %j without an error', async (id, { expect }) => {
    expect(await client.execute('query ($id: ID!) { node(id: $id) { id } }', { id })).toEqual({ data: { node: null } });
    expect(client.logged).toEqual([]);
  });
});

describe('nodes', () => {
  const QUERY = 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }';

  it('answers in the order of the ids, with null for a missing object', async ({ expect }) => {
    const ids = NODES.map(([type, id]) => encodeGlobalId(type, id));
    const { data } = await client.execute(QUERY, { ids: [...ids.toReversed(), 'x', ids[0]] });
    expect(data.nodes).toEqual([...ids.toReversed().map((id) => ({ id })), null, { id: ids[0] }]);
  });

  it('loads all objects concurrently', async ({ expect }) => {
    let waiting = 0;
    let most = 0;
    client.ledger.task = async () => {
      waiting += 1;
      most = Math.max(most, waiting);
      await new Promise((resolve) => setTimeout(resolve, 1));
      waiting -= 1;
      return null;
    };
    await client.execute(QUERY, { ids: Array.from({ length: 50 }, (_, i) => encodeGlobalId('VoiceTask', `${i}`)) });
    expect(most).toBe(50);
  });

  it('shows an object that two fields share before the rest of its list is loaded', async ({ expect }) => {
    const { ledger } = client;
    const task = ledger.task.bind(ledger);
    ledger.task = async (reference) => {
      if ('id' in reference && reference.id === 'slow') await new Promise((resolve) => setTimeout(resolve, 5));
      return task(reference);
    };
    const [known, slow] = ['l', 'slow'].map((id) => encodeGlobalId('LipSyncTask', id));
    const query = 'query ($a: [ID!]!, $b: [ID!]!) { a: nodes(ids: $a) { id } b: nodes(ids: $b) { id } }';
    const found = { id: known };
    expect(await client.execute(query, { a: [known, slow], b: [known] })).toEqual({
      data: { a: [found, null], b: [found] },
    });
  });

  it('refuses more than 100', async ({ expect }) => {
    const { errors } = await client.execute(QUERY, { ids: Array.from({ length: 101 }, () => 'x') });
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', issues: [{ path: ['ids'] }] } }]);
  });
});

describe('a global id', () => {
  it('is resolved synchronously, because promises slow down long lists', ({ expect }) => {
    const scan = faceScan('s');
    const sources: Readonly<Record<string, readonly [source: object, id: string]>> = {
      LipSyncTask: [lipSyncTask('l'), 'l'],
      VoiceTask: [voiceTask('v'), 'v'],
      Voice: [voice('1'), '1'],
      FaceScan: [scan, 's'],
      Speech: [speech, 'audio-1'],
      WebhookEndpoint: [{ id: 'e' }, 'e'],
      WebhookDelivery: [{ id: 'e:1' }, 'e:1'],
      Media: [mediaRecord('m'), 'm'],
      Face: [{ scanId: scan.id, face: scan.faces[0] }, `s:${scan.faces[0]!.faceId}`],
    };
    for (const type of NODE_TYPES) {
      const { id } = (schema.getType(type) as GraphQLObjectType).getFields();
      const [source, own] = sources[type]!;
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the resolver reads only its first argument
      const resolve = id!.resolve as (source: unknown) => unknown;
      expect(resolve(source)).toBe(encodeGlobalId(type, own));
    }
  });

  it.for(['0', 'a:b', 'ünï-日本-🎤', 'x'.repeat(500)])(
    'encodes %j without characters that a URL must escape',
    (id, { expect }) => {
      const globalId = encodeGlobalId('Voice', id);
      expect(globalId).toMatch(/^[A-Za-z0-9_-]+$/);
      expect(decodeGlobalId(globalId)).toEqual({ typename: 'Voice', id });
      expect(idOf('Voice', decodeGlobalId(globalId))).toBe(id);
      expect(idOf('Face', decodeGlobalId(globalId))).toBeNull();
    },
  );

  it('has exactly one spelling', ({ expect }) => {
    const globalId = encodeGlobalId('Voice', '1');
    expect(
      [`${globalId}=`, `${globalId}==`, ` ${globalId}`, `${globalId}\n`, btoa('Voice:1')].map(decodeGlobalId),
    ).toEqual([null, null, null, null, btoa('Voice:1') === globalId ? { typename: 'Voice', id: '1' } : null]);
  });
});
