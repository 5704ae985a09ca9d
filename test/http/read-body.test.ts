import * as fc from 'fast-check';
import { describe, it } from 'vitest';
import { parseBodyJson, readBody } from '../../src/http/read-params.ts';
import { startTimer } from '../../src/lib/time.ts';

const LIMITS = { bytesMax: 1_000, largeBytesMax: 1_000 };
const DEPS = { now: Date.now, startTimer, admitLarge: () => Promise.reject(new Error('a large body')) };

/** Returns the same body with a declared length, which is read at once, and without, which is read in chunks. */
function requestsOf(bytes: Uint8Array<ArrayBuffer>): readonly Request[] {
  const post = { method: 'POST', body: bytes };
  return [
    new Request('https://gateway.test/graphql', { ...post, headers: { 'content-length': String(bytes.byteLength) } }),
    new Request('https://gateway.test/graphql', post),
  ];
}

async function jsonOf(request: Request): Promise<unknown> {
  return readBody(request, LIMITS, DEPS)
    .then((body) => parseBodyJson(body, LIMITS).json)
    .catch((error: unknown) => String(error));
}

/** Decodes bytes. Returns null if they are not UTF-8. */
function strictText(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

const encoder = new TextEncoder();

function quoted(...bytes: number[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array([0x22, ...bytes, 0x22]);
}

describe('readBody', () => {
  it.for<{ readonly name: string; readonly bytes: Uint8Array<ArrayBuffer>; readonly json: unknown }>([
    { name: 'ASCII', bytes: encoder.encode('"voice"'), json: 'voice' },
    { name: 'characters of two, three and four bytes', bytes: encoder.encode('"é語🎙"'), json: 'é語🎙' },
    { name: 'a literal U+FFFD', bytes: encoder.encode('"é�"'), json: 'é�' },
    { name: 'a byte order mark', bytes: new Uint8Array([0xef, 0xbb, 0xbf, ...quoted(0x61)]), json: 'a' },
    {
      name: 'a byte order mark and a literal U+FFFD',
      bytes: new Uint8Array([0xef, 0xbb, 0xbf, ...quoted(0xef, 0xbf, 0xbd)]),
      json: '�',
    },
  ])('reads $name', async ({ bytes, json }, { expect }) => {
    for (const request of requestsOf(bytes)) expect(await jsonOf(request)).toBe(json);
  });

  it.for<{ readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> }>([
    { name: 'a byte that begins no character', bytes: quoted(0xff) },
    { name: 'Latin-1', bytes: quoted(0xe9, 0x74, 0xe9) },
    { name: 'a character that is cut off', bytes: quoted(0xe8, 0xaa) },
    { name: 'an overlong form', bytes: quoted(0xc0, 0xaf) },
    { name: 'half of a surrogate pair', bytes: quoted(0xed, 0xa0, 0x80) },
    { name: 'an invalid byte after a literal U+FFFD', bytes: quoted(0xef, 0xbf, 0xbd, 0xff) },
    { name: 'the first three bytes of a character of four', bytes: quoted(0xf0, 0x9f, 0x8e) },
  ])('refuses $name', async ({ bytes }, { expect }) => {
    for (const request of requestsOf(bytes)) expect(await jsonOf(request)).toMatch('must be UTF-8');
  });

  it('reads random bytes at once and in chunks, and refuses those that are not UTF-8', async ({ expect }) => {
    // Bytes that often form a character, or almost do.
    const part = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 3 }).map((text) => [...encoder.encode(text)]),
      fc.constantFrom([0xff], [0xc3], [0xe8, 0xaa], [0xf0, 0x9f, 0x8e], [0xef, 0xbf, 0xbd], [0x80]),
    );
    const whole = fc.array(part, { maxLength: 6 }).map((parts) => new Uint8Array(parts.flat()));
    await fc.assert(
      fc.asyncProperty(whole, async (bytes) => {
        for (const request of requestsOf(bytes)) {
          expect(String(await jsonOf(request)).includes('must be UTF-8')).toBe(strictText(bytes) === null);
        }
      }),
      { numRuns: 300 },
    );
  });
});
