import { describe, it } from 'vitest';
import { createBase64Inputs } from '../../src/graphql/base64-inputs.ts';
import type { StartTimer } from '../../src/lib/timer.ts';
import { schema } from '../../src/schema/schema.ts';
import { type Attack, jsonBody, testAttacks } from '../support/attacks.ts';
import { createGraphqlClient } from '../support/graphql-client.ts';

type Client = ReturnType<typeof createGraphqlClient>;

const LIMITS = { bytesMax: 10_000, largeBytesMax: 100_000 };
const client = createGraphqlClient({ limits: LIMITS });

const CREATE = 'mutation ($i: CreateLipSyncTaskInput!) { createLipSyncTask(input: $i) { task { id } } }';
const SOUND = 'QUJD'.repeat(10_000);
const PLACEMENT = { cropStartMs: 0, cropEndMs: 3000, insertAtMs: 0 };
const INPUT = { faceId: 'f', sound: { base64: SOUND }, placement: PLACEMENT };

function withInput(input: object, query = CREATE): string {
  return jsonBody(query, { variables: { i: input } });
}

/** A body of pieces of 1,000 bytes, and how many of them were read. */
function inPieces(text: string) {
  const bytes = new TextEncoder().encode(text);
  const read = { bytes: 0 };
  const body = new ReadableStream<Uint8Array>({
    type: 'bytes',
    pull(controller) {
      controller.enqueue(bytes.slice(read.bytes, read.bytes + 1000));
      read.bytes += 1000;
      if (read.bytes >= bytes.length) controller.close();
    },
  });
  return { body, read };
}

const TOO_LARGE: readonly (readonly [name: string, send: () => Promise<Response>])[] = [
  ['a document', () => client.post(jsonBody(`${CREATE} #${' '.repeat(20_000)}`, { variables: { i: INPUT } }))],
  ['a document that looks like base64', () => client.post(jsonBody('a'.repeat(20_000)))],
  ['a sound in the text of the document', () => client.post(jsonBody(`mutation {a(b: "${SOUND}")}`))],
  [
    'a query with a large variable',
    () => client.post(jsonBody('query($i: ID!) {voice(id: $i) {id}}', { variables: { i: SOUND } })),
  ],
  [
    'another mutation',
    () =>
      client.post(
        withInput({ taskId: SOUND }, 'mutation($i: CancelQueuedInput!) {cancelQueued(input: $i) {task {id}}}'),
      ),
  ],
  ['another field of the input', () => client.post(withInput({ ...INPUT, faceId: SOUND }))],
  ['a field that the input does not have', () => client.post(withInput({ ...INPUT, base64: SOUND }))],
  [
    'a sound in a variable that is not declared',
    () => client.post(jsonBody(CREATE, { variables: { i: INPUT, j: SOUND } })),
  ],
  ['a key of the variables', () => client.post(withInput({ ...INPUT, [SOUND]: 1 }))],
  ['an extension', () => client.post(jsonBody(CREATE, { variables: { i: INPUT }, extensions: { a: SOUND } }))],
  [
    'a field that GraphQL does not know',
    () => client.post(jsonBody(CREATE, { variables: { i: INPUT }, odd: { a: SOUND } })),
  ],
  [
    'variables twice',
    () =>
      client.post(
        `{"query": ${JSON.stringify(CREATE)}, "variables": {"a": "${SOUND}"}, "variables": ${JSON.stringify({ i: INPUT })}}`,
      ),
  ],
  [
    'a sound with line breaks',
    () => client.post(withInput({ ...INPUT, sound: { base64: `${'QUJD'.repeat(19)}\n`.repeat(500) } })),
  ],
  ['a document that is none', () => client.post(withInput(INPUT, 'mutation {'))],
  [
    'many small things beside the sound',
    () => client.post(jsonBody(CREATE, { variables: { i: INPUT, ids: Array(3000).fill('abcd') } })),
  ],
  ['more than any may have', () => client.post(withInput({ ...INPUT, sound: { base64: 'QUJD'.repeat(25_000) } }))],
];

