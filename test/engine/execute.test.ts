import {
  buildSchema,
  defaultFieldResolver,
  type ExecutionArgs,
  type ExecutionResult,
  execute as executeByGraphql,
  executeSubscriptionEvent as executeEventByGraphql,
  parse,
  subscribe as subscribeByGraphql,
  validateSubscriptionArgs,
} from 'graphql';
import { describe, it, vi } from 'vitest';
import { execute, executeSubscriptionEvent, subscribe } from '../../src/engine/run.ts';

const SDL = `
  type Query { a: String echo(n: Int!): Int must: String! list: [Int!]! inner: Inner any: Any }
  type Inner { a: String }
  union Any = Inner
  type Mutation { a: String b: String }
  type Subscription { ticked(every: Int!): Int plain: Int }
`;
const schema = buildSchema(SDL);

function argsOf(query: string, more: Partial<ExecutionArgs> = {}): ExecutionArgs {
  return { schema, document: parse(query), ...more };
}

const rootValue = { a: 'a', echo: ({ n }: { n: number }) => n, list: [1, 2], inner: { a: 'b' } };
const failing = { a: () => Promise.reject(new Error('later')), must: () => Promise.reject(new Error('failed')) };

const CASES: readonly (readonly [string, ExecutionArgs])[] = [
  ['a query', argsOf('{ a list inner { a } }', { rootValue })],
  ['a query of one operation of several', argsOf('query A { a } query B { list }', { rootValue, operationName: 'B' })],
  ['variables', argsOf('query ($n: Int!) { echo(n: $n) }', { rootValue, variableValues: { n: 3 } })],
  ['null as variables', argsOf('query ($n: Int) { a @skip(if: false) }', { rootValue, variableValues: null })],
  ['wrong variables', argsOf('query ($n: Int!) { echo(n: $n) }', { rootValue, variableValues: { n: 'three' } })],
  [
    'wrong variables up to a limit',
    argsOf('query ($n: [Int]) { a }', { variableValues: { n: ['a', 'b'] }, options: { maxCoercionErrors: 1 } }),
  ],
  ['an unknown operation', argsOf('query A { a }', { operationName: 'B' })],
  ['an empty operation name', argsOf('query A { a }', { operationName: '' })],
  ['two operations without a name', argsOf('query A { a } query B { a }')],
  ['a document without an operation', argsOf('fragment F on Query { a }')],
  ['a mutation', argsOf('mutation { b a }', { rootValue: { a: 'a', b: async () => 'b' } })],
  ['errors that propagate', argsOf('{ must a }', { rootValue: failing })],
  ['a custom directive', argsOf('{ inner { a @ours } a }', { rootValue })],
  ['a field resolver', argsOf('{ a }', { fieldResolver: (_source, _args, _context, { fieldName }) => fieldName })],
  [
    'a type resolver',
    argsOf('{ any { ... on Inner { a } } }', { rootValue: { any: { a: 1 } }, typeResolver: () => 'Inner' }),
  ],
  ['the default field resolver', argsOf('{ a }', { rootValue, fieldResolver: defaultFieldResolver })],
  [
    'fragments with variables',
    {
      ...argsOf('{ a }', { rootValue }),
      document: parse('{ ...F(n: 1) } fragment F($n: Int!) on Query { echo(n: $n) }', {
        experimentalFragmentArguments: true,
      }),
    },
  ],
  [
    'errors without propagation',
    argsOf('query @experimental_disableErrorPropagation { must a }', { rootValue: failing }),
  ],
  [
    'an operation type that the schema lacks',
    { schema: buildSchema('type Query { a: Int }'), document: parse('mutation { a }') },
  ],
];

