import { getIntrospectionQuery, parse, validate } from 'graphql';
import { describe, it } from 'vitest';
import { encodeGlobalId } from '../../src/schema/builder.ts';
import { schema } from '../../src/schema/schema.ts';
import { FakeLedger, FakeUpstream, lipSyncTask, voiceTask } from '../support/fake-ledger.ts';
import { VIEWER } from '../support/viewer.ts';
import { compiledRun, runByGraphql, seen } from './compare.ts';

const TASK = `__typename id externalId status failure { code message } createdAt updatedAt expiresAt
  unitsEstimated unitsCharged kling { klingTaskId klingStatus klingRequestId balanceDeducted { quota listPrice } }
  ... on LipSyncTask { sourceVideo { klingVideoId url durationMs } videos { klingVideoId url watermarkUrl expiresAt durationMs } }`;

const by = { externalId: 'mine' };
const ids = [
  encodeGlobalId('LipSyncTask', 'l1'),
  encodeGlobalId('VoiceTask', 'v1'),
  encodeGlobalId('Voice', 'x'),
  'none',
];

const OPERATIONS: Readonly<Record<string, readonly [query: string, variables?: object]>> = {
  'one task': [`query ($by: TaskReferenceInput!) { task(by: $by) { ${TASK} } }`, { by }],
  'a missing task': [`{ task(by: {id: "none"}) { ${TASK} } }`],
  'an empty reference': ['query ($by: TaskReferenceInput!) { task(by: $by) { id } }', { by: {} }],
  'a page of tasks': [
    `query ($first: Int, $kind: TaskKind) { tasks(first: $first, filter: { kind: $kind }) { edges { cursor node { ...T } } pageInfo { hasNextPage endCursor } } } fragment T on Task { ${TASK} }`,
    { first: 2 },
  ],
  'a page that is too long': ['{ tasks(first: 101) { edges { cursor } } voices { edges { node { id } } } }'],
  'nodes by their ids': [
    `query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Task { status } } node(id: "no") { id } }`,
    { ids },
  ],
  'the viewer': ['{ viewer { __typename } }'],
  'two mutations': [
    'mutation { a: deleteVoice(voiceId: "x") { __typename } b: deleteVoice(voiceId: "y") { __typename } }',
  ],
  introspection: [getIntrospectionQuery({ inputValueDeprecation: true, oneOf: true })],
};

function world(failure: unknown) {
  const ledger = new FakeLedger();
  ledger.tasksKept = [
    lipSyncTask('l2', { status: 'PROCESSING' }),
    voiceTask('v1'),
    lipSyncTask('l1', { externalId: 'mine' }),
  ];
  ledger.failure = failure;
  const context = { requestId: 'request', now: () => 0, viewer: VIEWER, ledger, upstream: new FakeUpstream() };
  return { ledger, context };
}

describe("the engine with the gateway's schema", () => {
  it.for(Object.entries(OPERATIONS))(
    'answers %s as graphql does',
    async ([, [query, variableValues = {}]], { expect }) => {
      const document = parse(query);
      expect(validate(schema, document)).toEqual([]);
      const run = compiledRun(schema, document);
      for (const failure of [null, new Error('the ledger is away'), null]) {
        const [mine, theirs] = [world(failure), world(failure)];
        const got = await seen(run!({ contextValue: mine.context, variableValues: { ...variableValues } }));
        const wanted = await seen(
          runByGraphql(schema, document, { contextValue: theirs.context, variableValues: { ...variableValues } }),
        );
        expect(got).toBe(wanted);
        expect(mine.ledger.calls).toEqual(theirs.ledger.calls);
      }
    },
  );

  it('executes one event of a subscription as graphql does', async ({ expect }) => {
    const document = parse(
      `subscription ($after: String) { taskUpdates(after: $after) { __typename at cursor task { ${TASK} } } }`,
    );
    expect(validate(schema, document)).toEqual([]);
    for (const task of [lipSyncTask('l1'), voiceTask('v1'), { kind: 'NOPE' }]) {
      const args = { rootValue: { cursor: 'c', atMs: 0, task, resync: false }, contextValue: world(null).context };
      expect(await seen(compiledRun(schema, document)!(args))).toBe(await seen(runByGraphql(schema, document, args)));
    }
  });
});
