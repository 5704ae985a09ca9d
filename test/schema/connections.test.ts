import { getNamedType, type GraphQLObjectType, isObjectType } from 'graphql';
import { beforeEach, describe, it } from 'vitest';
import { schema } from '../../src/schema/schema.ts';
import { faceScan, lipSyncTask, speech, voice, voiceTask } from '../support/fake-ledger.ts';
import { createGraphqlClient } from '../support/graphql-client.ts';

const connections = Object.values(schema.getTypeMap()).filter(
  (type): type is GraphQLObjectType => isObjectType(type) && type.name.endsWith('Connection'),
);

describe('every connection', () => {
  it.for(connections.map((type) => [type.name, type] as const))(
    'has the items of its edges as nodes: %s',
    ([, type], { expect }) => {
      const { edges, nodes } = type.getFields();
      const edge = getNamedType(edges!.type) as GraphQLObjectType;
      expect(String(edges!.type)).toBe(`[${edge.name}!]!`);
      expect(String(nodes!.type)).toBe(`[${String(edge.getFields()['node']!.type)}]!`);
    },
  );
});

describe('nodes', () => {
  let client: ReturnType<typeof createGraphqlClient>;
  beforeEach(() => {
    client = createGraphqlClient();
    client.ledger.tasksKept = ['c', 'b', 'a'].flatMap((id) => [lipSyncTask(`l-${id}`), voiceTask(`v-${id}`)]);
    client.ledger.scans = ['c', 'b', 'a'].map(faceScan);
    client.ledger.speechesKept = ['c', 'b', 'a'].map((audioId) => ({ ...speech, audioId }));
    client.ledger.voicesKept = ['c', 'b', 'a'].map((id) => voice(id));
    client.upstream.presetPages = [['c', 'b', 'a'].map((id) => voice(id, { owner: 'KLING', ownerId: 'kling' }))];
  });

  const NODE = '__typename id';
  it.for([
    ['tasks', NODE],
    ['faceScans', NODE],
    ['speeches', NODE],
    ['voices', NODE],
    ['presetVoices', NODE],
    ['taskUpdates', `cursor task { ${NODE} }`],
  ] as const)('of %s are the items of the edges, in their order', async ([list, selection], { expect }) => {
    const page = (fields: string) => `{ ${list}(first: 2) { ${fields} } }`;
    const { data, errors } = await client.execute(page(`nodes { ${selection} } edges { node { ${selection} } }`));
    expect(errors).toBeUndefined();
    const { nodes, edges } = data[list];
    expect(nodes).toHaveLength(2);
    expect(nodes).toEqual(edges.map(({ node }: { node: unknown }) => node));
    expect((await client.execute(page(`nodes { ${selection} }`))).data).toEqual({ [list]: { nodes } });
  });

  it('of a list without items are empty', async ({ expect }) => {
    client.ledger.tasksKept = [];
    expect((await client.execute('{ tasks { nodes { id } } }')).data).toEqual({ tasks: { nodes: [] } });
  });
});
