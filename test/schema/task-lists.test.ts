import { beforeEach, describe, it } from 'vitest';
import { encodeGlobalId } from '../../src/schema/builder.ts';
import { lipSyncTask, voiceTask } from '../support/fake-ledger.ts';
import { createGraphqlClient } from '../support/graphql-client.ts';

let client: ReturnType<typeof createGraphqlClient>;
beforeEach(() => {
  client = createGraphqlClient();
  client.ledger.tasksKept = [
    lipSyncTask('l2', { status: 'PROCESSING' }),
    voiceTask('v1', { externalId: 'my-voice' }),
    lipSyncTask('l1', {
      externalId: 'mine',
      label: 'Birthday',
      details: { metadata: [{ key: 'order', value: '4711' }] },
    }),
  ];
});

const idOf = (type: string, id: string) => encodeGlobalId(type, id);

describe('tasks', () => {
  const QUERY = `query ($first: Int, $after: String, $kind: TaskKind, $status: [TaskStatus!]) {
    tasks(first: $first, after: $after, filter: { kind: $kind, status: $status }) {
      edges { cursor node { __typename id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;

  it('are paginated with cursors', async ({ expect }) => {
    const one = await client.execute(QUERY, { first: 2 });
    expect(one.data.tasks).toEqual({
      edges: [
        { cursor: 'at-1', node: { __typename: 'LipSyncTask', id: idOf('LipSyncTask', 'l2') } },
        { cursor: 'at-2', node: { __typename: 'VoiceTask', id: idOf('VoiceTask', 'v1') } },
      ],
      pageInfo: { hasNextPage: true, hasPreviousPage: false, startCursor: 'at-1', endCursor: 'at-2' },
    });
    const two = await client.execute(QUERY, { first: 2, after: one.data.tasks.pageInfo.endCursor });
    expect(two.data.tasks).toMatchObject({
      edges: [{ node: { id: idOf('LipSyncTask', 'l1') } }],
      pageInfo: { hasNextPage: false, hasPreviousPage: true },
    });
  });

  it.for([
    [{}, { kind: null, statuses: [] }, { first: 20, after: null }],
    [
      { status: [], kind: null },
      { kind: null, statuses: [] },
      { first: 20, after: null },
    ],
    [{ first: 0 }, { kind: null, statuses: [] }, { first: 0, after: null }],
    [
      { first: 100, kind: 'VOICE', status: ['FAILED', 'QUEUED'] },
      { kind: 'VOICE', statuses: ['FAILED', 'QUEUED'] },
      { first: 100, after: null },
    ],
  ] as const)('called with %j read the right window of the ledger', async ([variables, filter, window], { expect }) => {
    await client.execute(QUERY, variables);
    expect(client.ledger.calls).toEqual([['tasks', filter, window, 'NEWEST_FIRST']]);
  });

  it.for(['tasks', 'voices', 'presetVoices'])(
    'and other lists refuse a window that is too large: %s',
    async (list, { expect }) => {
      for (const first of [-1, 101]) {
        const { errors } = await client.execute(`{ ${list}(first: ${first}) { edges { cursor } } }`);
        expect(errors).toMatchObject([
          {
            path: [list],
            extensions: { code: 'BAD_USER_INPUT', issues: [{ path: ['first'], message: 'must be from 0 to 100' }] },
          },
        ]);
      }
      expect(client.ledger.calls).toEqual([]);
    },
  );

  it('have no cursors in an empty window', async ({ expect }) => {
    client.ledger.tasksKept = [];
    const { data } = await client.execute(QUERY);
    expect(data.tasks).toEqual({
      edges: [],
      pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
    });
  });

  it('are filtered and ordered by the ledger', async ({ expect }) => {
    const { data } = await client.execute(
      `{ tasks(orderBy: OLDEST_FIRST, filter: { kind: LIP_SYNC, label: " Birthday ", createdFrom: "2026-09-01T14:00:00+02:00",
        createdBefore: "2026-09-01T12:00:00.001Z" }) { nodes { id } } }`,
    );
    expect(data.tasks.nodes).toEqual([{ id: idOf('LipSyncTask', 'l1') }]);
    const createdFromMs = Date.parse('2026-09-01T12:00:00Z');
    const filter = {
      kind: 'LIP_SYNC',
      statuses: [],
      label: 'Birthday',
      createdFromMs,
      createdBeforeMs: createdFromMs + 1,
    };
    expect(client.ledger.calls).toEqual([['tasks', filter, { first: 20, after: null }, 'OLDEST_FIRST']]);
  });

  it('take back an instant as a task shows it', async ({ expect }) => {
    const [{ createdAt }] = (await client.execute('{ tasks { nodes { createdAt } } }')).data.tasks.nodes;
    const query = 'query ($from: DateTime) { tasks(filter: { createdFrom: $from }) { nodes { id } } }';
    expect((await client.execute(query, { from: createdAt })).data.tasks.nodes).toHaveLength(3);
  });

  it.for(['tasks', 'taskUpdates'])(
    'and their changes refuse everything that is wrong at once: %s',
    async (list, { expect }) => {
      const query = `query ($filter: TaskFilterInput) { ${list}(first: 101, after: "preset:1:0", filter: $filter) { nodes { __typename } } }`;
      const filter = { createdFrom: 'yesterday', createdBefore: '', label: ' ' };
      const { data, errors } = await client.execute(query, { filter });
      expect(data).toBeNull();
      expect(errors).toHaveLength(1);
      expect(errors![0]).toMatchObject({ path: [list], extensions: { code: 'BAD_USER_INPUT', retryable: false } });
      const instant = 'must be an instant with its offset from UTC, as in `2026-09-01T12:00:00.000Z`';
      expect(errors![0]!.extensions['issues']).toEqual([
        { path: ['first'], code: 'OUT_OF_RANGE', message: 'must be from 0 to 100' },
        { path: ['filter', 'createdFrom'], code: 'MALFORMED', message: instant },
        { path: ['filter', 'createdBefore'], code: 'MALFORMED', message: instant },
        { path: ['filter', 'label'], code: 'OUT_OF_RANGE', message: 'must be 1 to 80 characters long and not blank' },
        { path: ['after'], code: 'MALFORMED', message: 'is not a cursor of this list' },
      ]);
    },
  );

  it('refuse an instant that is not a text, and null for the length and the order', async ({ expect }) => {
    for (const argument of ['first: null', 'filter: { createdFrom: 1790000000 }', 'orderBy: null', 'orderBy: NEWEST']) {
      const { errors } = await client.execute(`{ tasks(${argument}) { nodes { id } } }`);
      expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    }
    const query = 'query ($from: DateTime) { tasks(filter: { createdFrom: $from }) { nodes { id } } }';
    for (const from of [1790000000, true, {}, ['2026-09-01T12:00:00Z']]) {
      const { errors } = await client.execute(query, { from });
      expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    }
    expect(client.ledger.calls).toEqual([]);
  });

  it('refuse a cursor of another list', async ({ expect }) => {
    const { errors } = await client.execute(QUERY, { after: 'preset:1:0' });
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', issues: [{ path: ['after'] }] } }]);
  });
});
