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
  edges { cursor node { klingVoiceId owner } } pageInfo { hasNextPage endCursor } } }`;

/** Reads the whole list, `first` items at a time. */
async function walk(first: number): Promise<string[]> {
  const voiceIds: string[] = [];
  let after: string | null = null;
  do {
    const { data } = await client.execute(PRESETS, { first, after });
    for (const { node } of data.presetVoices.edges) voiceIds.push(node.klingVoiceId);
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
      return answer.data.presetVoices.edges.map(({ node }: { node: { klingVoiceId: string } }) => node.klingVoiceId);
    };
    expect(await following(a, b, c, d)).toEqual(['p2', 'p3']);
    expect(await following(b, d)).toEqual(['p3']);
    expect(await following(d, c, a, b)).toEqual([]);
    // If the voice itself is gone, the list continues at its index.
    expect(await following(a, d)).toEqual(['p3']);
  });

  it('is null with an error if Kling does not answer, and the rest of the query is answered', async ({ expect }) => {
    client.ledger.voicesKept = [voice('1')];
    client.upstream.failure = new GatewayError({
      code: 'UPSTREAM_UNAVAILABLE',
      message: 'Kling is down.',
      retryable: true,
    });
    const { data, errors } = await client.execute(
      '{ presetVoices { nodes { id } } voices { nodes { klingVoiceId } } }',
    );
    expect(data).toEqual({ presetVoices: null, voices: { nodes: [{ klingVoiceId: '1' }] } });
    expect(errors).toMatchObject([{ path: ['presetVoices'], extensions: { code: 'UPSTREAM_UNAVAILABLE' } }]);
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
  const query = '{ voices(first: 1) { edges { node { klingVoiceId } } pageInfo { hasNextPage } } }';
  const { data } = await client.execute(query);
  expect(data.voices).toEqual({ edges: [{ node: { klingVoiceId: '1' } }], pageInfo: { hasNextPage: true } });
  expect(client.upstream.reads).toEqual([]);
});

describe('operator', () => {
  it('shows the items of Kling’s lists unchanged', async ({ expect }) => {
    client.upstream.presetPages = [[], page('p', 1)];
    const { data } = await client.execute(`{ operator {
      lipSyncs: klingTasks(list: LIP_SYNCS) { page pageSize klingRequestId items { __typename klingTaskId klingExternalTaskId
        klingStatus klingStatusMessage klingRequestId klingCreatedAt klingUpdatedAt unitsDeducted balanceDeducted { quota }
        videos { klingVideoId } parentVideo { klingVideoId } watermarkEnabled voices { id } } }
      voices: klingTasks(list: CUSTOM_VOICES, page: 2, pageSize: 1000) { page items { klingTaskId voices { klingVoiceId }
        videos { url } parentVideo { url } watermarkEnabled } }
      presets: klingTasks(list: PRESET_VOICES, page: 2, pageSize: 1) { pageSize items {
        klingTaskId klingStatus voices { klingVoiceId owner } } } } }`);
    expect(data.operator).toEqual({
      lipSyncs: {
        page: 1,
        pageSize: 30,
        klingRequestId: 'read-1',
        items: [
          {
            __typename: 'KlingTask',
            klingTaskId: 'k-lip-sync',
            klingExternalTaskId: null,
            klingStatus: 'succeed',
            klingStatusMessage: null,
            klingRequestId: 'read-1',
            klingCreatedAt: '2026-09-01T12:00:00.000Z',
            klingUpdatedAt: null,
            unitsDeducted: '0.05',
            balanceDeducted: null,
            videos: [{ klingVideoId: 'made' }],
            parentVideo: { klingVideoId: 'parent' },
            watermarkEnabled: null,
            voices: [],
          },
        ],
      },
      voices: {
        page: 2,
        items: [
          {
            klingTaskId: 'k-voice',
            voices: [{ klingVoiceId: 'made' }],
            videos: [],
            parentVideo: null,
            watermarkEnabled: null,
          },
        ],
      },
      presets: {
        pageSize: 1,
        items: [{ klingTaskId: null, klingStatus: null, voices: [{ klingVoiceId: 'p0', owner: 'KLING' }] }],
      },
    });
    expect(client.upstream.reads).toEqual([
      ['LIP_SYNCS', { page: 1, pageSize: 30 }],
      ['CUSTOM_VOICES', { page: 2, pageSize: 1000 }],
      ['PRESET_VOICES', { page: 2, pageSize: 1 }],
    ]);
  });

  it.for([
    ['LIP_SYNCS', 0, 501, ['must be from 1 to 1000', 'must be from 1 to 500']],
    ['CUSTOM_VOICES', 1001, 1001, ['must be from 1 to 1000', 'must be from 1 to 1000']],
    ['PRESET_VOICES', -1, 0, ['must be from 1 to 1000', 'must be from 1 to 1000']],
  ] as const)(
    'refuses a page of %s that Kling would refuse, and reports all issues',
    async ([list, at, size, messages], { expect }) => {
      const { data, errors } = await client.execute(
        `{ operator { klingTasks(list: ${list}, page: ${at}, pageSize: ${size}) { page } } }`,
      );
      expect(data).toEqual({ operator: { klingTasks: null } });
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

  it('shows one task of a list, and null for one that Kling does not know', async ({ expect }) => {
    const { data, errors } = await client.execute(`{ operator {
      lipSync: klingTask(list: LIP_SYNCS, klingTaskId: "k-lip-sync") { klingTaskId videos { klingVideoId } }
      voice: klingTask(list: CUSTOM_VOICES, klingTaskId: "k-voice") { klingTaskId voices { klingVoiceId } }
      none: klingTask(list: CUSTOM_VOICES, klingTaskId: "k-lip-sync") { klingTaskId } } }`);
    expect(errors).toBeUndefined();
    expect(data.operator).toEqual({
      lipSync: { klingTaskId: 'k-lip-sync', videos: [{ klingVideoId: 'made' }] },
      voice: { klingTaskId: 'k-voice', voices: [{ klingVoiceId: 'made' }] },
      none: null,
    });
  });

  it.for([
    ['PRESET_VOICES', '1', [{ path: ['list'], message: 'must be CUSTOM_VOICES or LIP_SYNCS' }]],
    ['LIP_SYNCS', '', [{ path: ['klingTaskId'], message: 'must be 1 to 200 characters long' }]],
    ['LIP_SYNCS', 'x'.repeat(201), [{ path: ['klingTaskId'], message: 'must be 1 to 200 characters long' }]],
  ] as const)('asks Kling for no task of %s by the id "%s"', async ([list, id, issues], { expect }) => {
    const { data, errors } = await client.execute(
      'query ($list: KlingList!, $id: String!) { operator { klingTask(list: $list, klingTaskId: $id) { klingTaskId } } }',
      { list, id },
    );
    expect(data).toEqual({ operator: { klingTask: null } });
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', issues } }]);
    expect(client.upstream.reads).toEqual([]);
  });

  it.for([0, 3651])('refuses packs of %i days', async (days, { expect }) => {
    const { data, errors } = await client.execute(`{ operator { resourcePacks(days: ${days}) { name } } }`);
    expect(data).toEqual({ operator: { resourcePacks: null } });
    expect(errors).toMatchObject([{ extensions: { issues: [{ path: ['days'], message: 'must be from 1 to 3650' }] } }]);
    expect(client.upstream.packRequests).toEqual([]);
  });

  it('is null in each field whose read fails, and answers the others', async ({ expect }) => {
    client.upstream.failure = new GatewayError({
      code: 'UPSTREAM_UNAVAILABLE',
      message: 'Kling is down.',
      retryable: true,
    });
    const { data, errors } = await client.execute(`{ operator { klingTasks(list: CUSTOM_VOICES) { page }
      klingTask(list: LIP_SYNCS, klingTaskId: "1") { klingTaskId } resourcePacks { name } } tasks { edges { cursor } } }`);
    expect(data).toEqual({
      operator: { klingTasks: null, klingTask: null, resourcePacks: [] },
      tasks: { edges: [] },
    });
    const extensions = { code: 'UPSTREAM_UNAVAILABLE', retryable: true };
    expect(errors?.toSorted((a, b) => String(a.path).localeCompare(String(b.path)))).toMatchObject([
      { path: ['operator', 'klingTask'], extensions },
      { path: ['operator', 'klingTasks'], extensions },
    ]);
  });
});
