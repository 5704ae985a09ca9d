import { it } from 'vitest';
import { type Attack, jsonBody, testAttacks } from '../support/attacks.ts';
import { createGraphqlClient } from '../support/graphql-client.ts';

const client = createGraphqlClient();

const VOICE_TASK = `klingTaskId klingExternalTaskId klingStatus klingStatusMessage klingRequestId klingCreatedAt klingUpdatedAt unitsDeducted
  balanceDeducted { quota listPrice } voices { id klingVoiceId name sampleUrl owner klingOwnerId __typename }`;

const QUERIES: readonly (readonly [name: string, query: string, variables?: object])[] = [
  ['in connections', '{ faceScans(first: 100) { edges { node { faces { scan { faces { id } } } } } } }'],
  [
    'in connections, sized by variables',
    'query ($n: Int) { faceScans(first: $n) { edges { node { faces { scan { faces { id } } } } } } }',
    { n: 1 },
  ],
  [
    'in connections, through fragments',
    `{ faceScans(first: 100) { ...f } }
      fragment f on FaceScanConnection { edges { node { faces { ...g } } } }
      fragment g on Face { scan { faces { id } } }`,
  ],
  [
    'in connections without a size',
    '{ faceScans { edges { node { faces { scan { faces { id klingFaceId startMs endMs imageUrl } } } } } } }',
  ],
  [
    'in nodes by their ids',
    'query ($ids: [ID!]!) { nodes(ids: $ids) { ... on FaceScan { faces { scan { faces { id } } } } } }',
    { ids: [] },
  ],
  [
    "in Kling's longest pages",
    `{ operator { klingTasks(list: CUSTOM_VOICES, pageSize: 1000) { items { ${VOICE_TASK} } } } }`,
  ],
];

const ATTACKS: readonly Attack[] = QUERIES.map(([name, query, variables]) => ({
  name: `a query for lists in lists, ${name}`,
  send: () => client.post(jsonBody(query, { variables })),
  status: 400,
  code: 'QUERY_TOO_COMPLEX',
  message: /up to \d+ fields to answer, .*20000 are answered at once: ask for less/,
}));

testAttacks(client, ATTACKS);

it('a list just below the limit is answered', async ({ expect }) => {
  const { data, errors } = await client.execute(
    `{ operator { klingTasks(list: CUSTOM_VOICES, pageSize: 950) { items { ${VOICE_TASK} } } } }`,
  );
  expect(errors).toBeUndefined();
  expect(data.operator.klingTasks.items.length).toBeGreaterThan(0);
});
