import { type Attack, getUrl, jsonBody, testAttacks } from '../support/attacks.ts';
import { createGraphqlClient, URL_OF_GRAPHQL } from '../support/graphql-client.ts';

const client = createGraphqlClient();
const CREATE =
  'mutation { createVoiceTask(input: {name: "n", sample: {url: "https://a.test/a.mp3"}}) { ... on VoiceTask { id } ... on Failure { code message } } }';

const ATTACKS: readonly Attack[] = [
  { name: 'a mutation over GET', send: () => client.fetchGraphql(getUrl({ query: CREATE })), status: 405 },
  {
    name: 'a mutation sent as a form of another site',
    send: () =>
      client.post(String(new URLSearchParams({ query: CREATE })), {
        'content-type': 'application/x-www-form-urlencoded',
      }),
    status: 415,
  },
  {
    name: 'a mutation sent as a multipart form of another site',
    send: () => {
      const form = new FormData();
      form.set('operations', jsonBody(CREATE));
      form.set('map', '{');
      return client.fetchGraphql(URL_OF_GRAPHQL, { method: 'POST', body: form });
    },
    status: 415,
  },
  {
    name: 'a mutation as text/plain',
    send: () => client.post(jsonBody(CREATE), { 'content-type': 'text/plain' }),
    status: 415,
  },
  {
    name: 'a mutation as application/graphql',
    send: () => client.post(CREATE, { 'content-type': 'application/graphql' }),
    status: 415,
  },
  {
    name: 'a JSON content-type hidden in a parameter',
    send: () => client.post(jsonBody(CREATE), { 'content-type': 'text/plain; application/json' }),
    status: 415,
  },
  {
    name: 'a GET with the content-type text/plain',
    send: () => client.fetchGraphql(getUrl({ query: '{__typename}' }), { headers: { 'content-type': 'text/plain' } }),
    status: 415,
  },
  {
    name: 'a charset that is not UTF-8',
    send: () => client.post('{}', { 'content-type': 'application/json; charset=utf-16' }),
    status: 415,
  },
  { name: 'a compressed body', send: () => client.post('{}', { 'content-encoding': 'gzip' }), status: 415 },
  { name: 'a preflight', send: () => client.fetchGraphql(URL_OF_GRAPHQL, { method: 'OPTIONS' }), status: 405 },
  { name: 'a DELETE', send: () => client.fetchGraphql(URL_OF_GRAPHQL, { method: 'DELETE' }), status: 405 },
  { name: 'an empty body', send: () => client.post(''), status: 400 },
  { name: 'a truncated body', send: () => client.post('{"query": "{__ty'), status: 400 },
  { name: 'a body that is not UTF-8', send: () => client.post(new Uint8Array([0x22, 0xff, 0xfe, 0x22])), status: 400 },
  { name: 'a body that is null', send: () => client.post('null'), status: 400 },
  { name: 'a body that is a JSON string', send: () => client.post('"{__typename}"'), status: 400 },
  { name: 'a batch', send: () => client.post(`[${jsonBody('{__typename}')}]`), status: 400, message: /Batches/ },
  { name: 'an empty query', send: () => client.post(jsonBody('')), status: 400 },
  { name: 'a GET without a query', send: () => client.fetchGraphql(URL_OF_GRAPHQL), status: 400 },
  {
    name: 'variables in a GET that are not JSON',
    send: () => client.fetchGraphql(getUrl({ query: '{__typename}', variables: '{' })),
    status: 400,
    message: /"variables" must be JSON/,
  },
  {
    name: 'variables in a GET that are a list',
    send: () => client.fetchGraphql(getUrl({ query: '{__typename}', variables: '[1]' })),
    status: 400,
  },
  {
    name: 'extensions in a GET that are not JSON',
    send: () => client.fetchGraphql(getUrl({ query: '{__typename}', extensions: 'x' })),
    status: 400,
  },
  {
    name: '5,000 nested brackets',
    send: () => client.post('['.repeat(5000)),
    status: 400,
    code: 'QUERY_TOO_COMPLEX',
  },
  {
    name: 'a query in a __proto__',
    send: () => client.post('{"__proto__": {"query": "{__typename}"}}'),
    status: 400,
    message: /"query" must be a text/,
  },
  {
    name: 'variables in a __proto__',
    send: () =>
      client.post(
        '{"query": "query($i: CreateVoiceTaskInput!) {__typename}", "variables": {"__proto__": {"i": {"name": "n"}}}}',
        { accept: 'application/graphql-response+json' },
      ),
    status: 400,
  },
  {
    name: 'a body that is too large, with a content-length',
    send: () => client.post(jsonBody(' '.repeat(100_001))),
    status: 413,
  },
  {
    name: 'a body without end, without a content-length',
    send: () => {
      let sent = 0;
      const body = new ReadableStream({
        type: 'bytes',
        pull(controller) {
          sent += 1;
          // The body never ends by itself.
          controller.enqueue(new Uint8Array(10_000).fill(32));
          if (sent > 115) controller.error(new Error('read past the bound'));
        },
      });
      return client.post(body);
    },
    status: 413,
  },
  {
    name: 'a body whose connection is reset',
    send: () =>
      client.post(new ReadableStream({ type: 'bytes', start: (controller) => controller.error(new Error('reset')) })),
    status: 400,
  },
];

testAttacks(client, ATTACKS);
