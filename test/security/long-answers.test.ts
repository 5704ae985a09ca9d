import { it } from 'vitest';
import { type Attack, jsonBody, testAttacks } from '../support/attacks.ts';
import { createGraphqlClient } from '../support/graphql-client.ts';

const client = createGraphqlClient();

const VOICE_TASK = `klingTaskId klingExternalTaskId klingStatus klingStatusMessage klingRequestId klingCreatedAt klingUpdatedAt unitsDeducted
  balanceDeducted { quota listPrice } voices { id klingVoiceId name sampleUrl owner klingOwnerId __typename }`;

const QUERIES: readonly (readonly [name: string, query: string, variables?: object])[] = [
  ['in connections', '{ tasks(first: 100) { edges { node { events(first: 100) { edges { node { cursor } } } } } } }'],
  [
    'in connections, sized by variables',
    'query ($n: Int) { tasks(first: $n) { edges { node { events(first: $n) { edges { node { cursor } } } } } } }',
    { n: 1 },
  ],
  [
    'in connections, through fragments',
    `{ tasks(first: 100) { ...f } }
      fragment f on TaskConnection { edges { node { events(first: 100) { ...g } } } }
      fragment g on TaskUpdateConnection { edges { node { cursor } } }`,
  ],
  [
    'in connections without a size',
    `{ tasks { edges { node { events { edges { node { task {
      events { edges { node { sequence at resync cursor } } } } } } } } } } }`,
  ],
  [
    'in nodes by their ids',
    'query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Task { events(first: 100) { edges { node { cursor } } } } } }',
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
