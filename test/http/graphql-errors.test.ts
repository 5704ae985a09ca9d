import { beforeEach, describe, it } from 'vitest';
import { ERROR_CODES, type ErrorCode, GatewayError } from '../../src/errors.ts';
import { createGraphqlClient } from '../support/graphql-client.ts';

let client: ReturnType<typeof createGraphqlClient>;
beforeEach(() => {
  client = createGraphqlClient();
});

const SECRET = 'secret-of-the-store';
const QUERY = '{ voices { edges { cursor } } }';

describe('a GatewayError of a resolver', () => {
  it.for(Object.keys(ERROR_CODES) as ErrorCode[])(
    'shows its code %s, its path and the request id, and is not logged',
    async (code, { expect }) => {
      client.ledger.failure = new GatewayError({ code, message: 'As told.', retryable: true });
      expect(await client.execute(QUERY)).toEqual({
        data: null,
        errors: [
          {
            message: 'As told.',
            path: ['voices'],
            locations: [{ line: 1, column: 3 }],
            extensions: { code, retryable: true, requestId: 'request-of-test' },
          },
        ],
      });
      expect(client.logged).toEqual([]);
      expect(client.notes).toEqual({ operationType: 'query', errorCodes: [code] });
    },
  );

  it('shows all fields of its failure, and nothing of its cause', async ({ expect }) => {
    const failure = {
      code: 'RATE_LIMITED',
      message: 'Too much.',
      retryable: true,
      retryAfterMs: 1000,
      klingCode: 1303,
      klingRequestId: 'k-1',
      issues: [{ path: ['input', 'name'], code: 'OUT_OF_RANGE', message: 'too long' }],
    } as const;
    client.ledger.failure = new GatewayError(failure, { cause: new Error(SECRET) });
    const { errors } = await client.execute(QUERY);
    const { message: _, ...shown } = failure;
    expect(errors?.[0]?.extensions).toEqual({ ...shown, requestId: 'request-of-test' });
    expect(JSON.stringify(errors)).not.toContain(SECRET);
  });
});

describe('a bug in a resolver', () => {
  it.for([
    ['an error', new Error(SECRET)],
    ['an error with a code of its own', Object.assign(new Error(SECRET), { extensions: { code: SECRET } })],
    ['a text', SECRET],
    ['nothing', undefined],
    ['an object', { message: SECRET }],
    ['an aggregate', new AggregateError([new Error(SECRET)], SECRET)],
    ['an abort', new DOMException(SECRET, 'AbortError')],
    ['a timeout', new DOMException(SECRET, 'TimeoutError')],
  ] as const)('is masked and logged once if it throws %s', async ([, thrown], { expect }) => {
    client.ledger.failure = thrown ?? Symbol('nothing');
    const answer = await client.execute(QUERY);
    expect(answer.errors).toMatchObject([
      { message: 'Internal error', extensions: { code: 'INTERNAL', retryable: false, requestId: 'request-of-test' } },
    ]);
    expect(JSON.stringify(answer)).not.toContain(SECRET);
    expect(client.logged).toMatchObject([
      { level: 'error', message: 'unexpected error', requestId: 'request-of-test', stack: expect.any(String) },
    ]);
  });

  it('is INTERNAL if a result does not fit its type', async ({ expect }) => {
    client.ledger.scans = [
      {
        id: 's',
        sessionId: 's',
        faces: [{ faceId: '0', imageUrl: null, startMs: 0.5, endMs: 1 }],
        unitsDeducted: null,
        createdAtMs: 0,
        expiresAtMs: 0,
        klingRequestId: null,
      },
    ];
    const { errors } = await client.execute(
      `{ node(id: "${btoa('FaceScan:s').replaceAll('=', '')}") { ... on FaceScan { faces { startMs } } } }`,
    );
    expect(errors).toMatchObject([{ message: 'Internal error', extensions: { code: 'INTERNAL' } }]);
  });
});

describe('an error of the request', () => {
  const CREATE =
    'mutation ($i: CreateLipSyncTaskInput!) { createLipSyncTask(input: $i) { ... on LipSyncTask { id } ... on Failure { code message } } }';

  it('names the path in a variable', async ({ expect }) => {
    const placement = { audioStartMs: 'x', audioEndMs: 1, insertAtMs: 1 };
    const { errors } = await client.execute(CREATE, { i: { face: { faceId: 'f' }, audio: { url: 'u' }, placement } });
    expect(errors).toMatchObject([
      {
        extensions: {
          code: 'BAD_USER_INPUT',
          issues: [
            { path: ['i', 'placement', 'audioStartMs'], message: expect.stringContaining('Int cannot represent') },
          ],
        },
      },
    ]);
    expect(client.ledger.calls).toEqual([]);
  });

  it('names the path in a variable whose value is very long', async ({ expect }) => {
    const placement = { audioStartMs: 'x'.repeat(5000), audioEndMs: 1, insertAtMs: 1 };
    const { errors } = await client.execute(CREATE, { i: { face: { faceId: 'f' }, audio: { url: 'u' }, placement } });
    expect(errors?.[0]?.extensions).toMatchObject({ issues: [{ path: ['i', 'placement', 'audioStartMs'] }] });
    expect(JSON.stringify(errors).length).toBeLessThan(4000);
  });

  it.for([
    ['two fields', { url: 'u', base64: 'b' }],
    ['no field', {}],
    ['a field that is null', { url: null }],
  ] as const)('is found in a oneOf input before the ledger is called: %s', async ([, audio], { expect }) => {
    const placement = { audioStartMs: 0, audioEndMs: 1, insertAtMs: 1 };
    const { errors } = await client.execute(CREATE, { i: { face: { faceId: 'f' }, audio, placement } });
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    expect(client.ledger.calls).toEqual([]);
  });

  it('is BAD_USER_INPUT if a null variable is found during execution', async ({ expect }) => {
    const { errors } = await client.execute('query ($id: ID = "a") { node(id: $id) { id } }', { id: null });
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    expect(client.logged).toEqual([]);
  });

  it('in a document has status 400, or 200 for clients of application/json', async ({ expect }) => {
    const body = JSON.stringify({ query: '{ nothing }' });
    expect((await client.post(body, { accept: 'application/graphql-response+json' })).status).toBe(400);
    expect((await client.post(body, { accept: 'application/json' })).status).toBe(200);
  });
});
