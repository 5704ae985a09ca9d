import { getIntrospectionQuery } from 'graphql';
import { describe, it } from 'vitest';
import { getUrl, jsonBody } from '../support/attacks.ts';
import { createGraphqlClient } from '../support/graphql-client.ts';

const client = createGraphqlClient();

describe('the GraphQL route answers', () => {
  it('a request with unknown keys', async ({ expect }) => {
    const body = { id: 'x', documentId: 'y', onError: 'NULL', query: '{__typename}', ['__proto__']: { query: 1 } };
    expect(await (await client.post(JSON.stringify(body))).json()).toEqual({ data: { __typename: 'Query' } });
  });

  it('a query over GET without any header, as urql sends it', async ({ expect }) => {
    const response = await client.fetchGraphql(
      getUrl({
        query: 'query a($i: Int) {tasks(first: $i) {edges {cursor}}}',
        variables: '{"i": 1}',
        operationName: '',
      }),
    );
    expect(await response.json()).toEqual({ data: { tasks: { edges: [] } } });
  });

  it.for(['application/json; charset=utf8', 'application/json;charset="UTF-8"', 'APPLICATION/JSON; charset="utf8"'])(
    'a request with the content-type and accept %s',
    async (type, { expect }) => {
      const response = await client.post(jsonBody('{__typename}'), { 'content-type': type, accept: type });
      expect(response.status).toBe(200);
      expect(await response.json()).toEqual({ data: { __typename: 'Query' } });
    },
  );

  it('a body with a byte order mark and a literal U+FFFD', async ({ expect }) => {
    const response = await client.post(
      `\uFEFF${jsonBody('query ($id: ID!) { node(id: $id) { id } }', { variables: { id: '\uFFFD' } })}`,
    );
    expect(await response.json()).toEqual({ data: { node: null } });
  });

  it('the full introspection query of GraphQL tools', async ({ expect }) => {
    const query = getIntrospectionQuery({
      inputValueDeprecation: true,
      specifiedByUrl: true,
      oneOf: true,
      schemaDescription: true,
    });
    expect((await client.execute(query)).errors).toBeUndefined();
  });

  it('a document with many brackets in strings, block strings and comments', async ({ expect }) => {
    const many = '{'.repeat(300);
    const query = `# ${many}\n{ a: node(id: "${many} \\" ${many}") {id} b: node(id: """${many} \\""" ${many}""") {id} }`;
    expect(await client.execute(query)).toEqual({ data: { a: null, b: null } });
  });
});

describe('an error message', () => {
  it('does not repeat a long input', async ({ expect }) => {
    const response = await client.post(
      jsonBody('query ($n: Int) {tasks(first: $n) {edges {cursor}}}', { variables: { n: 'x'.repeat(90_000) } }),
    );
    expect((await response.text()).length).toBeLessThan(5000);
  });
});

describe('if introspection is off', () => {
  const closed = createGraphqlClient({ introspection: false });

  it('introspection of the schema is refused', async ({ expect }) => {
    const { data, errors } = await closed.execute('{ __schema { types { name } } }');
    expect({ data, codes: errors?.map(({ extensions }) => extensions['code']) }).toEqual({
      data: undefined,
      codes: ['BAD_USER_INPUT', 'BAD_USER_INPUT'],
    });
  });

  it('__typename is answered', async ({ expect }) => {
    expect(await closed.execute('{__typename}')).toEqual({ data: { __typename: 'Query' } });
  });

  it.for([
    ['{ voic { id } }', {}],
    ['{ tasks(filter: { kind: VOICES }) { edges { cursor } } }', {}],
    ['{ tasks(firs: 1) { edges { cursor } } }', {}],
    ['query ($k: TaskKind) { tasks(filter: { kind: $k }) { edges { cursor } } }', { k: 'VOICES' }],
    [
      'mutation ($i: VideoInput!) { identifyFaces(video: $i) { ... on FaceScan { id } ... on Failure { code message } } }',
      { i: { ur: 'x' } },
    ],
  ] as const)('no message suggests names of the schema: %s', async ([query, variables], { expect }) => {
    const { errors } = await closed.execute(query, variables);
    expect(errors?.length).toBeGreaterThan(0);
    expect(JSON.stringify(errors)).not.toMatch(/did you mean|LIP_SYNC/i);
  });
});
