import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'graphql';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { toCurl, toGraphQL } from '../../src/studio/api/code-samples.ts';
import { CreateLipSyncDocument, IdentifyFacesDocument } from '../../src/studio/api/documents.ts';

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: { readonly query: string; readonly variables: unknown };
}

const received: Received[] = [];
const server = createServer(async (request, response) => {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  received.push({ headers: request.headers, body: JSON.parse(Buffer.concat(pieces).toString()) as Received['body'] });
  response.end('{}');
});

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => void server.close());

/** Texts that a shell, JSON or a comment could change. */
const HOSTILE = [
  `it's a "quote"`,
  'two\nlines\r\nand a tab\t',
  '$TOKEN ${TOKEN} $(touch /tmp/never) `id` $((1+1))',
  String.raw`back\slash \n \u0041 '\'' "\""`,
  'JSON',
  '\nJSON\n',
  `'; exit 1; '`,
  '!history * ? ~ {a,b} # comment % & | > <',
  '大家早上好 \u{1F600} \u2028',
];

const optionsOf = (url: string): { readonly video: { readonly url: string }; readonly externalId: string } => ({
  video: { url },
  externalId: 'sample',
});

describe('a copied curl command', () => {
  it.for(['sh', 'bash'])(
    'sends any text unchanged, and the token of the environment, in %s',
    async (shell, { expect }) => {
      const { port } = server.address() as AddressInfo;
      for (const text of HOSTILE) {
        const command = toCurl(
          { document: IdentifyFacesDocument, variables: optionsOf(text) },
          `http://127.0.0.1:${port}/graphql`,
        );
        const env = { ...process.env, TOKEN: 'the.token' };
        await promisify(execFile)(shell, ['-c', command], { env });
        const { headers, body } = received.at(-1)!;
        expect(body.variables).toEqual(optionsOf(text));
        expect(() => parse(body.query)).not.toThrow();
        expect(headers).toMatchObject({ authorization: 'Bearer the.token', 'content-type': 'application/json' });
      }
      expect(received.length % HOSTILE.length).toBe(0);
    },
  );

  it('has no limit of length, because a file can be part of the input', async ({ expect }) => {
    const { port } = server.address() as AddressInfo;
    const operation = { document: IdentifyFacesDocument, variables: optionsOf('x'.repeat(3_000_000)) };
    const command = toCurl(operation, `http://127.0.0.1:${port}/graphql`);
    const running = promisify(execFile)('bash', ['-s'], { env: { ...process.env, TOKEN: 'the.token' } });
    running.child.stdin?.end(command);
    await running;
    expect(received.at(-1)?.body.variables).toEqual(operation.variables);
  });
});

describe('a copied GraphQL operation', () => {
  it('can be parsed, and has its variables in comments at the end', ({ expect }) => {
    for (const text of HOSTILE) {
      const copied = toGraphQL({ document: IdentifyFacesDocument, variables: optionsOf(text) });
      expect(() => parse(copied)).not.toThrow();
      const [, comments = ''] = copied.split('# Variables:\n');
      const json = comments
        .split('\n')
        .map((line) => line.slice(2))
        .join('\n');
      expect(JSON.parse(json)).toEqual(optionsOf(text));
    }
  });

  it('leaves out what only the cache of the studio needs', ({ expect }) => {
    const variables = {
      input: { face: { faceId: 'a' }, audio: { mediaId: 'b' }, placement: { audioEndMs: 1, insertAtMs: 0 } },
    };
    const copied = toGraphQL({ document: CreateLipSyncDocument, variables });
    expect(copied).not.toContain('__typename');
    expect(parse(copied).definitions.length).toBeGreaterThan(1);
  });
});

it('every mutation of the studio can be copied where it is used', ({ expect }) => {
  const folder = join(import.meta.dirname, '../../src/studio');
  const files = globSync('**/*.{ts,tsx}', { cwd: folder }).map((file) => readFileSync(join(folder, file), 'utf8'));
  const names = files.flatMap((text) =>
    [...text.matchAll(/const (\w+Document) = graphql\(\s*`\s*mutation /g)].map(([, name]) => name ?? ''),
  );
  expect(names).toEqual(expect.arrayContaining(['CreateLipSyncDocument', 'CreateMediaDocument', 'RetryTaskDocument']));
  expect(names.filter((name) => !files.some((text) => text.includes(`document={${name}}`)))).toEqual([]);
});
