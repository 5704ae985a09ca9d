import { getIntrospectionQuery, Kind, parse, print, visit } from 'graphql';
import { describe, it } from 'vitest';
import { parseDocument } from '../../src/graphql/limits.ts';
import { type Attack, getUrl, jsonBody, testAttacks } from '../support/attacks.ts';
import { DOCUMENT_BOMBS } from '../support/document-bombs.ts';
import { createGraphqlClient } from '../support/graphql-client.ts';

const client = createGraphqlClient();
const nested = (depth: number) => `${'{a'.repeat(depth)}${'}'.repeat(depth)}`;
const doubling = Array.from({ length: 40 }, (_, i) => `fragment f${i} on Query { ...f${i + 1} ...f${i + 1} }`).join(
  ' ',
);

const ATTACKS: readonly Attack[] = [
  ...[201, 2000, 20_000].map((depth) => ({
    name: `${depth} nested selections`,
    send: () => client.post(jsonBody(nested(depth))),
    status: 400,
    code: 'QUERY_TOO_COMPLEX',
  })),
  {
    name: '20,000 nested lists in an argument',
    send: () => client.post(jsonBody(`{ nodes(ids: ${'['.repeat(20_000)}) }`)),
    status: 400,
    code: 'QUERY_TOO_COMPLEX',
  },
  {
    name: '20,000 nested lists in the variables',
    send: () =>
      client.post(`{"query": "{__typename}", "variables": {"a": ${'['.repeat(20_000)}${']'.repeat(20_000)}}}`),
    status: 400,
    code: 'QUERY_TOO_COMPLEX',
  },
  {
    name: '20,000 nested lists in the variables of a GET',
    send: () => client.fetchGraphql(getUrl({ query: '{__typename}', variables: `{"a": ${'['.repeat(20_000)}}` })),
    status: 400,
    code: 'QUERY_TOO_COMPLEX',
  },
  {
    name: 'a selection of 13 levels',
    send: () => client.post(jsonBody(nested(13))),
    status: 400,
    code: 'QUERY_TOO_COMPLEX',
    message: /12 levels/,
  },
  {
    name: '10,000 aliases',
    send: () => client.post(jsonBody(`{${Array.from({ length: 5000 }, (_, i) => `a${i}:__typename `).join('')}}`)),
    status: 400,
    code: 'QUERY_TOO_COMPLEX',
    message: /2000 tokens/,
  },
  {
    name: '2,001 lines',
    send: () => client.post(jsonBody(`${'\r\n#'.repeat(2_000)}{__typename}`)),
    status: 400,
    code: 'QUERY_TOO_COMPLEX',
    message: /2000 lines/,
  },
  {
    name: '31 aliases',
    send: () =>
      client.post(
        jsonBody(`{operator{${Array.from({ length: 31 }, (_, i) => `a${i}:resourcePacks{name} `).join('')}}}`),
      ),
    status: 400,
    code: 'QUERY_TOO_COMPLEX',
    message: /30 aliases/,
  },
  {
    name: '21 fields at the root, by fragments',
    send: () => client.post(jsonBody(`{...f ...f ...f} fragment f on Query {${'__typename '.repeat(7)}}`)),
    status: 400,
    code: 'QUERY_TOO_COMPLEX',
    message: /20 fields at the root/,
  },
  {
    name: 'a field written 600 times, for the rule that compares all with all',
    send: () => client.post(jsonBody(`{operator{${'__typename '.repeat(600)}}}`)),
    status: 400,
    code: 'QUERY_TOO_COMPLEX',
    message: /500 fields/,
  },
  {
    name: 'a selection of 13 levels, in a fragment',
    send: () => client.post(jsonBody(`{...f} fragment f on Query ${nested(13)}`)),
    status: 400,
    code: 'QUERY_TOO_COMPLEX',
    message: /12 levels/,
  },
  {
    name: 'a field written 10,000 times',
    send: () => client.post(jsonBody(`{operator{${'id '.repeat(10_000)}}}`)),
    status: 400,
    code: 'QUERY_TOO_COMPLEX',
    message: /2000 tokens/,
  },
  {
    name: 'a field written 31 times in one place, by fields that are merged',
    send: () => client.post(jsonBody(`{operator{a} operator{${'a '.repeat(15)}} operator{${'a '.repeat(15)}}}`)),
    status: 400,
    code: 'QUERY_TOO_COMPLEX',
    message: /a field more than 30 times in one place/,
  },
  {
    name: 'a field written 31 times in one place, by fragments',
    send: () =>
      client.post(
        jsonBody(`{operator{...f ...on OperatorQuery{...f} ...f}} fragment f on OperatorQuery{${'a '.repeat(11)}}`),
      ),
    status: 400,
    code: 'QUERY_TOO_COMPLEX',
    message: /a field more than 30 times in one place/,
  },
  {
    name: 'a batch of 10,000 operations',
    send: () => client.post(`[${Array.from({ length: 10_000 }, () => '{}').join()}]`),
    status: 400,
    message: /Batches/,
  },
  {
    name: 'introspection in circles',
    send: () =>
      client.post(jsonBody(`{__schema{types{${'fields{type{'.repeat(4)}name${'}}'.repeat(4)}}}}`), {
        accept: 'application/graphql-response+json',
      }),
    status: 400,
    message: /Maximum introspection depth/,
  },
  {
    name: 'fragments that double 40 times',
    send: () => client.post(jsonBody(`{...f0} ${doubling} fragment f40 on Query { __typename }`)),
    status: 400,
    code: 'QUERY_TOO_COMPLEX',
  },
  {
    name: 'fragments in a circle',
    send: () =>
      client.post(jsonBody('{...a} fragment a on Query {...b} fragment b on Query {...a}'), {
        accept: 'application/graphql-response+json',
      }),
    status: 400,
  },
  {
    name: '51 directives',
    send: () => client.post(jsonBody(`{__typename ${'@skip(if: false) '.repeat(51)}}`)),
    status: 400,
    code: 'QUERY_TOO_COMPLEX',
  },
  {
    name: '11 operations',
    send: () => client.post(jsonBody(Array.from({ length: 11 }, (_, i) => `query q${i} {__typename}`).join(' '))),
    status: 400,
    code: 'QUERY_TOO_COMPLEX',
  },
  {
    name: 'an unknown operationName',
    send: () => client.post(jsonBody('query a {__typename}', { operationName: 'b' })),
    status: 400,
  },
  {
    name: 'a document without an operation',
    send: () => client.post(jsonBody('fragment a on Query {__typename}')),
    status: 400,
  },
  {
    name: 'a subscription over POST',
    send: () => client.post(jsonBody('subscription { a }'), { accept: 'application/graphql-response+json' }),
    status: 400,
  },
  {
    name: 'a request for HTML',
    send: () => client.post(jsonBody('{__typename}'), { accept: 'text/html' }),
    status: 406,
  },
];

