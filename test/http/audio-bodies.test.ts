import { parse } from 'graphql';
import { describe, it } from 'vitest';
import { createAudioInputs } from '../../src/http/limits.ts';
import { schema } from '../../src/schema/schema.ts';
import { inPieces, jsonBody } from '../support/attacks.ts';
import { createGraphqlClient } from '../support/graphql-client.ts';

const client = createGraphqlClient({ limits: { bytesMax: 10_000, largeBytesMax: 100_000 } });

const CREATE =
  'mutation ($i: CreateLipSyncTaskInput!) { createLipSyncTask(input: $i) { ... on LipSyncTask { id } ... on Failure { code message } } }';
const QUOTE =
  'query ($i: CreateLipSyncTaskInput!) { lipSyncQuote(input: $i) { ... on LipSyncQuote { units } ... on Failure { code message } } }';
const CREATE_MANY =
  'mutation ($i: [CreateLipSyncTaskInput!]!) { createLipSyncTasks(inputs: $i) { ... on LipSyncTask { id } ... on Failure { code message } } }';
const SOUND = 'QUJD'.repeat(10_000);
const PLACEMENT = { audioStartMs: 0, audioEndMs: 3000, insertAtMs: 0 };
const INPUT = { face: { faceId: 'f' }, audio: { base64: SOUND }, placement: PLACEMENT };

function withInput(input: object): string {
  return jsonBody(CREATE, { variables: { i: input } });
}

describe('base64 audio in a request', () => {
  it.for([
    ['in a variable of the input', CREATE, { i: INPUT }],
    ['in a variable of the input of a quote', QUOTE, { i: INPUT }],
    ['in a variable of a list of inputs', CREATE_MANY, { i: [{ ...INPUT, audio: { url: 'u' } }, INPUT] }],
    ['in one input where a list is expected', CREATE_MANY, { i: INPUT }],
    [
      'in several inputs of a document',
      `mutation ($i: CreateLipSyncTaskInput!, $b: String!) { createLipSyncTasks(inputs: [$i, {face: {faceId: "f"}, audio: {base64: $b}}]) { __typename } }`,
      { i: INPUT, b: SOUND },
    ],
    [
      'in a variable of the audio',
      CREATE.replace('$i: CreateLipSyncTaskInput!', '$s: AudioInput!, $p: PlacementInput!').replace(
        '$i)',
        '{face: {faceId: "f"}, audio: $s, placement: $p})',
      ),
      { s: INPUT.audio, p: PLACEMENT },
    ],
    [
      'in a variable of the text alone',
      CREATE.replace('$i: CreateLipSyncTaskInput!', '$b: String!').replace(
        '$i)',
        '{face: {faceId: "f"}, audio: {base64: $b}, placement: {audioStartMs: 0, audioEndMs: 3000, insertAtMs: 0}})',
      ),
      { b: SOUND },
    ],
  ] as const)('may be large, and arrives whole: %s', async ([, query, variables], { expect }) => {
    const { body } = inPieces(jsonBody(query, { variables }));
    const response = await client.post(body);
    expect(response.status).toBe(200);
    expect(JSON.stringify(client.ledger.calls.splice(0))).toContain(`"${SOUND}"`);
  });

  it.for<[name: string, escape: (json: string) => string]>([
    ['slashes as \\/', (json) => json.replaceAll('/', '\\/')],
    ['slashes as \\u002F', (json) => json.replaceAll('/', '\\u002F')],
    ['slashes as \\u002f', (json) => json.replaceAll('/', '\\u002f')],
    ['+ as \\u002B, as .NET writes it', (json) => json.replaceAll('+', '\\u002B')],
    ['+ as \\u002b', (json) => json.replaceAll('+', '\\u002b')],
    ['= as \\u003d, as Gson writes it', (json) => json.replaceAll('=', '\\u003d')],
    ['letters as \\u0061', (json) => json.replaceAll('aaaa', '\\u0061aa\\u0061')],
  ])('arrives unchanged with %s', async ([, escape], { expect }) => {
    const base64 = `${'aaaa+/a+'.repeat(4_000)}aa==`;
    const input = withInput({ ...INPUT, audio: { base64 } });
    const body = `${input.slice(0, input.indexOf('aaaa'))}${escape(base64)}"${input.slice(input.indexOf('=="') + 3)}`;
    expect(JSON.parse(body)).toEqual(JSON.parse(input));
    for (const headers of [{}, { 'content-length': String(body.length) }]) {
      const response = await client.post(inPieces(body).body, headers);
      expect(response.status).toBe(200);
      expect(JSON.stringify(client.ledger.calls.splice(0))).toContain(`"${base64}"`);
    }
  });

  it('may be in several items of a list of inputs', ({ expect }) => {
    const LIST =
      'mutation ($s: [AudioInput!]!) { createLipSyncTask(input: $s) { ... on LipSyncTask { id } ... on Failure { code message } } }';
    const inputs = createAudioInputs(schema);
    const count = (s: unknown) => inputs.countChars(parse(LIST), undefined, { s });
    expect(count([{ base64: 'QUJD' }, { base64: 'QU' }, { url: 'u' }, null, []])).toBe(6);
    expect(count({ base64: 'QUJD' })).toBe(4);
    expect(count({ __proto__: { base64: 'QUJD' } })).toBe(0);
  });

  it('is counted in all items of a list of inputs, which together may be as large as one', async ({ expect }) => {
    const inputs = [INPUT, INPUT, INPUT].map((input) => ({ ...input, audio: { base64: SOUND } }));
    expect(createAudioInputs(schema).countChars(parse(CREATE_MANY), undefined, { i: inputs })).toBe(3 * SOUND.length);
    const { status } = await client.post(jsonBody(CREATE_MANY, { variables: { i: inputs } }));
    expect(status).toBe(413);
    expect(client.ledger.calls.splice(0)).toEqual([]);
  });

  it('is counted once if the document defines its variable twice', ({ expect }) => {
    const TWICE =
      'mutation ($i: CreateLipSyncTaskInput!, $i: CreateLipSyncTaskInput!) { createLipSyncTask(input: $i) { ... on LipSyncTask { id } ... on Failure { code message } } }';
    expect(createAudioInputs(schema).countChars(parse(TWICE), undefined, { i: INPUT })).toBe(SOUND.length);
  });

  it('is not refused for its size if it has line breaks, which the ledger refuses', async ({ expect }) => {
    const base64 = `${'QUJD'.repeat(19)}\n`.repeat(500);
    expect((await client.post(withInput({ ...INPUT, audio: { base64 } }))).status).toBe(200);
    expect(client.ledger.calls.splice(0)).toMatchObject([['createLipSyncTask', { audio: { base64 } }]]);
  });

  it('is accepted by the queries and mutations that the schema marks', ({ expect }) => {
    expect([...createAudioInputs(schema).fields]).toEqual(['lipSyncQuote', 'createLipSyncTask', 'createLipSyncTasks']);
  });
});
