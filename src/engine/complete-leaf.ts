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
export function plainTest(type: GraphQLOutputType): (value: unknown) => boolean {
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

/** For the values that stand for themselves. */
function enumTest(type: GraphQLEnumType): (value: unknown) => boolean {
  if (type.coerceOutputValue !== GraphQLEnumType.prototype.coerceOutputValue) return never;
  // Of two names for one value, graphql answers the last.
  const names = new Map<unknown, string>(type.getValues().map(({ name, value }) => [value, name]));
  return (value) => typeof value === 'string' && names.get(value) === value;
}

export function coerceLeaf(type: GraphQLLeafType, value: unknown): unknown {
  const coerced = type.coerceOutputValue(value);
  if (coerced !== null && coerced !== undefined) return coerced;
  throw new Error(
    `Expected \`${type.name}.coerceOutputValue(${inspect(value)})\` to return non-nullable value, returned: ${inspect(coerced)}`,
  );
}
