import { it } from 'vitest';
import { createPrepare } from '../../src/graphql/prepare.ts';
import { createValidateDocument } from '../../src/graphql/validate-document.ts';
import { schema } from '../../src/schema/schema.ts';

const prepare = createPrepare(schema, createValidateDocument(true));

it('has one operation for one text and name', ({ expect }) => {
  const query = 'query A { __typename } query B { __typename }';
  const a = prepare({ query, operationName: 'A' });
  expect([a?.type, a?.name]).toEqual(['query', 'A']);
  expect(prepare({ query, operationName: 'A' })).toBe(a);
  expect(prepare({ query, operationName: 'B' })?.name).toBe('B');
  expect(prepare({ query })).toBe(null);
});

it('takes no name for a part of the text, and no text for a part of the name', ({ expect }) => {
  const query = 'query x { __typename }';
  expect(prepare({ operationName: 'x', query: `#c\n${query}` })?.name).toBe('x');
  for (const operationName of ['x#c\n', 'x\n#c', 'x\n#c\n', '']) expect(prepare({ operationName, query })).toBe(null);
  expect(prepare({ query })?.name).toBe('x');
});

it.for(['{ nothing }', '{', '', 'fragment F on Query { __typename }', `{ ${'a: __typename '.repeat(40)} }`])(
  'has nothing for a document that cannot be run, however often it is asked: %s',
  (query, { expect }) => {
    expect([prepare({ query }), prepare({ query })]).toEqual([null, null]);
  },
);
