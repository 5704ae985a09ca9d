import { type Attack, getUrl, jsonBody, testAttacks } from '../support/attacks.ts';
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
    name: 'a selection too deep',
    send: () => client.post(jsonBody(nested(21))),
    status: 400,
    code: 'QUERY_TOO_COMPLEX',
    message: /20 levels/,
  },
  {
    name: '10,000 aliases',
    send: () => client.post(jsonBody(`{${Array.from({ length: 5000 }, (_, i) => `a${i}:__typename `).join('')}}`)),
    status: 400,
    code: 'QUERY_TOO_COMPLEX',
    message: /2000 tokens/,
  },
  {
    name: '31 aliases',
    send: () =>
      client.post(jsonBody(`{account{${Array.from({ length: 31 }, (_, i) => `a${i}:presetVoices{page} `).join('')}}}`)),
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
    name: 'a field written 600 times, for the rule that compares each with each',
    send: () => client.post(jsonBody(`{account{${'__typename '.repeat(600)}}}`)),
    status: 400,
    code: 'QUERY_TOO_COMPLEX',
    message: /500 fields/,
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
    name: 'an operation that is not there',
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
    name: 'an answer as HTML',
    send: () => client.post(jsonBody('{__typename}'), { accept: 'text/html' }),
    status: 406,
  },
];

testAttacks(client, ATTACKS);
