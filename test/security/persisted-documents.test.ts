import { beforeEach, describe, it } from 'vitest';
import { sha256 } from '../../src/lib/hash.ts';
import { getUrl } from '../support/attacks.ts';
import { createGraphqlClient } from '../support/graphql-client.ts';

const QUERY = '{ __typename }';
const ANSWER = { data: { __typename: 'Query' } };
const HASH = await sha256(QUERY);
const OTHER_HASH = await sha256('{ a: __typename }');
const persisted = (sha256Hash: unknown, version: unknown = 1) => ({ persistedQuery: { version, sha256Hash } });

type Client = ReturnType<typeof createGraphqlClient>;

async function ask(client: Client, body: object, accept = 'application/json'): Promise<unknown> {
  const response = await client.post(JSON.stringify(body), { accept });
  return { status: response.status, ...(await response.json<object>()) };
}

const refusal = (status: number, code: string, message: unknown) => ({
  status,
  errors: [{ message, extensions: { code, retryable: false, requestId: 'request-of-test' } }],
});
const NOT_FOUND = refusal(200, 'PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound');

describe('an automatic persisted query', () => {
  let client: Client;
  beforeEach(() => {
    client = createGraphqlClient();
  });

  it.for(['application/json', 'application/graphql-response+json'])(
    'is unknown at first, is sent once, and is then found by its hash (%s)',
    async (accept, { expect }) => {
      expect(await ask(client, { extensions: persisted(HASH) }, accept)).toEqual(NOT_FOUND);
      expect(await ask(client, { query: QUERY, extensions: persisted(HASH) }, accept)).toMatchObject(ANSWER);
      expect(await ask(client, { extensions: persisted(HASH) }, accept)).toEqual({ status: 200, ...ANSWER });
      expect(client.logged).toEqual([]);
    },
  );

  it('works over GET', async ({ expect }) => {
    const extensions = JSON.stringify(persisted(HASH));
    await client.fetchGraphql(getUrl({ query: QUERY, extensions }));
    expect(await (await client.fetchGraphql(getUrl({ extensions }))).json()).toEqual(ANSWER);
  });

  it('that is a mutation does not run over GET', async ({ expect }) => {
    const query = 'mutation { cancelTask(taskId: "t") { ... on Task { id } ... on Failure { code message } } }';
    const extensions = persisted(await sha256(query));
    await ask(client, { query, extensions });
    const calls = client.ledger.calls.length;
    const response = await client.fetchGraphql(getUrl({ extensions: JSON.stringify(extensions) }));
    expect(response.status).toBe(405);
    expect(client.ledger.calls.length).toBe(calls);
  });

  it.for([
    ['the hash of another document', OTHER_HASH],
    ['a hash in upper case', HASH.toUpperCase()],
    ['a text that is not a hash', 'x'],
  ] as const)('cannot be poisoned: a document under %s is refused and not stored', async ([, hash], { expect }) => {
    expect(await ask(client, { query: QUERY, extensions: persisted(hash) })).toEqual(
      refusal(400, 'BAD_USER_INPUT', expect.stringContaining('SHA-256')),
    );
    expect(await ask(client, { extensions: persisted(hash) })).toEqual(NOT_FOUND);
  });

  it('that is stored cannot be replaced', async ({ expect }) => {
    await ask(client, { query: QUERY, extensions: persisted(HASH) });
    await ask(client, { query: '{ viewer { scopes } }', extensions: persisted(HASH) });
    expect(await ask(client, { extensions: persisted(HASH) })).toMatchObject(ANSWER);
  });

  it.for([
    persisted(HASH, 2),
    persisted(HASH, '1'),
    persisted(1),
    persisted(''),
    persisted(null),
    { persistedQuery: 'x' },
    { persistedQuery: [] },
    { persistedQuery: { ['__proto__']: { version: 1, sha256Hash: HASH } } },
  ])('that is malformed is refused: %j', async (extensions, { expect }) => {
    const expected = refusal(400, 'BAD_USER_INPUT', expect.stringContaining('version 1'));
    expect(await ask(client, { extensions })).toEqual(expected);
    expect(await ask(client, { query: QUERY, extensions })).toEqual(expected);
  });

  it('is evicted when newer ones exceed the size of the cache', async ({ expect }) => {
    await ask(client, { query: QUERY, extensions: persisted(HASH) });
    for (let i = 0; i < 40; i += 1) {
      const query = `{ __typename } # ${i} ${' '.repeat(32_000)}`;
      await ask(client, { query, extensions: persisted(await sha256(query)) });
    }
    expect(await ask(client, { extensions: persisted(HASH) })).toEqual(NOT_FOUND);
  });

  it('that is too long is answered but not stored', async ({ expect }) => {
    const query = `{ __typename } # ${' '.repeat(33_000)}`;
    const extensions = persisted(await sha256(query));
    expect(await ask(client, { query, extensions })).toMatchObject(ANSWER);
    expect(await ask(client, { extensions })).toEqual(NOT_FOUND);
  });

  it('is not supported when switched off, while the full document still is', async ({ expect }) => {
    const off = createGraphqlClient({ documents: { automatic: false } });
    const expected = refusal(200, 'PERSISTED_QUERY_NOT_SUPPORTED', 'PersistedQueryNotSupported');
    expect(await ask(off, { extensions: persisted(HASH) })).toEqual(expected);
    expect(await ask(off, { query: QUERY, extensions: persisted(HASH) })).toMatchObject(ANSWER);
    expect(await ask(off, { extensions: persisted(HASH) })).toEqual(expected);
  });
});

