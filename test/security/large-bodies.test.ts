import { env, exports } from 'cloudflare:workers';
import { describe, it } from 'vitest';
import { configOf } from '../../src/config/index.ts';
import { GatewayError } from '../../src/errors.ts';
import { LARGE_BODIES_MAX } from '../../src/http/limits.ts';
import { type Attack, inPieces, jsonBody, testAttacks } from '../support/attacks.ts';
import { createGraphqlClient } from '../support/graphql-client.ts';
import { bearer } from '../support/token.ts';

const LIMITS = { bytesMax: 10_000, largeBytesMax: 100_000 };
const client = createGraphqlClient({ limits: LIMITS });

const CREATE =
  'mutation ($i: CreateLipSyncTaskInput!) { createLipSyncTask(input: $i) { ... on LipSyncTask { id } ... on Failure { code message } } }';
const SOUND = 'QUJD'.repeat(10_000);
const PLACEMENT = { audioStartMs: 0, audioEndMs: 3000, insertAtMs: 0 };
const INPUT = { face: { faceId: 'f' }, audio: { base64: SOUND }, placement: PLACEMENT };

function withInput(input: object, query = CREATE): string {
  return jsonBody(query, { variables: { i: input } });
}

/** Returns empty lists. Each has 3 bytes in JSON, and takes many times more memory when parsed. */
function lists(count: number): readonly unknown[] {
  return Array.from({ length: count }, () => []);
}

/** Returns the same JSON with a character escaped as `\u` and its code. */
function escaped(json: string, char: string): string {
  return json.replaceAll(char, `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const TOO_LARGE: readonly (readonly [name: string, send: () => Promise<Response>])[] = [
  ['a document', () => client.post(jsonBody(`${CREATE} #${' '.repeat(20_000)}`, { variables: { i: INPUT } }))],
  ['a document that looks like base64', () => client.post(jsonBody('a'.repeat(20_000)))],
  ['audio in the text of the document', () => client.post(jsonBody(`mutation {a(b: "${SOUND}")}`))],
  [
    'a query with a large variable',
    () => client.post(jsonBody('query($i: ID!) {node(id: $i) {id}}', { variables: { i: SOUND } })),
  ],
  [
    'another mutation',
    () =>
      client.post(
        jsonBody(
          'mutation($taskId: ID!) { cancelTask(taskId: $taskId) {... on Task {id} ... on Failure { code message }}}',
          { variables: { taskId: SOUND } },
        ),
      ),
  ],
  ['another field of the input', () => client.post(withInput({ ...INPUT, face: { faceId: SOUND } }))],
  ['an unknown field of the input', () => client.post(withInput({ ...INPUT, base64: SOUND }))],
  [
    'audio in a variable that is not declared',
    () => client.post(jsonBody(CREATE, { variables: { i: INPUT, j: SOUND } })),
  ],
  ['a key of the variables', () => client.post(withInput({ ...INPUT, [SOUND]: 1 }))],
  ['an extension', () => client.post(jsonBody(CREATE, { variables: { i: INPUT }, extensions: { a: SOUND } }))],
  [
    'an unknown parameter of the request',
    () => client.post(jsonBody(CREATE, { variables: { i: INPUT }, odd: { a: SOUND } })),
  ],
  [
    'variables twice',
    () =>
      client.post(
        `{"query": ${JSON.stringify(CREATE)}, "variables": {"a": "${SOUND}"}, "variables": ${JSON.stringify({ i: INPUT })}}`,
      ),
  ],
  ['whitespace next to the audio', () => client.post(`${' '.repeat(10_000)}${withInput(INPUT)}`)],
  ['small lists next to the audio', () => client.post(jsonBody(CREATE, { variables: { i: INPUT, a: lists(4_000) } }))],
  ['small lists instead of the audio', () => client.post(jsonBody(CREATE, { variables: { a: lists(30_000) } }))],
  [
    'another field in escaped characters',
    () => client.post(escaped(withInput({ ...INPUT, face: { faceId: 'Q'.repeat(12_000) } }), 'Q')),
  ],
  ['a document with a syntax error', () => client.post(withInput(INPUT, 'mutation {'))],
  [
    'many short strings next to the audio',
    () => client.post(jsonBody(CREATE, { variables: { i: INPUT, ids: Array(3000).fill('abcd') } })),
  ],
  [
    'audio above the limit of large bodies',
    () => client.post(withInput({ ...INPUT, audio: { base64: 'QUJD'.repeat(25_000) } })),
  ],
];

const ATTACKS: readonly Attack[] = TOO_LARGE.map(([name, send]) => ({
  name: `too large: ${name}`,
  send,
  status: 413,
  message: /10000 bytes/,
}));

testAttacks(client, ATTACKS);

it('a large body without a content-length is read only up to the limit', async ({ expect }) => {
  const { body, read } = inPieces(jsonBody(`{${' '.repeat(300_000)}}`));
  expect((await client.post(body)).status).toBe(413);
  expect(read.bytes).toBeLessThan(LIMITS.largeBytesMax + LIMITS.bytesMax + 3000);
});

it('a large body with a small content-length is still refused', async ({ expect }) => {
  const { body } = inPieces(jsonBody(`{${' '.repeat(300_000)}}`));
  expect((await client.post(body, { 'content-length': '1000' })).status).toBe(413);
});

it('a body with a content-length above the limit is refused unread', async ({ expect }) => {
  const { body, read } = inPieces(withInput({ ...INPUT, audio: { base64: 'QUJD'.repeat(30_000) } }));
  expect((await client.post(body, { 'content-length': '120200' })).status).toBe(413);
  expect(read.bytes).toBeLessThanOrEqual(1000);
});

describe.for<[name: string, headers: (body: string) => Record<string, string>]>([
  ['with a content-length', (body) => ({ 'content-length': String(body.length) })],
  ['without one', () => ({})],
])('large bodies %s', ([, headersOf]) => {
  const BODY = withInput(INPUT);

  it('above the rate of their tenant are answered 429 without being read', async ({ expect }) => {
    const taken: string[] = [];
    const limited = createGraphqlClient({
      limits: LIMITS,
      takeRate: async (tenant) => {
        taken.push(tenant);
        const failure = { code: 'RATE_LIMITED', message: 'Too many.', retryable: true, retryAfterMs: 1_500 } as const;
        if (taken.length > 1) throw new GatewayError(failure);
      },
    });
    expect((await limited.post(inPieces(BODY).body, headersOf(BODY))).status).toBe(200);
    limited.ledger.calls.splice(0);
    const { body, read } = inPieces(BODY);
    const refused = await limited.post(body, headersOf(BODY));
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '2']);
    expect(await refused.json()).toMatchObject({
      errors: [{ message: 'Too many.', extensions: { code: 'RATE_LIMITED', retryable: true, retryAfterMs: 1_500 } }],
    });
    expect(taken).toEqual(['default', 'default']);
    expect(read.bytes).toBeLessThanOrEqual(2 * LIMITS.bytesMax + 3000);
    expect([limited.ledger.calls, limited.logged]).toEqual([[], []]);
    // Small bodies are not counted.
    expect((await limited.post(jsonBody('{ __typename }'))).status).toBe(200);
  });

  it('above the number at once are answered 503, and an answered one frees its place', async ({ expect }) => {
    const crowded = createGraphqlClient({ limits: LIMITS });
    const { promise, resolve: goOn } = Promise.withResolvers<void>();
    const bytes = new TextEncoder().encode(BODY);
    /** Returns a body that stops in the middle until `goOn` is called. */
    const held = () =>
      new ReadableStream<Uint8Array>({
        type: 'bytes',
        async start(controller) {
          controller.enqueue(bytes.slice(0, 20_000));
          await promise;
          controller.enqueue(bytes.slice(20_000));
          controller.close();
        },
      });
    const first = Array.from({ length: LARGE_BODIES_MAX - 1 }, () => crowded.post(held(), headersOf(BODY)));
    const refused = await crowded.post(inPieces(BODY).body, headersOf(BODY));
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2']);
    expect(await refused.json()).toMatchObject({
      errors: [{ extensions: { code: 'RATE_LIMITED', retryable: true, retryAfterMs: 2_000 } }],
    });
    expect([crowded.ledger.calls, crowded.logged]).toEqual([[], []]);
    goOn();
    expect((await Promise.all(first)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await crowded.post(inPieces(BODY).body, headersOf(BODY))).status).toBe(200);
  });
});

