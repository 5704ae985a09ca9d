import { buildSchema, execute as executeByGraphql, type ExecutionResult, parse } from 'graphql';
import { it } from 'vitest';
import { execute } from '../../src/engine/run.ts';

const schema = buildSchema('type Query { a: String inner: Query must: Query! list: [Query] }');
const inner = { a: 'a', inner: { a: 'b' } };
const rootValue = { ...inner, must: inner, list: [inner, inner] };

function shown({ data, errors }: ExecutionResult) {
  return { data, errors: errors?.map((error) => ({ ...error.toJSON(), isPathless: error.path === undefined })) };
}

/** A nullable variable with a default is valid as a condition. Only a run shows whether it is null. */
it.for([
  'query ($c: Boolean = true) { a @skip(if: $c) inner { a } }',
  'query ($c: Boolean = true) { a inner { a @include(if: $c) } }',
  'query ($c: Boolean = true) { a must { a @include(if: $c) } }',
  'query ($c: Boolean = true) { a list { a @skip(if: $c) inner { a } } }',
  'query ($c: Boolean = true) { a @skip(if: true) @include(if: $c) inner { ...F @include(if: $c) } } fragment F on Query { a }',
  'query ($c: Boolean = true, $d: Boolean!) { a @skip(if: $d) @include(if: $c) inner { ... @skip(if: $d) { a } } }',
])('a condition that is null fails as in graphql: %s', async (query, { expect }) => {
  const document = parse(query);
  for (const variableValues of [
    { c: null, d: true },
    { c: null, d: false },
    { c: false, d: true },
    { d: false },
    { c: null, d: true },
  ]) {
    const expected = await executeByGraphql({ schema, document, rootValue, variableValues });
    expect(shown(await execute({ schema, document, rootValue, variableValues }))).toEqual(shown(expected));
  }
});
