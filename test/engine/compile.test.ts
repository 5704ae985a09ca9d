import {
  assertUnionType,
  buildSchema,
  execute as executeByGraphql,
  executeSubscriptionEvent as executeEventByGraphql,
  type ExecutionArgs,
  getOperationAST,
  GraphQLNonNull,
  GraphQLObjectType,
  type GraphQLResolveInfo,
  GraphQLScalarType,
  GraphQLSchema,
  GraphQLString,
  parse,
  validateSubscriptionArgs,
} from 'graphql';
import { describe, it, vi } from 'vitest';
import { compileOperation, execute, executeSubscriptionEvent } from '../../src/engine/run.ts';
import { turns } from './turns.ts';

const schema = buildSchema(`
  directive @ours on FIELD | QUERY
  type Query { a: String b: String list: [Int] inner: Query must: String! echo(list: [Int!] = [1], text: String): String }
  type Subscription { ticked(every: Int!): String }
`);

/** Parses a document once. Returns a function that executes it, so that all runs share the compiled operation. */
function createRun(query: string) {
  const document = parse(query);
  return (args: Omit<ExecutionArgs, 'schema' | 'document'>) => execute({ schema, document, ...args });
}

/** Resolvers that are asynchronous at every level. */
const slowRoot = (value: string) => ({
  echo: async ({ text }: { readonly text: string }, context: string) => `${text} ${context}`,
  inner: Promise.resolve({
    inner: Promise.resolve({ a: () => (value === 'x' ? Promise.reject(new Error('x')) : value) }),
  }),
});

/** A badly behaved resolver that mutates its arguments. */
const echo = (args: { list: number[]; text: string }) => {
  const shown = JSON.stringify(args);
  args.text += '!';
  if (args.list.length > 1) args.list.push(3);
  return shown;
};

describe('compileOperation', () => {
  it.for([
    ['an operation type that the schema lacks', 'mutation { a }'],
    ['an operation with a directive', 'query @ours { a }'],
    ['a field with a directive', '{ inner { a @ours } }'],
    ['deferred fragments', '{ ... @defer { a } }'],
    ['streamed lists', '{ list @stream(initialCount: 1) }'],
    ['fragments with variables', '{ ...F(x: 1) } fragment F($x: Int) on Query { a }'],
    ['conditions that are not booleans', '{ a @skip(if: 1) }'],
  ] as const)('leaves %s to graphql', ([, query], { expect }) => {
    const document = parse(query, { experimentalFragmentArguments: true });
    expect(compileOperation(schema, document, getOperationAST(document)!)).toBe(null);
  });
});

