/** Hostile requests of an attacker with a tenant's token. */

import { createHash, randomBytes } from 'node:crypto';
import { Agent, type ClientRequest, request } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DOCUMENT_BOMBS } from '../../support/document-bombs.ts';
import { bearer, TOKEN } from '../../support/token.ts';

export interface Attack {
  readonly name: string;
  /** Resolves to the status of the answer, or to the close code of a socket. */
  readonly send: (gatewayUrl: string) => Promise<{ readonly status: number; readonly text: string }>;
}

interface Post {
  /** The body. A list is sent in chunks, without a length. */
  readonly body?: string | Uint8Array<ArrayBuffer> | readonly Uint8Array[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly path?: string;
  readonly method?: string;
}

function attack(name: string, make: () => Post | Promise<Post>): Attack {
  return {
    name,
    async send(gatewayUrl) {
      const { body, headers = {}, path = '/graphql', method = 'POST' } = await make();
      const common = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
      return send(request(`${gatewayUrl}${path}`, { method, headers: { ...common, ...headers }, agent }), body);
    },
  };
}

/** An agent with little overhead. `fetch` takes longer for 7 MB than the gateway. */
const agent = new Agent({ keepAlive: true });

function send(call: ClientRequest, body: Post['body']): ReturnType<Attack['send']> {
  const { promise, resolve, reject } = Promise.withResolvers<{ readonly status: number; readonly text: string }>();
  call.on('error', reject);
  call.on('response', (response) => {
    const parts: Buffer[] = [];
    response.on('data', (part: Buffer) => parts.push(part));
    response.on('error', reject);
    response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() }));
  });
  if (Array.isArray(body)) pipeline(Readable.from(body), call).catch(reject);
  else {
    const bytes = typeof body === 'string' || body === undefined ? Buffer.from(body ?? '') : body;
    if (bytes.length > 0) call.setHeader('content-length', bytes.length);
    call.end(bytes);
  }
  return promise;
}

const json = (query: string, more: object = {}): string => JSON.stringify({ query, ...more });
const repeat = (times: number, make: (i: number) => string): string =>
  Array.from({ length: times }, (_, i) => make(i)).join(' ');
const nested = (depth: number): string => `${'{a'.repeat(depth)}${'}'.repeat(depth)}`;
const doubling = repeat(40, (i) => `fragment f${i} on Query { ...f${i + 1} ...f${i + 1} }`);
const FIELDS = 'id externalId status createdAt updatedAt expiresAt unitsCharged queuePosition';

const documents: readonly Attack[] = [
  attack('5,000 nested brackets', () => ({ body: json(nested(5_000)) })),
  attack('5,000 nested brackets in variables', () => ({
    body: `{"query":"{__typename}","variables":{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}}`,
  })),
  attack('30,000 aliases', () => ({ body: json(`{${repeat(30_000, (i) => `a${i}:__typename`)}}`).slice(0, 130_000) })),
  attack('30 aliases of the longest list', () => ({
    body: json(`{${repeat(19, (i) => `a${i}:tasks(first:100){edges{node{${FIELDS}}}}`)}}`),
  })),
  attack('1,900 directives', () => ({ body: json(`{__typename ${'@a'.repeat(900)}}`) })),
  attack('the same field 900 times', () => ({ body: json(`{${'__typename '.repeat(900)}}`) })),
  attack('overlapping fields in 60 fragments', () => ({
    body: json(
      `{...f0 ${repeat(28, (i) => `...f${i}`)}} ${repeat(60, (i) => `fragment f${i} on Query{operator{klingTasks(list:LIP_SYNCS){items{klingTaskId}}}}`)}`,
    ),
  })),
  attack('fragments that double 40 times', () => ({
    body: json(`{...f0} ${doubling} fragment f40 on Query{__typename}`),
  })),
  attack('fragments in a circle', () => ({ body: json('{...a} fragment a on Query{...b} fragment b on Query{...a}') })),
  attack('1,990 tokens that are valid', () => ({
    body: json(`{${repeat(15, (i) => `a${i}:tasks{edges{node{${repeat(30, () => FIELDS.split(' ')[0]!)}}}}`)}}`),
  })),
  attack('100 operations', () => ({ body: json(repeat(100, (i) => `query q${i}{__typename}`)) })),
  attack('a batch of 100', () => ({ body: `[${Array.from({ length: 100 }, () => json('{__typename}')).join(',')}]` })),
  attack('500 ids of nodes', () => ({
    body: json('query($i:[ID!]!){nodes(ids:$i){id}}', { variables: { i: Array.from({ length: 500 }, () => 'eA') } }),
  })),
  attack('a variable of 100 KB', () => ({
    body: json('query($i:ID!){node(id:$i){id}}', { variables: { i: 'x'.repeat(100_000) } }),
  })),
  attack('a wrong variable of 100 KB', () => ({
    body: json('query($i:Int!){operator{klingTasks(list:LIP_SYNCS,page:$i){page}}}', {
      variables: { i: 'x'.repeat(100_000) },
    }),
  })),
];

