import { GraphQLList, GraphQLObjectType, GraphQLScalarType, GraphQLSchema, GraphQLString, parse } from 'graphql';
import { describe, it } from 'vitest';
import { compiledRun, runByGraphql, seen } from './compare.ts';

const Text = new GraphQLScalarType({ name: 'Text', serialize: GraphQLString.coerceOutputValue });
const Loud = new GraphQLScalarType({ name: 'Loud', serialize: (value) => `${String(value)}!` });
const fieldsOf = (type: GraphQLScalarType) => ({ one: { type }, many: { type: new GraphQLList(type) } });
const schemaOf = (type: GraphQLScalarType) =>
  new GraphQLSchema({ query: new GraphQLObjectType({ name: 'Query', fields: fieldsOf(type) }) });
const document = parse('{ one many }');

describe('a custom scalar', () => {
  it.for<unknown>(['text', '', 7, Number.NaN, true, null, undefined, {}, [], { valueOf: () => 'inner' }])(
    'that coerces as String does answers %j as graphql does',
    async (value, { expect }) => {
      const args = { rootValue: { one: value, many: [value, 'text', value] } };
      const wanted = await seen(runByGraphql(schemaOf(Text), document, args));
      expect(await seen(compiledRun(schemaOf(Text), document)!(args))).toBe(wanted);
    },
  );

  it('with a coercion of its own coerces strings too', ({ expect }) => {
    const rootValue = { one: 'a', many: ['b', 3] };
    expect(compiledRun(schemaOf(Loud), document)!({ rootValue })).toEqual({ data: { one: 'a!', many: ['b!', '3!'] } });
  });
});
