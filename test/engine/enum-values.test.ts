import { GraphQLEnumType, GraphQLList, GraphQLObjectType, GraphQLSchema, parse } from 'graphql';
import { describe, it } from 'vitest';
import { compiledRun, runByGraphql, seen } from './compare.ts';

/** Enum names with equal values, swapped values, duplicate values, and values that are not strings. */
const VALUES = { SELF: 'SELF', A: 'B', B: 'A', C: 'x', D: 'x', E: 'E', F: 'E', NUMBER: 7, NONE: null };

const Letter = new GraphQLEnumType({
  name: 'Letter',
  values: Object.fromEntries(Object.entries(VALUES).map(([name, value]) => [name, { value }])),
});
const schema = new GraphQLSchema({
  query: new GraphQLObjectType({
    name: 'Query',
    fields: { one: { type: Letter }, many: { type: new GraphQLList(Letter) } },
  }),
});

describe('an enum value', () => {
  it.for(['SELF', 'A', 'B', 'C', 'D', 'E', 'F', 'x', 'NUMBER', 7, 8, null, undefined, true, {}])(
    'of %j has the name that graphql gives it',
    async (value, { expect }) => {
      const document = parse('{ one many }');
      const args = { rootValue: { one: value, many: [value, 'SELF', value] } };
      const wanted = await seen(runByGraphql(schema, document, args));
      expect(await seen(compiledRun(schema, document)!(args))).toBe(wanted);
    },
  );

  it('that equals the name of another value is not mistaken for that name', ({ expect }) => {
    const rootValue = { one: 'A', many: ['A', 'B', 'E', 'x', 7] };
    expect(compiledRun(schema, parse('{ one many }'))!({ rootValue })).toEqual({
      data: { one: 'B', many: ['B', 'A', 'F', 'D', 'NUMBER'] },
    });
  });
});
