import {
  getNullableType,
  type GraphQLOutputType,
  GraphQLBoolean,
  GraphQLEnumType,
  GraphQLFloat,
  GraphQLID,
  GraphQLInt,
  type GraphQLLeafType,
  GraphQLString,
} from 'graphql';
import { inspect } from './inspect.ts';
import type { Complete } from './site.ts';

/**
 * A scalar or an enum value. What is already as the type shows it is not looked at any further; `completeRest` is for all
 * else: null, errors, and what is yet to be coerced.
 */
export function compileLeaf(type: GraphQLLeafType, completeRest: Complete): Complete {
  const isPlain = plainTest(type);
  return (value, frame) => (isPlain(value) ? value : completeRest(value, frame));
}

/** Whether a value is already as the type shows it. */
export type PlainTest = (value: unknown) => boolean;

export function plainTest(type: GraphQLOutputType): PlainTest {
  const nullable = getNullableType(type);
  switch (nullable) {
    case GraphQLString:
    case GraphQLID:
      return isString;
    case GraphQLBoolean:
      return isBoolean;
    case GraphQLFloat:
      return isFloat;
    case GraphQLInt:
      return isInt;
    default:
      return nullable instanceof GraphQLEnumType ? enumTest(nullable) : never;
  }
}

function isString(value: unknown): boolean {
  return typeof value === 'string';
}

function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean';
}

function isFloat(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value);
}

function isInt(value: unknown): boolean {
  // oxlint-disable-next-line unicorn/prefer-math-trunc -- it is the test for 32 bits
  return typeof value === 'number' && (value | 0) === value;
}

function never(): boolean {
  return false;
}

const enumTests = new WeakMap<GraphQLEnumType, PlainTest>();

/** For the values that stand for themselves. One for a type, as there may be many fields of it. */
function enumTest(type: GraphQLEnumType): PlainTest {
  if (type.coerceOutputValue !== GraphQLEnumType.prototype.coerceOutputValue) return never;
  const known = enumTests.get(type);
  if (known !== undefined) return known;
  // Of two names for one value, graphql answers the last.
  const names = new Map<unknown, string>(type.getValues().map(({ name, value }) => [value, name]));
  const plain = new Set<unknown>([...names].filter(([value, name]) => value === name).map(([value]) => value));
  const test: PlainTest = (value) => plain.has(value);
  enumTests.set(type, test);
  return test;
}

export function coerceLeaf(type: GraphQLLeafType, value: unknown): unknown {
  const coerced = type.coerceOutputValue(value);
  if (coerced !== null && coerced !== undefined) return coerced;
  throw new Error(
    `Expected \`${type.name}.coerceOutputValue(${inspect(value)})\` to return non-nullable value, returned: ${inspect(coerced)}`,
  );
}
