import { describe, it } from 'vitest';
import { createGraphqlClient, URL_OF_GRAPHQL } from '../support/graphql-client.ts';

const EVENT_STREAM = { accept: 'text/event-stream' };
const CREATE_VOICE =
  'mutation { createVoiceTask(input: { name: "Ann", sample: { klingVideoId: "1" } }) { ... on VoiceTask { id } ... on Failure { code message } } }';

/** Formats one result and the end, as in graphql-sse's distinct connections. */
function streamOf(result: string): string {
  return `:\n\nevent: next\ndata: ${result}\n\nevent: complete\ndata:\n\n`;
}

/** Formats a result of one error. `what` is the JSON of its members before the extensions. */
function refusal(what: string): string {
  return `{"errors":[{${what},"extensions":{"code":"BAD_USER_INPUT","retryable":false,"requestId":"request-of-test"}}]}`;
}

describe('a client of Server-Sent Events', () => {
  it.for(['GET', 'POST'])('gets the result of a query over %s as one event', async (method, { expect }) => {
    const { fetchGraphql, post } = createGraphqlClient();
    const query = '{ viewer { tenant } }';
    const response = await (method === 'POST'
      ? post(JSON.stringify({ query }), EVENT_STREAM)
      : fetchGraphql(`${URL_OF_GRAPHQL}?${new URLSearchParams({ query })}`, { headers: EVENT_STREAM }));
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'private, no-store, no-transform',
    });
    expect(await response.text()).toBe(streamOf('{"data":{"viewer":{"tenant":"default"}}}'));
  });

  it('gets the result of a mutation as one event', async ({ expect }) => {
    const response = await createGraphqlClient().post(JSON.stringify({ query: CREATE_VOICE }), EVENT_STREAM);
    expect(await response.text()).toBe(
      streamOf('{"data":{"createVoiceTask":{"id":"Vm9pY2VUYXNrOnZvaWNlLXRhc2stMQ"}}}'),
    );
  });

  it.for([
    ['{', '"message":"Syntax Error: Expected Name, found <EOF>.","locations":[{"line":1,"column":2}]'],
    [
      'query A { __typename } query B { __typename }',
      '"message":"Must provide operation name if query contains multiple operations."',
    ],
    ['', '"message":"\\"query\\" must be a text with a GraphQL document."'],
  ] as const)('gets the error of the document %j in a stream with status 200', async ([query, what], { expect }) => {
    const response = await createGraphqlClient().post(JSON.stringify({ query }), EVENT_STREAM);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(streamOf(refusal(what)));
  });

  it('gets status 405 for a mutation over GET', async ({ expect }) => {
    const search = new URLSearchParams({ query: CREATE_VOICE });
    const response = await createGraphqlClient().fetchGraphql(`${URL_OF_GRAPHQL}?${search}`, { headers: EVENT_STREAM });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST');
    expect(await response.text()).toContain('"code":"BAD_USER_INPUT"');
  });

  it('gets JSON if it prefers JSON, as urql does', async ({ expect }) => {
    const accept = 'application/graphql-response+json, application/json, text/event-stream, multipart/mixed';
    const response = await createGraphqlClient().post(JSON.stringify({ query: '{ __typename }' }), { accept });
    expect(response.headers.get('content-type')).toBe('application/graphql-response+json; charset=utf-8');
    expect(await response.text()).toBe('{"data":{"__typename":"Query"}}');
  });
});
