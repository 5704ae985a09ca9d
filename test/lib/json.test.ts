import fc from 'fast-check';
import { describe, it } from 'vitest';
import { parseJsonKeepingLongIntegers } from '../../src/lib/json.ts';

const LONG_INTEGER = fc
  .tuple(fc.bigInt({ min: 10n ** 15n, max: 10n ** 30n }), fc.boolean())
  .map(([n, negative]) => (negative ? -n : n));

/** A value with long integers: as JSON without quotes around them, and as the expected result. */
type Pair = readonly [text: string, value: unknown];

const { tree } = fc.letrec<{ tree: Pair; leaf: Pair; list: Pair; record: Pair }>((tie) => ({
  tree: fc.oneof({ maxDepth: 4 }, tie('leaf'), tie('list'), tie('record')),
  leaf: fc.oneof(
    LONG_INTEGER.map((n): Pair => [String(n), String(n)]),
    fc.integer().map((n): Pair => [String(n), n]),
    fc.string().map((text): Pair => [JSON.stringify(text), text]),
    LONG_INTEGER.map((n): Pair => [`": ${n}"`, `: ${n}`]),
    fc.constantFrom<Pair>(['null', null], ['true', true], ['1.5', 1.5], ['1e20', '1e20'], ['1e5', 1e5]),
  ),
  list: fc
    .array(tie('tree'))
    .map((items): Pair => [`[ ${items.map(([text]) => text).join(' ,\n\t')} ]`, items.map(([, value]) => value)]),
  record: fc.dictionary(fc.stringMatching(/^[a-z]+$/), tie('tree')).map((record): Pair => {
    const entries = Object.entries(record);
    const text = entries.map(([key, [member]]) => `${JSON.stringify(key)} :\r\n ${member}`).join(',');
    return [`{${text}}`, Object.fromEntries(entries.map(([key, [, value]]) => [key, value]))];
  }),
}));

describe('parseJsonKeepingLongIntegers', () => {
  it('keeps every digit of a long integer at any place, and all other values', ({ expect }) => {
    fc.assert(
      fc.property(tree, ([text, value]) => {
        expect(parseJsonKeepingLongIntegers(`{"data": ${text}}`)).toEqual({ data: value });
      }),
    );
  });

  it('does not change shorter integers, fractions and quoted digits', ({ expect }) => {
    const text = '{"a":123456789012345,"b":1234567890123456.5,"c":"1234567890123456789","d":[850508686686064701]}';
    expect(parseJsonKeepingLongIntegers(text)).toEqual({
      a: 123456789012345,
      b: 1234567890123456.5,
      c: '1234567890123456789',
      d: ['850508686686064701'],
    });
  });

  it('reads a megabyte of white space in one pass', ({ expect }) => {
    const text = `{"a":${' '.repeat(1_000_000)}1}`;
    expect(parseJsonKeepingLongIntegers(text)).toEqual({ a: 1 });
  });

  it('throws what JSON.parse throws', ({ expect }) => {
    expect(() => parseJsonKeepingLongIntegers('{"id":850508686686064701')).toThrow(SyntaxError);
  });
});
