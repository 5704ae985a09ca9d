import { parse, validate } from 'graphql';
import { describe, it } from 'vitest';
import { compiledRun, runByGraphql, seen } from './compare.ts';
import { type Corner, cornerSchema as schema, fail, later } from './corner.ts';

const CORNERS: Readonly<Record<string, Corner>> = {
  'an error nulls the closest nullable position above it': {
    query: '{ a inner { a inner { must } } }',
    root: () => ({ a: 'a', inner: { a: 'x', inner: { must: fail('no') } } }),
    data: { a: 'a', inner: { a: 'x', inner: null } },
    errors: ['inner.inner.must: no'],
  },
  'an error without a nullable position above it nulls the data': {
    query: '{ a innerMust { must } }',
    root: () => ({ a: 'a', innerMust: { must: null } }),
    data: null,
    errors: ['innerMust.must: Cannot return null for non-nullable field Inner.must.'],
  },
  'an error from before its parent became null is kept': {
    query: '{ inner { a must b } }',
    root: () => ({ inner: { a: fail('first'), must: fail('second'), b: fail('never asked') } }),
    data: { inner: null },
    errors: ['inner.a: first', 'inner.must: second'],
  },
  'an error from after its parent became null is dropped': {
    query: '{ inner { a must } b }',
    root: () => ({ inner: { a: later(9, new Error('late')), must: later(1, new Error('early')) }, b: later(20, 'b') }),
    data: { inner: null, b: 'b' },
    errors: ['inner.must: early'],
  },
  'an error that comes before the one that nulls its parent is kept': {
    query: '{ inner { must a } }',
    root: () => ({ inner: { must: later(9, new Error('late')), a: later(1, new Error('early')) } }),
    data: { inner: null },
    errors: ['inner.a: early', 'inner.must: late'],
  },
  'the first of two errors that null their parent is reported': {
    query: '{ inner { must also } }',
    root: () => ({ inner: { must: later(5, new Error('late')), also: later(1, new Error('early')) } }),
    data: { inner: null },
    errors: ['inner.also: early'],
  },
  'errors are reported in the order in which they occur': {
    query: '{ a b }',
    root: () => ({ a: later(5, new Error('late')), b: later(1, new Error('early')) }),
    data: { a: null, b: null },
    errors: ['b: early', 'a: late'],
  },
  'a list of non-null items becomes null if one item is null': {
    query: '{ listMust list grid }',
    root: () => ({ listMust: ['x', null], list: ['x', null, new Error('an item')], grid: [[1], [2, null]] }),
    data: { listMust: null, list: ['x', null, null], grid: null },
    errors: [
      'listMust.1: Cannot return null for non-nullable field Query.listMust.',
      'list.2: an item',
      'grid.1.1: Cannot return null for non-nullable field Query.grid.',
    ],
  },
  'any iterable except a string is a list': {
    query: '{ list listMust grid }',
    root: () => ({ list: new Set(['x']), listMust: 'text', grid: [] }),
    data: { list: ['x'], listMust: null, grid: [] },
    errors: ['listMust: Expected Iterable, but did not find one for field "Query.listMust".'],
  },
  'an async iterable is a list': {
    query: '{ list listMust }',
    root: () => ({
      async *list() {
        yield 'x';
        yield later(2, 'y');
      },
      async *listMust() {
        yield 'x';
        throw new Error('broken off');
      },
    }),
    data: { list: ['x', 'y'], listMust: null },
    errors: ['listMust: broken off'],
  },
  'an error of an item in a promised list has the index in its path': {
    query: '{ inner { list { list { must } } } }',
    root: () => ({ inner: later(2, { list: [{ list: [{ must: 'm' }, later(1, { must: later(1, null) })] }] }) }),
    data: { inner: { list: [{ list: null }] } },
    errors: ['inner.list.0.list.1.must: Cannot return null for non-nullable field Inner.must.'],
  },
  'fields of one response key are merged': {
    query: '{ inner { a } ...F inner { inner { a } } } fragment F on Query { inner { b inner { b } } a }',
    root: () => ({ a: 'a', inner: { a: 'ia', b: 'ib', inner: { a: 'iia', b: 'iib' } } }),
    data: { inner: { a: 'ia', b: 'ib', inner: { b: 'iib', a: 'iia' } }, a: 'a' },
  },
  'a response key is an own property, even __proto__ and constructor': {
    query: '{ __proto__: a constructor: b inner { __proto__: inner { a } toString: a then: b } }',
    root: () => ({ a: 'a', b: 'b', inner: { a: 'ia', b: 'ib', inner: { a: 'iia' } } }),
    data: JSON.parse(
      '{"__proto__":"a","constructor":"b","inner":{"__proto__":{"a":"iia"},"toString":"ia","then":"ib"}}',
    ),
  },
  '__typename selects the object type, and each type has its own fields': {
    query: '{ beings { __typename name ... on Cat { lives } friend { n: name } } thing { ... on Stone { weight } } }',
    root: () => ({
      beings: [
        { __typename: 'Cat', name: 'Tom', lives: 9 },
        { __typename: 'Dog', name: 'Rex', friend: null },
      ],
      thing: { __typename: 'Stone', weight: 4 },
    }),
    data: {
      beings: [
        { __typename: 'Cat', name: 'Tom', lives: 9, friend: null },
        { __typename: 'Dog', name: 'Rex', friend: null },
      ],
      thing: { weight: 4 },
    },
  },
  'an impossible type is an error': {
    query: '{ beings { name } thing { __typename } }',
    root: () => ({ beings: ['Nope', 'Size', 'Stone', null].map((__typename) => ({ __typename })), thing: 'a text' }),
    data: { beings: [null, null, null, null], thing: null },
    errors: [
      'beings.0: Abstract type "Being" was resolved to a type "Nope" that does not exist inside the schema.',
      'beings.1: Abstract type "Being" was resolved to a non-object type "Size".',
      'beings.2: Runtime Object type "Stone" is not a possible type for "Being".',
      'beings.3: Abstract type "Being" must resolve to an Object type at runtime for field "Query.beings". Either the "Being" type should provide a "resolveType" function or each possible type should provide an "isTypeOf" function.',
      'thing: Abstract type "Thing" must resolve to an Object type at runtime for field "Query.thing". Either the "Thing" type should provide a "resolveType" function or each possible type should provide an "isTypeOf" function.',
    ],
  },
  'a resolver may throw a value that is no error, and return an error': {
    query: '{ a b size float }',
    root: () => ({
      a: () => {
        throw 'a text';
      },
      b: new Error('returned'),
      size: 'MEDIUM',
      float: Number.NaN,
    }),
    data: { a: null, b: null, size: null, float: null },
    errors: [
      'a: Unexpected error value: "a text"',
      'b: returned',
      'size: Enum "Size" cannot represent value: "MEDIUM"',
      'float: Float cannot represent non numeric value: NaN',
    ],
  },
  'the fields of a mutation run one after another, also after a failed one': {
    query: 'mutation { one two { a } four }',
    root: () => {
      let step = 'none';
      const next = async (name: string, before: string) => {
        if (step !== before) throw new Error(`${name} began at ${step}`);
        await later(3, null);
        step = name;
        return name;
      };
      return {
        one: () => next('one', 'none'),
        two: async () => {
          await next('two', 'one');
          throw new Error('two fails');
        },
        four: () => next('four', 'two'),
      };
    },
    data: { one: 'one', two: null, four: 'four' },
    errors: ['two: two fails'],
  },
  'a mutation stops at a non-null field that fails': {
    query: 'mutation { one three four }',
    root: () => ({ one: 'one', three: later(1, null), four: fail('never asked') }),
    data: null,
    errors: ['three: Cannot return null for non-nullable field Mutation.three.'],
  },
  'a missing variable leaves the default, and a null one does not': {
    query: 'query ($f: Int, $g: Int, $s: Size!) { x: find(first: $f) y: find(first: $g) z: find(sizes: [LARGE, $s]) }',
    root: () => ({ find: (args: object) => JSON.stringify(args) }),
    variables: { g: null, s: 'SMALL' },
    data: { x: '{"first":2}', y: '{"first":null}', z: '{"first":2,"sizes":["LARGE","SMALL"]}' },
  },
  'all wrong variables are refused together': {
    query: 'query ($by: By!, $i: Int!) { find(by: $by, first: $i) }',
    variables: { by: { id: '1', name: 'n' } },
    data: undefined,
    errors: [
      ': Variable "$by" has invalid value: Within OneOf Input Object type "By", exactly one field must be specified, and the value for that field must be non-null.',
      ': Variable "$i" has invalid value: Expected a value of non-null type "Int!" to be provided.',
    ],
  },
  'a condition that is null is an error': {
    query: 'query ($c: Boolean = true) { a b @include(if: $c) }',
    root: () => ({ a: 'a' }),
    variables: { c: null },
    data: null,
    errors: [
      ': Argument "@include(if:)" has invalid value: Expected variable "$c" provided to non-null type "Boolean!" not to be null.',
    ],
  },
  'fields have the order of the included selections': {
    query: 'query ($c: Boolean!) { b @include(if: $c) a ... @skip(if: $c) { list } b }',
    root: () => ({ a: 'a', b: 'b', list: [] }),
    variables: { c: false },
    data: { a: 'a', list: [], b: 'b' },
  },
};

describe('the engine, like graphql', () => {
  it.for(Object.entries(CORNERS))('%s', async ([, { query, root, variables = {}, data, errors }], { expect }) => {
    const document = parse(query);
    expect(validate(schema, document)).toEqual([]);
    const args = () => ({ rootValue: root?.(), variableValues: variables });
    const run = compiledRun(schema, document);
    const result = await run?.(args());
    const told = result?.errors?.map(({ path = [], message }) => `${path.join('.')}: ${message}`);
    expect(told).toEqual(errors);
    expect(JSON.stringify(result?.data)).toBe(JSON.stringify(data));
    const got = await seen(run!(args()));
    expect(got).toBe(await seen(runByGraphql(schema, document, args())));
  });
});
