import { beforeEach, describe, it } from 'vitest';
import type { FaceScan } from '../../src/domain/records.ts';
import { encodeGlobalId } from '../../src/schema/builder.ts';
import { faceScan } from '../support/fake-ledger.ts';
import { createGraphqlClient } from '../support/graphql-client.ts';

let client: ReturnType<typeof createGraphqlClient>;
beforeEach(() => {
  client = createGraphqlClient();
});

describe('faceScans', () => {
  it('is a connection of the scans that the ledger lists', async ({ expect }) => {
    client.ledger.scans = ['c', 'b', 'a'].map(faceScan);
    const query = `query ($first: Int, $after: String) { faceScans(first: $first, after: $after) {
      edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;
    const { data } = await client.execute(query, { first: 2, after: 'at-1' });
    expect(data.faceScans).toEqual({
      edges: ['b', 'a'].map((id, at) => ({ cursor: `at-${at + 2}`, node: { id: encodeGlobalId('FaceScan', id) } })),
      pageInfo: { hasNextPage: false, hasPreviousPage: true, startCursor: 'at-2', endCursor: 'at-3' },
    });
    expect(client.ledger.calls).toEqual([['faceScans', { first: 2, after: 'at-1' }]]);
  });
});

describe('the video of a face scan', () => {
  it.for<[name: string, known: Partial<FaceScan>, shown: object]>([
    ['by its URL', { video: { url: 'https://a.test/v.mp4' } }, { url: 'https://a.test/v.mp4' }],
    ['by its id', { video: { videoId: '42' }, videoDurationMs: 5100 }, { klingVideoId: '42', durationMs: 5100 }],
  ])('is shown %s, as it was given', async ([, known, shown], { expect }) => {
    client.ledger.scans = [{ ...faceScan('s'), ...known }];
    const { data } = await client.execute('{ faceScans { edges { node { video { url durationMs klingVideoId } } } } }');
    const none = { url: null, durationMs: null, klingVideoId: null };
    expect(data.faceScans.edges[0].node.video).toEqual({ ...none, ...shown });
  });

  it('has only null fields if version 0.1 made the scan', async ({ expect }) => {
    const { video: _video, externalId: _externalId, ...old } = faceScan('s');
    client.ledger.scans = [old];
    const { data } = await client.execute(
      '{ faceScans { edges { node { externalId video { url durationMs klingVideoId } } } } }',
    );
    expect(data.faceScans.edges[0].node.externalId).toBeNull();
    expect(data.faceScans.edges[0].node.video).toEqual({ url: null, durationMs: null, klingVideoId: null });
  });
});