const ATTACKS: readonly Attack[] = TOO_LARGE.map(([name, send]) => ({
  name: `too large: ${name}`,
  send,
  status: 413,
  message: /10000 bytes/,
}));

testAttacks(client, ATTACKS);

describe('a sound in base64', () => {
  it.for([
    ['in the input', CREATE, { i: INPUT }],
    [
      'in a variable of the sound',
      CREATE.replace('$i: CreateLipSyncTaskInput!', '$s: SoundSourceInput!, $p: PlacementInput!').replace(
        '$i)',
        '{faceId: "f", sound: $s, placement: $p})',
      ),
      { s: INPUT.sound, p: PLACEMENT },
    ],
    [
      'in a variable of its own',
      CREATE.replace('$i: CreateLipSyncTaskInput!', '$b: String!').replace(
        '$i)',
        '{faceId: "f", sound: {base64: $b}, placement: {cropStartMs: 0, cropEndMs: 3000, insertAtMs: 0}})',
      ),
      { b: SOUND },
    ],
  ] as const)('may be large %s, and arrives whole', async ([, query, variables], { expect }) => {
    const { body } = inPieces(jsonBody(query, { variables }));
    const response = await client.post(body);
    expect(response.status).toBe(200);
    expect(JSON.stringify(client.ledger.calls.splice(0))).toContain(`"${SOUND}"`);
  });

  it('whose slashes are escaped arrives as it was', async ({ expect }) => {
    const base64 = 'a///'.repeat(5000);
    const response = await client.post(withInput({ ...INPUT, sound: { base64 } }).replaceAll('/', '\\/'));
    expect(response.status).toBe(200);
    expect(JSON.stringify(client.ledger.calls.splice(0))).toContain(`"${base64}"`);
  });

  it('is taken by the mutations that the schema says', ({ expect }) => {
    expect([...createBase64Inputs(schema).mutations]).toEqual(['createLipSyncTask']);
  });
});

it('a large document is given up at once, whatever is to come', async ({ expect }) => {
  const { body, read } = inPieces(jsonBody(`{${' '.repeat(80_000)}}`));
  expect((await client.post(body)).status).toBe(413);
  expect(read.bytes).toBeLessThan(2 * LIMITS.bytesMax + 3000);
});

/** A gateway with a clock that says of each deadline, as it is set, whether its time is up. */
function clientWhere(isUp: (ms: number) => boolean): Client {
  const startTimer: StartTimer = (ms, onTime) => {
    if (isUp(ms)) onTime();
    return () => {};
  };
  return createGraphqlClient({ limits: LIMITS, startTimer });
}

/** Posts a body that never goes on behind its start. */
async function postStart(slow: Client, start: string) {
  const body = new ReadableStream({
    type: 'bytes',
    start: (controller) => controller.enqueue(new TextEncoder().encode(start)),
  });
  const response = await slow.post(body);
  return { status: response.status, ...(await response.json<object>()) };
}

describe('a body that comes too slowly', () => {
  const REFUSED = {
    status: 408,
    errors: [{ message: 'The body did not arrive in time.', extensions: { code: 'BAD_USER_INPUT', retryable: false } }],
  };

  it('is given up after 15 s', async ({ expect }) => {
    const times: number[] = [];
    const slow = clientWhere((ms) => times.push(ms) > 0);
    expect(await postStart(slow, '{"query": "')).toMatchObject(REFUSED);
    expect(times).toEqual([15_000]);
    expect(slow.logged).toEqual([]);
  });

  it('has 45 s more when it is a large one', async ({ expect }) => {
    const times: number[] = [];
    const slow = clientWhere((ms) => times.push(ms) > 1);
    expect(await postStart(slow, withInput(INPUT).slice(0, 30_000))).toMatchObject(REFUSED);
    expect(times).toEqual([15_000, 45_000]);
  });
});
