import { parse } from 'graphql';
import { describe, it } from 'vitest';
import { coerceVariables } from '../../src/graphql/operation.ts';
import { schema } from '../../src/schema/schema.ts';

const DEFINITIONS = '$i: CreateLipSyncTaskInput, $ids: [ID!], $first: Int, $filter: TaskFilterInput';

function coerce(values: Readonly<Record<string, unknown>>) {
  const [operation] = parse(`query (${DEFINITIONS}) { __typename }`).definitions;
  if (operation?.kind !== 'OperationDefinition') throw new Error('an operation');
  return coerceVariables(schema, operation.variableDefinitions ?? [], values);
}

function valuesOf(values: Readonly<Record<string, unknown>>) {
  const coerced = coerce(values);
  if (coerced.type === 'refusal') throw new AggregateError(coerced.errors);
  return coerced.values;
}

function messagesOf(values: Readonly<Record<string, unknown>>): readonly string[] {
  const coerced = coerce(values);
  return coerced.type === 'refusal' ? coerced.errors.map(({ message }) => message) : [];
}

function keys(count: number, value: unknown): Record<string, unknown> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, value]));
}

describe('coerceVariables', () => {
  it('coerces values to their types, and ignores variables that are not defined', ({ expect }) => {
    const values = valuesOf({
      ids: 'one',
      first: 2,
      filter: { status: 'QUEUED' },
      undefined: keys(9_000, 1),
    });
    expect({ ...values }).toEqual({ ids: ['one'], first: 2, filter: { status: ['QUEUED'] } });
  });

  it('accepts a long text, because only its type limits the length', ({ expect }) => {
    const text = 'x'.repeat(100_000);
    expect(valuesOf({ ids: [text] })['ids']).toEqual([text]);
  });

  it.for([
    [
      'an object with 101 keys',
      { i: keys(101, 1) },
      '$i" has invalid value: An input object has at most 100 fields, this one has 101.',
    ],
    [
      'a list of 1,001',
      { ids: Array(1_001).fill('a') },
      '$ids" has invalid value: A list has at most 1000 items, this one has 1001.',
    ],
    [
      'an object inside',
      { i: { audio: keys(101, 1) } },
      '$i" has invalid value at .audio: An input object has at most 100 fields, this one has 101.',
    ],
    [
      'a list inside',
      { filter: { status: [[], Array(1_001).fill(1)] } },
      '$filter" has invalid value at .status[1]: A list has at most 1000 items, this one has 1001.',
    ],
    [
      'where a text is expected',
      { first: keys(101, 1) },
      '$first" has invalid value: An input object has at most 100 fields, this one has 101.',
    ],
  ] as const)(
    'refuses a value that is too large with one error, without reading it: %s',
    ([, values, message], { expect }) => {
      expect(messagesOf(values)).toEqual([`Variable "${message}`]);
    },
  );

  it('reads values of exactly the largest size', ({ expect }) => {
    expect(messagesOf({ ids: Array(1_000).fill('a') })).toEqual([]);
    expect(messagesOf({ i: keys(100, 1) })[0]).toContain('to include required field "face", found: { k0: 1, k1: 1,');
  });

  it.for([
    ['unknown keys', { i: { face: { faceId: 'f' }, audio: { url: 'u' }, placement: {}, ...keys(90, 1) } }],
    ['unknown keys in each of many', { filter: { status: [], ...keys(90, keys(90, 'x'.repeat(500))) } }],
    ['items of a list', { ids: Array(1_000).fill(keys(3, 'x'.repeat(500))) }],
    ['several variables', { ids: [1.5, 1.5, 1.5], first: 'a', filter: { kind: 'b', status: ['c', 'd', 'e'] } }],
  ] as const)('reports at most 5 errors, and one that says that others are left out: %s', ([, values], { expect }) => {
    const messages = messagesOf(values);
    expect(messages).toHaveLength(6);
    expect(messages[5]).toBe('Too many errors processing variables, error limit reached. Execution aborted.');
    for (const message of messages) expect(message.length).toBeLessThan(400);
  });

  it.for([
    ['a text', { first: 'x'.repeat(1_000) }, `Int cannot represent non-integer value: "${'x'.repeat(100)}…"`],
    [
      'an enum',
      { filter: { kind: 'x'.repeat(1_000) } },
      `at .kind: Value "${'x'.repeat(100)}…" does not exist in "TaskKind" enum.`,
    ],
    [
      'a key',
      { filter: { ['y'.repeat(1_000)]: 1 } },
      `unknown field "${'y'.repeat(100)}…", found: { ${'y'.repeat(98)}….`,
    ],
    [
      'an object',
      { first: keys(50, 1) },
      'Int cannot represent non-integer value: { k0: 1, k1: 1, k2: 1, k3: 1, k4: 1, k5: 1, k6: 1, k7: 1, k8: 1, k9: 1, k10: 1, k11: 1, k12: 1, k13:…',
    ],
    [
      'a list',
      { first: Array(10).fill('x'.repeat(50)) },
      `Int cannot represent non-integer value: ["${'x'.repeat(50)}", "${'x'.repeat(44)}…`,
    ],
    [
      'half of a pair',
      { first: `${'x'.repeat(99)}😀` },
      `Int cannot represent non-integer value: "${'x'.repeat(99)}\uFFFD…"`,
    ],
  ] as const)('prints at most 100 characters of %s', ([, values, end], { expect }) => {
    const [message] = messagesOf(values);
    expect(message).toContain(end);
  });

  it('prints short values as graphql does', ({ expect }) => {
    expect(messagesOf({ filter: { stat: ['A', { b: null }] } })).toEqual([
      'Variable "$filter" has invalid value: Expected value of type "TaskFilterInput" not to include unknown field "stat". Did you mean "status"? Found: { stat: ["A", { b: null }] }.',
    ]);
  });

  it('accepts a variable with the name of a property of every object', ({ expect }) => {
    const filter = JSON.parse('{"__proto__":1,"toJSON":2,"constructor":3}') as object;
    expect(messagesOf({ filter })).toHaveLength(3);
  });
});