describe('a large body sent to the gateway', () => {
  const body = withInput({ ...INPUT, audio: { base64: 'QUJD'.repeat(300_000) } });

  async function ask(headers: Record<string, string>) {
    const pieces = inPieces(body);
    const response = await exports.default.fetch('https://gateway.test/graphql', {
      method: 'POST',
      // Code that copies the request for this charset must free the place of the copy.
      headers: { 'content-type': 'application/json', accept: 'application/json; charset=utf-8', ...headers },
      body: pieces.body,
    });
    return { response, read: pieces.read };
  }

  it('is not read without a token', async ({ expect }) => {
    const { response, read } = await ask({});
    expect(response.status).toBe(401);
    expect(read.bytes).toBeLessThan(200_000);
  });

  it('counts in the ledger of its tenant, and frees its place', async ({ expect }) => {
    const authorization = await bearer('large-body-tenant');
    const statuses = [];
    // This is more than the number of places.
    for (let i = 0; i < 6; i += 1) {
      const { response } = await ask({ authorization });
      statuses.push([response.status, await codeOf(response)]);
    }
    // The input is not audio. Its bytes are checked, so the body was read.
    expect(statuses).toEqual(Array.from({ length: 6 }, () => [200, 'BAD_USER_INPUT']));
    const ledger = env.TASK_LEDGER.getByName('large-body-tenant');
    let left = 0;
    while ((await ledger.takeLargeBody()).ok) left += 1;
    expect(left).toBe(configOf(env).rates.largeBodiesPerMinute - 6);
    const { response } = await ask({ authorization });
    expect([response.status, await codeOf(response)]).toEqual([429, 'RATE_LIMITED']);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});

async function codeOf(response: Response): Promise<unknown> {
  const { data, errors } = await response.json<{
    data?: { createLipSyncTask?: { code?: string } };
    errors?: readonly { extensions: { code: string } }[];
  }>();
  return errors?.[0]?.extensions.code ?? data?.createLipSyncTask?.code;
}