describe('a trusted document', () => {
  const trusted = new Map([['doc-1', QUERY]]);
  const only = createGraphqlClient({ documents: { trusted, trustedOnly: true } });
  const beside = createGraphqlClient({ documents: { trusted } });

  it.for([
    { documentId: 'doc-1' },
    { documentId: 'sha256:doc-1' },
    { doc_id: 'doc-1' },
    { id: 'doc-1' },
    { id: 'doc-1', query: '' },
    { documentId: 'doc-1', query: null },
    { extensions: persisted('doc-1') },
  ])('is found by %j', async (body, { expect }) => {
    expect(await ask(only, body)).toEqual({ status: 200, ...ANSWER });
    expect(await ask(beside, body)).toEqual({ status: 200, ...ANSWER });
  });

  it('is found by an id in the URL', async ({ expect }) => {
    expect(await (await only.fetchGraphql(getUrl({ documentId: 'doc-1' }))).json()).toEqual(ANSWER);
  });

  it.for([{ query: QUERY }, { query: QUERY, id: 'doc-1' }, { query: QUERY, extensions: persisted(HASH) }])(
    'is required when only trusted documents are allowed, so another document is refused: %j',
    async (body, { expect }) => {
      expect(await ask(only, body)).toEqual(
        refusal(400, 'BAD_USER_INPUT', expect.stringContaining('by their id only')),
      );
      expect(await ask(only, { extensions: persisted(HASH) })).toEqual(NOT_FOUND);
    },
  );

  it('is optional when other documents are allowed too', async ({ expect }) => {
    expect(await ask(beside, { query: QUERY, id: 'odd' })).toEqual({ status: 200, ...ANSWER });
  });

  it.for(['doc-2', '__proto__', 'constructor', 'x'.repeat(10_000)])(
    'that is not in the list is refused: %s',
    async (id, { expect }) => {
      for (const client of [only, beside]) {
        expect(await ask(client, { id })).toEqual(refusal(400, 'BAD_USER_INPUT', 'There is no document with this id.'));
        expect(await ask(client, { extensions: persisted(id) })).toEqual(NOT_FOUND);
      }
    },
  );

  it.for([{}, { id: 1 }, { documentId: '' }, { documentId: null }, { doc_id: {} }])(
    'is not identified by %j, which is refused',
    async (body, { expect }) => {
      expect(await ask(only, body)).toEqual(refusal(400, 'BAD_USER_INPUT', expect.stringContaining('"query" must be')));
    },
  );
});
