import { beforeEach, describe, it } from 'vitest';
import { GatewayError } from '../../src/errors.ts';
import { voice } from '../support/fake-ledger.ts';
import { createGraphqlClient } from '../support/graphql-client.ts';

let client: ReturnType<typeof createGraphqlClient>;
beforeEach(() => {
  client = createGraphqlClient();
});

const page = (name: string, size: number) =>
  Array.from({ length: size }, (_, i) => voice(`${name}${i}`, { owner: 'KLING', ownerId: 'kling' }));
const PRESETS = `query ($first: Int, $after: String) { presetVoices(first: $first, after: $after) {
  edges { cursor node { voiceId owner } } pageInfo { hasNextPage endCursor } } }`;

/** Reads the whole list, `first` items at a time. */
async function walk(first: number): Promise<string[]> {
  const voiceIds: string[] = [];
  let after: string | null = null;
  do {
    const { data } = await client.execute(PRESETS, { first, after });
    for (const { node } of data.presetVoices.edges) voiceIds.push(node.voiceId);
    after = data.presetVoices.pageInfo.hasNextPage ? data.presetVoices.pageInfo.endCursor : null;
  } while (after !== null);
  return voiceIds;
}

describe('presetVoices', () => {
  it.for([0, 30, 100, 207])('shows each of %i voices once, in order', async (size, { expect }) => {
    client.upstream.presetPages = [page('p', size)];
    const all = client.upstream.presetPages.flat().map(({ voiceId }) => voiceId);
    for (const first of [1, 7, 99, 100]) expect(await walk(first)).toEqual(all);
  });

  it('continues after the same voice if others were added or removed meanwhile', async ({ expect }) => {
    const [a, b, c, d] = page('p', 4);
    client.upstream.presetPages = [[a!, b!, d!]];
    const { data } = await client.execute(PRESETS, { first: 2 });
    const after = data.presetVoices.pageInfo.endCursor;
    const following = async (...voices: (typeof a)[]) => {
      client.upstream.presetPages = [voices.map((its) => its!)];
      const answer = await client.execute(PRESETS, { first: 10, after });
      return answer.data.presetVoices.edges.map(({ node }: { node: { voiceId: string } }) => node.voiceId);
    };
    expect(await following(a, b, c, d)).toEqual(['p2', 'p3']);
    expect(await following(b, d)).toEqual(['p3']);
    expect(await following(d, c, a, b)).toEqual([]);
    // If the voice itself is gone, the list continues at its index.
    expect(await following(a, d)).toEqual(['p3']);
  });

  it.for([
    '',
    'garbage',
    'at-1',
    'preset:0:0',
    'preset:1001',
    'preset:1:-1',
    'preset:1:01',
    'preset:99999:0',
    'preset:1:0\n',
    'library:1',
    'library:1:',
    'library:01:p0',
    'library:-1:p0',
    'library:1234567:p0',
    `library:0:${'p'.repeat(1_000)}`,
  ])('refuses the cursor %j without asking Kling', async (after, { expect }) => {
    const { errors } = await client.execute(PRESETS, { after });
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', issues: [{ path: ['after'] }] } }]);
    expect(client.upstream.reads).toEqual([]);
  });
});

it('voices reads the ledger, and not Kling', async ({ expect }) => {
  client.ledger.voicesKept = [voice('1'), voice('2')];
  const { data } = await client.execute('{ voices(first: 1) { edges { node { voiceId } } pageInfo { hasNextPage } } }');
  expect(data.voices).toEqual({ edges: [{ node: { voiceId: '1' } }], pageInfo: { hasNextPage: true } });
  expect(client.upstream.reads).toEqual([]);
});

describe('account', () => {
  it('shows the items of Kling’s lists unchanged', async ({ expect }) => {
    client.upstream.presetPages = [[], page('p', 1)];
    const { data } = await client.execute(`{ account {
      lipSyncTasks { page pageSize klingRequestId items { __typename klingTaskId externalTaskId status klingStatus statusMessage
        createdAt updatedAt unitsDeducted balanceDeducted { quota } videos { videoId } parentVideo { videoId } watermarkEnabled } }
      voiceTasks(page: 2, pageSize: 1000) { page items { klingTaskId voices { voiceId } } }
      presetVoices(page: 2, pageSize: 1) { pageSize items { voiceId } } } }`);
    expect(data.account).toEqual({
      lipSyncTasks: {
        page: 1,
        pageSize: 30,
        klingRequestId: 'read-1',
        items: [
          {
            __typename: 'AccountLipSyncTask',
            klingTaskId: 'k-lip-sync',
            externalTaskId: null,
            status: 'SUCCEEDED',
            klingStatus: 'succeed',
            statusMessage: null,
            createdAt: '2026-09-01T12:00:00.000Z',
            updatedAt: null,
            unitsDeducted: '0.05',
            balanceDeducted: null,
            videos: [{ videoId: 'made' }],
            parentVideo: { videoId: 'parent' },
            watermarkEnabled: null,
          },
        ],
      },
      voiceTasks: { page: 2, items: [{ klingTaskId: 'k-voice', voices: [{ voiceId: 'made' }] }] },
      presetVoices: { pageSize: 1, items: [{ voiceId: 'p0' }] },
    });
    expect(client.upstream.reads).toEqual([
      ['lipSyncTasks', { page: 1, pageSize: 30 }],
      ['voiceTasks', { page: 2, pageSize: 1000 }],
      ['presetVoices', { page: 2, pageSize: 1 }],
    ]);
  });

  it.for([
    ['lipSyncTasks', 0, 501, ['must be from 1 to 1000', 'must be from 1 to 500']],
    ['voiceTasks', 1001, 1001, ['must be from 1 to 1000', 'must be from 1 to 1000']],
    ['presetVoices', -1, 0, ['must be from 1 to 1000', 'must be from 1 to 1000']],
  ] as const)(
    'refuses a page of %s that Kling would refuse, and reports all issues',
    async ([list, at, size, messages], { expect }) => {
      const { data, errors } = await client.execute(`{ account { ${list}(page: ${at}, pageSize: ${size}) { page } } }`);
      expect(data).toEqual({ account: { [list]: null } });
      expect(errors).toMatchObject([
        {
          extensions: {
            code: 'BAD_USER_INPUT',
            issues: [
              { path: ['page'], message: messages[0] },
              { path: ['pageSize'], message: messages[1] },
            ],
          },
        },
      ]);
      expect(client.upstream.reads).toEqual([]);
    },
  );

  it('is null where Kling does not answer, and does not fail the rest of the query', async ({ expect }) => {
    client.upstream.failure = new GatewayError({
      code: 'UPSTREAM_UNAVAILABLE',
      message: 'Kling is down.',
      retryable: true,
    });
    const { data, errors } = await client.execute('{ account { voiceTasks { page } } tasks { edges { cursor } } }');
    expect(data).toEqual({ account: { voiceTasks: null }, tasks: { edges: [] } });
    expect(errors).toMatchObject([
      { path: ['account', 'voiceTasks'], extensions: { code: 'UPSTREAM_UNAVAILABLE', retryable: true } },
    ]);
  });
});