testAttacks(client, ATTACKS);

describe('the introspection query', () => {
  const all = {
    inputValueDeprecation: true,
    specifiedByUrl: true,
    oneOf: true,
    schemaDescription: true,
    directiveIsRepeatable: true,
  };
  it.for([
    ['of graphql-js', getIntrospectionQuery()],
    ['of GraphiQL and Apollo, with all options', getIntrospectionQuery(all)],
    [
      'of older tools, without descriptions',
      getIntrospectionQuery({ descriptions: false, directiveIsRepeatable: false }),
    ],
    ['with inlined fragments, as relay-compiler prints it', spreadOut(getIntrospectionQuery(all))],
  ] as const)('%s is answered', async ([, query], { expect }) => {
    const { data, errors } = await client.execute(query);
    expect(errors).toBeUndefined();
    expect(data['__schema'].types.length).toBeGreaterThan(20);
  });
});

describe('a document at the limits', () => {
  it.for(Object.entries(DOCUMENT_BOMBS))(
    'is parsed, so that `npm run bench -- attacks` can measure it: %s',
    ([, text], { expect }) => {
      expect(() => parseDocument(text)).not.toThrow();
    },
  );
});

it('an answer lists at most 5 errors of a document', async ({ expect }) => {
  const { errors } = await client.execute(`{${Array.from({ length: 20 }, (_, i) => `f${i} `).join('')}}`);
  expect(errors?.map(({ message }) => message)).toEqual([
    ...Array.from({ length: 5 }, (_, i) => expect.stringContaining(`"f${i}"`)),
    expect.stringContaining('Too many validation errors'),
  ]);
});

/** Returns the same query with its named fragments inlined. */
function spreadOut(query: string): string {
  const document = parse(query);
  const fragments = new Map(
    document.definitions.flatMap((node) => (node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node]] : [])),
  );
  const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  const inlined = visit(operation!, {
    FragmentSpread: ({ name }) => ({
      kind: Kind.INLINE_FRAGMENT,
      selectionSet: fragments.get(name.value)!.selectionSet,
    }),
  });
  return print(inlined);
}