const bombs: readonly Attack[] = Object.entries(DOCUMENT_BOMBS).map(([name, document]) =>
  attack(`to validate: ${name}`, () => ({ body: json(document) })),
);

/** Created once, because the attacker's own CPU is not measured. */
const LARGE_DOCUMENT = new TextEncoder().encode(json(`{__typename #${'x'.repeat(7_000_000)}\n}`));
const LARGE_VARIABLE = new TextEncoder().encode(json('{__typename}', { variables: { a: 'QUFB'.repeat(1_800_000) } }));

const bodies: readonly Attack[] = [
  attack('a document of 128 KB of comments', () => ({ body: json(`{__typename #${'x'.repeat(130_000)}\n}`) })),
  attack('a document of 7 MB', () => ({ body: LARGE_DOCUMENT })),
  attack('7 MB of base64 where none belongs', () => ({ body: LARGE_VARIABLE })),
  attack('1 MB in chunks', () => ({
    body: Array.from({ length: 64 }, () => new Uint8Array(16_384)),
  })),
  attack('no JSON', () => ({ body: '{"query":' })),
  attack('bad UTF-8', () => ({ body: new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]) })),
  attack('__proto__', () => ({
    body: '{"query":"{__typename}","__proto__":{"a":1},"variables":{"__proto__":{"b":1}}}',
  })),
  attack('a form', () => ({
    body: 'query={__typename}',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  })),
  attack('multipart', () => ({
    body: '--x\r\n\r\n--x--',
    headers: { 'content-type': 'multipart/form-data; boundary=x' },
  })),
  attack('a mutation by GET', () => ({
    method: 'GET',
    path: '/graphql?query=mutation{deleteVoice(voiceId: "x"){ ... on Deletion { deletedId } ... on Failure { code message } }}',
  })),
  attack('a foreign page', () => ({ body: json('{__typename}'), headers: { origin: 'https://evil.test' } })),
  attack('a hash that is not that of its document', () => ({
    body: json('{__typename}', { extensions: { persistedQuery: { version: 1, sha256Hash: '0'.repeat(64) } } }),
  })),
  attack('a new document to be kept, each time', () => {
    const query = `{__typename #${randomBytes(3_000).toString('hex')}\n}`;
    const sha256Hash = createHash('sha256').update(query).digest('hex');
    return { body: json(query, { extensions: { persistedQuery: { version: 1, sha256Hash } } }) };
  }),
];

const tokens: readonly Attack[] = [
  attack('no token', () => ({ body: json('{__typename}'), headers: { authorization: '' } })),
  attack('a token of 100 KB', () => ({
    body: json('{__typename}'),
    headers: { authorization: `Bearer ${'x'.repeat(12_000)}` },
  })),
  attack('algorithm none', () => ({
    body: json('{__typename}'),
    headers: { authorization: 'Bearer eyJhbGciOiJub25lIn0.e30.' },
  })),
  attack('an expired token', async () => ({
    body: json('{__typename}'),
    headers: { authorization: await bearer('a', { exp: 1 }) },
  })),
  attack('a new tenant each time', async () => ({
    body: json('{tasks{edges{cursor}}}'),
    headers: { authorization: await bearer(randomBytes(8).toString('hex')) },
  })),
  attack("somebody else's ids", () => ({
    body: json('{node(id:"TGlwU3luY1Rhc2s6YQ"){id} other:node(id:"Vm9pY2U6MQ"){id}}'),
  })),
  attack('an id with CRLF and a path', () => ({
    body: json('query($i:ID!){node(id:$i){id}}', {
      variables: { i: Buffer.from('Voice:../../x\r\ny').toString('base64url') },
    }),
  })),
];

const callbacks: readonly Attack[] = [
  attack('a forged callback', () => ({
    path: `/callbacks/${'a'.repeat(60)}.${'b'.repeat(43)}`,
    body: '{"task_id":"1"}',
  })),
  attack('a callback of 1 MB', () => ({ path: '/callbacks/a.b', body: 'x'.repeat(1_000_000) })),
  attack('a callback with a path for a token', () => ({ path: '/callbacks/..%2f..%2fetc', body: '{}' })),
  attack('an address that is not there', () => ({ path: '/admin', body: '{}' })),
];

export const ATTACKS: readonly Attack[] = [...documents, ...bombs, ...bodies, ...tokens, ...callbacks];
