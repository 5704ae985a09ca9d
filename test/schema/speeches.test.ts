import { describe, it } from 'vitest';
import type { Speech } from '../../src/domain/records.ts';
import { encodeGlobalId } from '../../src/schema/builder.ts';
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

describe('kling of a speech', () => {
  const RECORD = `klingTaskId klingRequestId klingStatus klingStatusMessage klingExternalTaskId klingCreatedAt klingUpdatedAt
    unitsDeducted balanceDeducted { quota listPrice } parentVideo { url } watermarkEnabled videos { url } voices { id }`;
  const NONE = {
    klingTaskId: 'kling-2',
    klingRequestId: 'request-1',
    klingStatus: null,
    klingStatusMessage: null,
    klingExternalTaskId: null,
    klingCreatedAt: null,
    klingUpdatedAt: null,
    unitsDeducted: '0.05',
    balanceDeducted: null,
    parentVideo: null,
    watermarkEnabled: null,
    videos: [],
    voices: [],
  };

  async function klingOf(changes: Partial<Speech>): Promise<unknown> {
    const client = createGraphqlClient();
    client.ledger.speechesKept = [{ ...speech, ...changes }];
    const { data } = await client.execute(`{ speeches { nodes { url kling { ${RECORD} } } } }`);
    return data.speeches.nodes[0].kling;
  }

  it('shows all that Kling reported of the request', async ({ expect }) => {
    const lastReport = { statusMessage: 'done', createdAtMs: Date.UTC(2026, 8, 1), updatedAtMs: Date.UTC(2026, 8, 2) };
    const balanceDeducted = { quota: '0.007', listPrice: null };
    expect(await klingOf({ klingStatus: 'succeed', lastReport, balanceDeducted })).toEqual({
      ...NONE,
      klingStatus: 'succeed',
      klingStatusMessage: 'done',
      klingCreatedAt: '2026-09-01T00:00:00.000Z',
      klingUpdatedAt: '2026-09-02T00:00:00.000Z',
      balanceDeducted,
    });
  });

  it('has nulls in an older speech, for what was not stored then', async ({ expect }) => {
    expect(await klingOf({})).toEqual(NONE);
  });

  it('is null if Kling sent no id', async ({ expect }) => {
    expect(await klingOf({ klingTaskId: null, klingRequestId: null })).toBeNull();
  });
});

it('a speech without a URL is listed, with its audio id', async ({ expect }) => {
  const client = createGraphqlClient();
  client.ledger.speechesKept = [{ ...speech, url: null }];
  const { data, errors } = await client.execute('{ speeches { nodes { url klingAudioId } } }');
  expect(errors).toBeUndefined();
  expect(data.speeches.nodes).toEqual([{ url: null, klingAudioId: 'audio-1' }]);
});