describe('execute', () => {
  it.for(CASES)('answers %s as graphql does', async ([, args], { expect }) => {
    const wanted = executeByGraphql(args);
    const result = execute(args);
    expect(result instanceof Promise).toBe(wanted instanceof Promise);
    expect(JSON.stringify(await result)).toBe(JSON.stringify(await wanted));
  });

  it('throws the error of graphql for a schema with incremental delivery', ({ expect }) => {
    const incremental = buildSchema(`${SDL} directive @defer on FIELD`);
    expect(() => execute({ schema: incremental, document: parse('{ a }') })).toThrow('experimental directives');
  });

  it('compiles an operation of a document once', ({ expect }) => {
    const document = parse('{ a }');
    const getField = vi.spyOn(schema, 'getField');
    expect(execute({ schema, document, rootValue })).toEqual({ data: { a: 'a' } });
    expect(getField).toHaveBeenCalled();
    getField.mockClear();
    expect(execute({ schema, document, rootValue: { a: 'other' } })).toEqual({ data: { a: 'other' } });
    expect(getField).not.toHaveBeenCalled();
    getField.mockRestore();
  });

  it('compiles each schema and each operation of one document separately', ({ expect }) => {
    const document = parse('query A { a } query B { b: a }');
    const other = buildSchema('type Query { a: Int }');
    const results = [schema, other].flatMap((each) =>
      ['A', 'B'].map((operationName) => execute({ schema: each, document, operationName, rootValue: { a: '1' } })),
    );
    expect(results).toEqual([{ data: { a: '1' } }, { data: { b: '1' } }, { data: { a: 1 } }, { data: { b: 1 } }]);
  });

  it.for([
    ['compiled', undefined],
    ['executed by graphql', defaultOrThrow],
  ] as const)(
    'reports errors up to errorsMax, and one error for all others, if %s',
    async ([, fieldResolver], { expect }) => {
      const args = argsOf('{ a b: a c: a d: a }', { rootValue: failing, fieldResolver });
      const { errors, data } = await execute(args, { errorsMax: 2 });
      expect(errors?.map(({ message, path }) => [message, path])).toEqual([
        ['later', ['a']],
        ['later', ['b']],
        ['There are too many errors: the others are not reported.', ['c']],
      ]);
      expect(data).toEqual({ a: null, b: null, c: null, d: null });
      expect((await execute(args, { errorsMax: 4 })).errors).toHaveLength(4);
    },
  );
});

function defaultOrThrow(...args: Parameters<typeof defaultFieldResolver>): unknown {
  return defaultFieldResolver(...args);
}

async function* ticks(count: number): AsyncGenerator<object> {
  for (let n = 0; n < count; n += 1) yield { ticked: n === 1 ? new Error('second') : n };
}

const SUBSCRIPTIONS: readonly (readonly [string, ExecutionArgs])[] = [
  ['events', argsOf('subscription { ticked(every: 1) }', { rootValue: { ticked: () => ticks(3) } })],
  ['a promised source', argsOf('subscription { ticked(every: 1) }', { rootValue: { ticked: async () => ticks(2) } })],
  ['wrong variables', argsOf('subscription ($e: Int!) { ticked(every: $e) }', { variableValues: { e: 'x' } })],
  ['a source that is not an async iterable', argsOf('subscription { plain }', { rootValue: { plain: 1 } })],
  [
    'a source that fails',
    argsOf('subscription { plain }', { rootValue: { plain: () => Promise.reject(new Error('no')) } }),
  ],
  ['an unknown operation', argsOf('subscription A { plain }', { operationName: 'B' })],
];

async function* failedEvents(): AsyncGenerator<object> {
  yield { ticked: new Error('one'), plain: new Error('two') };
}

async function eventsOf(subscribing: ReturnType<typeof subscribe>): Promise<readonly ExecutionResult[]> {
  const stream = await subscribing;
  if (!(Symbol.asyncIterator in stream)) return [stream];
  const events: ExecutionResult[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

describe('subscribe', () => {
  it.for(SUBSCRIPTIONS)('answers %s as graphql does', async ([, args], { expect }) => {
    const wanted = await eventsOf(subscribeByGraphql(args));
    expect(wanted.length).toBeGreaterThan(0);
    expect(JSON.stringify(await eventsOf(subscribe(args)))).toBe(JSON.stringify(wanted));
  });

  it('throws for a query, as graphql does', ({ expect }) => {
    expect(() => subscribe(argsOf('{ a }'))).toThrow('Expected subscription operation.');
  });

  it('limits the errors of each event', async ({ expect }) => {
    const args = argsOf('subscription { ticked(every: 1) b: plain }', { rootValue: { ticked: () => failedEvents() } });
    const [event] = await eventsOf(subscribe(args, { errorsMax: 1 }));
    expect(event?.errors).toHaveLength(2);
  });
});

describe('executeSubscriptionEvent', () => {
  it.for([
    ['compiled', {}],
    ['executed by graphql', { fieldResolver: () => 5 }],
  ] as const)('executes one event as graphql does, if %s', ([, more], { expect }) => {
    const args = validateSubscriptionArgs(
      argsOf('subscription ($e: Int!) { ticked(every: $e) }', { variableValues: { e: 1 }, ...more }),
    );
    if (!('schema' in args)) throw args[0];
    const event = { ...args, rootValue: { ticked: ({ every }: { every: number }) => every } };
    expect(executeSubscriptionEvent(event)).toEqual(executeEventByGraphql(event));
  });
});
