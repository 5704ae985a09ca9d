import { it } from 'vitest';
import { encodeGlobalId } from '../../src/schema/global-id.ts';
import { speech } from '../support/fake-ledger.ts';
import { createGraphqlClient } from '../support/graphql-client.ts';

it('speeches is a connection of the speeches that the ledger lists', async ({ expect }) => {
  const client = createGraphqlClient();
  client.ledger.speechesKept = ['c', 'b', 'a'].map((audioId) => ({ ...speech, audioId }));
  const query = `query ($first: Int, $after: String) { speeches(first: $first, after: $after) {
    edges { cursor node { id klingAudioId text } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;
  const { data } = await client.execute(query, { first: 1, after: 'at-1' });
  expect(data.speeches).toEqual({
    edges: [{ cursor: 'at-2', node: { id: encodeGlobalId('Speech', 'b'), klingAudioId: 'b', text: 'Hello' } }],
    pageInfo: { hasNextPage: true, hasPreviousPage: true, startCursor: 'at-2', endCursor: 'at-2' },
  });
  expect(client.ledger.calls).toEqual([['speeches', { first: 1, after: 'at-1' }]]);
});