describe('a compiled operation', () => {
  it('returns a promise only if a resolver does', async ({ expect }) => {
    const run = createRun('{ a inner { b } }');
    expect(run({ rootValue: { a: 'a', inner: { b: 'b' } } })).toEqual({ data: { a: 'a', inner: { b: 'b' } } });
    const promise = run({ rootValue: { a: 'a', inner: { b: Promise.resolve('b') } } });
    expect(promise).toBeInstanceOf(Promise);
    expect(await promise).toEqual({ data: { a: 'a', inner: { b: 'b' } } });
  });

  it('isolates concurrent runs', async ({ expect }) => {
    const run = createRun('query ($x: String) { echo(text: $x) inner { inner { a } } }');
    const [one, two] = await Promise.all([
      run({ rootValue: slowRoot('x'), contextValue: 'first', variableValues: { x: '1' } }),
      run({ rootValue: slowRoot('y'), contextValue: 'second', variableValues: { x: '2' } }),
    ]);
    expect(one.data).toEqual({ echo: '1 first', inner: { inner: { a: null } } });
    expect(one.errors?.map(({ path }) => path)).toEqual([['inner', 'inner', 'a']]);
    expect(two).toEqual({ data: { echo: '2 second', inner: { inner: { a: 'y' } } } });
  });

  it('gives each call of a resolver its own arguments, which it may mutate', ({ expect }) => {
    const run = createRun('{ echo(list: [1, 2], text: "t") a: echo(text: "u") }');
    const answer = { data: { echo: '{"list":[1,2],"text":"t"}', a: '{"list":[1],"text":"u"}' } };
    expect(run({ rootValue: { echo } })).toEqual(answer);
    expect(run({ rootValue: { echo } })).toEqual(answer);
  });

  it('is compiled again for each new set of conditions', ({ expect }) => {
    const names = ['c', 'd', 'e', 'f'];
    const fields = names.map((name) => `${name}: a @include(if: $${name})`).join(' ');
    const run = createRun(`query (${names.map((name) => `$${name}: Boolean!`).join(', ')}) { ${fields} b }`);
    for (let round = 0; round < 2; round += 1) {
      for (let bits = 0; bits < 16; bits += 1) {
        const variableValues = Object.fromEntries(names.map((name, i) => [name, (bits & (1 << i)) > 0]));
        const given = names.filter((name) => variableValues[name]);
        const { data } = run({ rootValue: { a: 'a', b: 'b' }, variableValues }) as { data: object };
        expect(Object.keys(data)).toEqual([...given, 'b']);
      }
    }
  });

  it('aborts the signal of resolvers at its end, and calls no resolver after that', async ({ expect }) => {
    const run = createRun('{ must inner { inner { a } } }');
    const asked = vi.fn<() => void>();
    let info: GraphQLResolveInfo | undefined;
    const { promise, resolve } = Promise.withResolvers<object>();
    const answer = await run({
      rootValue: {
        must: () => Promise.reject(new Error('fails')),
        inner: (_args: object, _context: unknown, its: GraphQLResolveInfo) => {
          info = its;
          return promise;
        },
      },
    });
    expect(answer.data).toBe(null);
    expect(info?.getAbortSignal()?.aborted).toBe(true);
    resolve({ inner: asked });
    await turns(20);
    expect(info?.path).toEqual({ prev: undefined, key: 'inner', typename: 'Query' });
    expect(asked).not.toHaveBeenCalled();
  });

  it('executes one event of a subscription with coerced variables', async ({ expect }) => {
    const document = parse('subscription ($every: Int!) { ticked(every: $every) }');
    const args = validateSubscriptionArgs({ schema, document, variableValues: { every: 3 }, contextValue: 'context' });
    if (!('schema' in args)) throw args[0];
    const rootValue = { ticked: ({ every }: { readonly every: number }, context: string) => `${every} ${context}` };
    const got = executeSubscriptionEvent({ ...args, rootValue });
    expect(got).toEqual({ data: { ticked: '3 context' } });
    expect(got).toEqual(executeEventByGraphql({ ...args, rootValue }));
  });

  it('subscribes to the promises that an error leaves pending, as graphql does', async ({ expect }) => {
    const heard = vi.fn<() => void>();
    // oxlint-disable-next-line unicorn/no-thenable -- the test needs thenables that are not promises
    const Odd = new GraphQLScalarType({ name: 'Odd', coerceOutputValue: () => ({ then: heard }) });
    const fields = {
      odd: { type: Odd },
      slow: { type: GraphQLString },
      must: { type: new GraphQLNonNull(GraphQLString) },
    };
    const query = new GraphQLObjectType({ name: 'Query', fields });
    const odd = new GraphQLSchema({ query });
    const document = parse('{ odd slow must }');
    const rootValue = { odd: 1, slow: () => turns(2), must: null };
    await executeByGraphql({ schema: odd, document, rootValue });
    const times = heard.mock.calls.length;
    expect(times).toBeGreaterThan(0);
    await execute({ schema: odd, document, rootValue });
    expect(heard).toHaveBeenCalledTimes(times * 2);
  });

  it('reads a property that Pothos exposes once, without calling its resolver', ({ expect }) => {
    const resolve = vi.fn<(parent: { readonly kept: string }) => string>(({ kept }) => kept);
    const extensions = { pothosExposedField: 'kept', pothosOriginalResolve: resolve };
    const fields = { shown: { type: GraphQLString, resolve, extensions } };
    const inner = new GraphQLObjectType({ name: 'Inner', fields });
    const query = new GraphQLObjectType({ name: 'Query', fields: { inner: { type: inner } } });
    const args = { schema: new GraphQLSchema({ query }), document: parse('{ inner { shown } }') };
    const kept = vi.fn<() => string>(() => 'text');
    const object = Object.defineProperty({}, 'kept', { get: kept });
    expect(execute({ ...args, rootValue: { inner: object } })).toEqual({ data: { inner: { shown: 'text' } } });
    expect(kept).toHaveBeenCalledTimes(1);
    expect(resolve).not.toHaveBeenCalled();
  });

  it('calls the resolveType that a type has at the time of the run', ({ expect }) => {
    const changing = buildSchema('type Query { any: Any } union Any = A | B type A { a: Int } type B { b: Int }');
    const args = { schema: changing, document: parse('{ any { __typename } }'), rootValue: { any: {} } };
    const any = assertUnionType(changing.getType('Any'));
    for (const typename of ['A', 'B']) {
      any.resolveType = () => typename;
      expect(execute(args)).toEqual({ data: { any: { __typename: typename } } });
    }
  });
});
