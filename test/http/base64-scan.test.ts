import { describe, it } from 'vitest';
import { createBase64Scan } from '../../src/http/base64-scan.ts';

const LONG = 'QUJD'.repeat(300);

/** The texts that are found, however the JSON is cut into chunks. */
function found(json: string, chunkBytes: number): { readonly texts: readonly string[]; readonly otherBytes: number } {
  const bytes = new TextEncoder().encode(json);
  const scan = createBase64Scan();
  for (let at = 0; at < bytes.length; at += chunkBytes) scan.push(bytes.subarray(at, at + chunkBytes));
  const texts = scan.spans().map(({ start, end }) => new TextDecoder().decode(bytes.subarray(start, end)));
  return { texts, otherBytes: scan.otherBytes() };
}

describe.for([1, 7, 1_000_000])('in chunks of %i bytes', (chunkBytes) => {
  it.for<[name: string, json: string, texts: readonly string[]]>([
    ['a long text', `{"v": {"a": "${LONG}"}}`, [LONG]],
    ['two of them', `{"v": ["${LONG}", {"a": "${LONG}=="}]}`, [LONG, `${LONG}==`]],
    ['one with escaped slashes', `{"v": ["\\/${LONG}\\/"]}`, [`\\/${LONG}\\/`]],
    ['one behind brackets and quotes in a text', `{"q": "]]\\"{\\\\", "v": {"a": "${LONG}"}}`, [LONG]],
    ['a short one', '{"v": ["QUJD"]}', []],
    ['a value of the body itself', `{"query": "${LONG}"}`, []],
    ['one with a blank', `{"v": ["${LONG} "]}`, []],
    ['one with an escaped letter', `{"v": ["\\u0041${LONG}"]}`, []],
    ['one with a letter that is no base64', `{"v": ["${LONG}ü"]}`, []],
    ['one whose quote is escaped', `{"v": ["${LONG}\\"]}`, []],
    ['one that does not end', `{"v": [" ${LONG}`, []],
  ])('%s', ([, json, texts], { expect }) => {
    const bytes = new TextEncoder().encode(json).length;
    expect(found(json, chunkBytes)).toEqual({ texts, otherBytes: bytes - texts.join('').length });
  });

  it('a text that may still become one is none of the others', ({ expect }) => {
    expect(found(`{"v": ["${LONG}`, chunkBytes)).toEqual({ texts: [], otherBytes: 8 });
  });
});
