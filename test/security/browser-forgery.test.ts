import fc from 'fast-check';
import { describe, it } from 'vitest';
import { FOREIGN_ORIGIN, GRAPHQL_URL, post, send } from '../support/browser.ts';
import { createGraphqlClient } from '../support/graphql-client.ts';
import { openSandbox } from '../support/ledger.ts';

const sandbox = openSandbox('browser-forgery');
const MUTATION =
  'mutation { createVoiceTask(input: {name: "n", sample: {url: "https://a.test/a.mp3"}}) { ... on VoiceTask { id } ... on Failure { code message } } }';
const BODY = JSON.stringify({ query: MUTATION });

/** Headers that servers and frameworks read as the method instead of the request's own. */
function claimMethod(method: string): Record<string, string> {
  return {
    'x-http-method-override': method,
    'x-http-method': method,
    'x-method-override': method,
    'http-method-override': method,
  };
}

/** Posts bytes, which have no default content-type. */
function postAs(contentType: string | null, body = BODY): Promise<Response> {
  return send(GRAPHQL_URL, {
    method: 'POST',
    headers: contentType === null ? {} : { 'content-type': contentType },
    body: new TextEncoder().encode(body),
  });
}

/** These requests have no Origin header, so only their content-type can stop them. */
describe('a forged request is refused:', () => {
  it.for([
    'application/x-www-form-urlencoded',
    'Application/X-WWW-Form-URLEncoded; charset=utf-8',
    'multipart/form-data; boundary=x',
    'MULTIPART/FORM-DATA; boundary=application/json',
    'text/plain',
    'TEXT/PLAIN;charset=UTF-8',
    'text/plain; application/json',
    'text/plain, application/json',
    'application/json, text/plain',
    'application/json text/plain',
    'application/graphql',
    'application/graphql+json',
    'application/jsonp',
    'application/json-patch+json',
    'application/json;charset=latin1',
    'application/json; charset="utf-16"',
    'APPLICATION/JSON; CHARSET=ISO-8859-1',
    'text/json',
    'image/svg+xml',
    'application/xml',
    'application/octet-stream',
    'application/cbor',
    '*/*',
    ';application/json',
    'json',
    null,
  ])('a POST as %s', async (contentType, { expect }) => {
    const response = await postAs(contentType);
    expect(response.status).toBe(415);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
  });

  it.for<[name: string, body: string]>([
    ['a form with the parameters of a GraphQL request', String(new URLSearchParams({ query: MUTATION }))],
    ['a form whose single field forms JSON', `${BODY.slice(0, -1)},"a":"=b"}`],
    ['a form with an upload', String(new URLSearchParams({ operations: BODY, map: '{}' }))],
  ])('%s', async ([, body], { expect }) => {
    for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x']) {
      expect((await postAs(type, body)).status).toBe(415);
    }
  });

  it.for([{}, { accept: 'text/event-stream' }, { accept: 'multipart/mixed;subscriptionSpec=1.0, application/json' }])(
    'a mutation by GET, with %j',
    async (headers, { expect }) => {
      const response = await send(`${GRAPHQL_URL}?${new URLSearchParams({ query: MUTATION })}`, { headers });
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
    },
  );

  it('a mutation by GET, selected by operationName next to a query', async ({ expect }) => {
    const query = `query a { __typename } ${MUTATION.replace('mutation', 'mutation b')}`;
    const params = new URLSearchParams({ query, operationName: 'b' });
    expect((await send(`${GRAPHQL_URL}?${params}`)).status).toBe(405);
  });

  it.for(['text/plain', 'application/x-www-form-urlencoded', 'image/svg+xml', 'application/graphql', 'TEXT/PLAIN'])(
    'a GET with the content-type %s',
    async (contentType, { expect }) => {
      const response = await send(`${GRAPHQL_URL}?query={__typename}`, { headers: { 'content-type': contentType } });
      expect(response.status).toBe(415);
    },
  );

  it.for(['PUT', 'PATCH', 'DELETE', 'HEAD'])('a %s with a mutation in its URL', async (method, { expect }) => {
    const response = await send(`${GRAPHQL_URL}?${new URLSearchParams({ query: MUTATION })}`, { method });
    expect(response.status).toBe(405);
  });

  it('a GET with a mutation and headers that override the method', async ({ expect }) => {
    const params = new URLSearchParams({ query: MUTATION, _method: 'POST' });
    const response = await send(`${GRAPHQL_URL}?${params}`, { headers: claimMethod('POST') });
    expect(response.status).toBe(405);
  });

  it.for(['HEAD', 'OPTIONS', 'PUT'])(
    'a POST as text/plain, with a query in its URL and headers that override the method with %s',
    async (method, { expect }) => {
      const params = new URLSearchParams({ query: '{ __typename }', _method: method });
      const headers = { 'content-type': 'text/plain', ...claimMethod(method) };
      const response = await send(`${GRAPHQL_URL}?${params}`, { method: 'POST', headers, body: BODY });
      expect(response.status).toBe(415);
    },
  );

  it('a POST with an empty body and a mutation in its URL', async ({ expect }) => {
    const response = await send(`${GRAPHQL_URL}?${new URLSearchParams({ query: MUTATION })}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    });
    expect(response.status).toBe(400);
  });

  it('a request whose header claims a preflight', async ({ expect }) => {
    const headers = { 'apollo-require-preflight': 'true', 'content-type': 'text/plain' };
    expect((await post(null, headers, MUTATION)).status).toBe(415);
    expect((await post(FOREIGN_ORIGIN, { 'apollo-require-preflight': 'true' }, MUTATION)).status).toBe(403);
  });

  it('and none of them reaches Kling', async ({ expect }) => {
    expect((await sandbox.record()).requests).toEqual([]);
  });
});

describe('a POST with headers that override the method', () => {
  it.for(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])(
    'with %s is answered as a POST: by its body, and not by the query in its URL',
    async (method, { expect }) => {
      const params = new URLSearchParams({ query: '{ url: __typename }', _method: method });
      const response = await send(`${GRAPHQL_URL}?${params}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...claimMethod(method) },
        body: JSON.stringify({ query: '{ body: __typename }', _method: method }),
      });
      expect(response.status).toBe(200);
      expect(await response.json()).toEqual({ data: { body: 'Query' } });
    },
  );
});

describe('a content-type that a browser sends without a preflight', () => {
  const essence = fc.constantFrom('text/plain', 'multipart/form-data', 'application/x-www-form-urlencoded');
  const parameter = fc.constantFrom(
    'application/json',
    'charset=utf-8',
    'boundary=application/json',
    'a="application/json;"',
    ' ',
    '',
  );
  const types = fc.tuple(
    essence,
    fc.boolean(),
    fc.array(parameter, { maxLength: 4 }),
    fc.constantFrom(';', ' ; ', ';\t'),
  );

  it('is never read as JSON', async ({ expect }) => {
    const client = createGraphqlClient();
    await fc.assert(
      fc.asyncProperty(types, async ([type, isUpper, parameters, separator]) => {
        const contentType = [isUpper ? type.toUpperCase() : type, ...parameters].join(separator);
        expect((await client.post(BODY, { 'content-type': contentType })).status).toBe(415);
      }),
    );
    expect(client.ledger.calls).toEqual([]);
  });
});
