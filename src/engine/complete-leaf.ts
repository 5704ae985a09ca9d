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
  switch (type) {
    case GraphQLString:
    case GraphQLID:
      return (value, frame) => (typeof value === 'string' ? value : completeRest(value, frame));
    case GraphQLBoolean:
      return (value, frame) => (typeof value === 'boolean' ? value : completeRest(value, frame));
    case GraphQLFloat:
      return (value, frame) =>
        typeof value === 'number' && Number.isFinite(value) ? value : completeRest(value, frame);
    case GraphQLInt:
      return (value, frame) =>
        // oxlint-disable-next-line unicorn/prefer-math-trunc -- it is the test for 32 bits
        typeof value === 'number' && (value | 0) === value ? value : completeRest(value, frame);
    default:
      return type instanceof GraphQLEnumType ? compileEnum(type, completeRest) : completeRest;
  }
}

export function coerceLeaf(type: GraphQLLeafType, value: unknown): unknown {
  const coerced = type.coerceOutputValue(value);
  if (coerced !== null && coerced !== undefined) return coerced;
  throw new Error(
    `Expected \`${type.name}.coerceOutputValue(${inspect(value)})\` to return non-nullable value, returned: ${inspect(coerced)}`,
  );
}

function compileEnum(type: GraphQLEnumType, completeRest: Complete): Complete {
  if (type.coerceOutputValue !== GraphQLEnumType.prototype.coerceOutputValue) return completeRest;
  const names = new Map<unknown, string>();
  for (const { name, value } of type.getValues()) if (typeof value === 'string') names.set(value, name);
  return (value, frame) => names.get(value) ?? completeRest(value, frame);
}

/** What `typeof` says of a value that is already as the type shows it; empty where that does not tell. */
export function plainTypeof(type: GraphQLOutputType): string {
  switch (getNullableType(type)) {
    case GraphQLString:
    case GraphQLID:
      return 'string';
    case GraphQLBoolean:
      return 'boolean';
    default:
      return '';
  }
}
