import {
  getNullableType,
  GraphQLBoolean,
  GraphQLEnumType,
  GraphQLFloat,
  GraphQLID,
  GraphQLInt,
  type GraphQLLeafType,
  type GraphQLOutputType,
  GraphQLString,
  isScalarType,
} from 'graphql';
import { forget, isObjectOrFunction } from './info.ts';

/** Returns whether graphql treats a value as a list. It does not for strings. */
export function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}

export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return isObjectOrFunction(value) && typeof value[Symbol.asyncIterator] === 'function';
}

/** Reads the items after a failed one, and prevents unhandled rejections of promises among them. */
export function forgetRest(iterator: Iterator<unknown>): void {
  try {
    for (let next = iterator.next(); next.done !== true; next = iterator.next()) forget([next.value]);
  } catch {
    // The list has failed already.
  }
}

/** Closes the iterator of a failed list without waiting. */
export function closeIterator(iterator: AsyncIterator<unknown>): void {
  try {
    forget([iterator.return?.()]);
  } catch {
    // The list has failed already.
  }
}

/** Returns true if a value needs no coercion. Returns false if it may need coercion. */
export type PlainTest = (value: unknown) => boolean;

/**
 * Returns the test for values of a type. It returns false for all values of objects and lists, and of custom
 * scalars that do not coerce as `String` does.
 */
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
      if (nullable instanceof GraphQLEnumType) return enumTest(nullable);
      return isScalarType(nullable) && nullable.coerceOutputValue === GraphQLString.coerceOutputValue
        ? isString
        : never;
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
  // oxlint-disable-next-line unicorn/prefer-math-trunc -- tests for 32 bits
  return typeof value === 'number' && (value | 0) === value;
}

function never(): boolean {
  return false;
}

const enumTests = new WeakMap<GraphQLEnumType, PlainTest>();

/** Returns a test for enum values that equal their names. All fields of the type share it. */
function enumTest(type: GraphQLEnumType): PlainTest {
  if (type.coerceOutputValue !== GraphQLEnumType.prototype.coerceOutputValue) return never;
  const known = enumTests.get(type);
  if (known !== undefined) return known;
  // If two names have one value, graphql answers with the last name.
  const names = new Map<unknown, string>(type.getValues().map(({ name, value }) => [value, name]));
  const plain = new Set<unknown>([...names].filter(([value, name]) => value === name).map(([value]) => value));
  const test: PlainTest = (value) => plain.has(value);
  enumTests.set(type, test);
  return test;
}

/** Coerces a value of a scalar or an enum. Throws if the type refuses it. */
export function coerceLeaf(type: GraphQLLeafType, value: unknown): unknown {
  const coerced = type.coerceOutputValue(value);
  if (coerced !== null && coerced !== undefined) return coerced;
  throw new Error(
    `Expected \`${type.name}.coerceOutputValue(${inspect(value)})\` to return non-nullable value, returned: ${inspect(coerced)}`,
  );
}

const NO_VALUES = new GraphQLEnumType({ name: 'NoValues', values: {} });
const PREFIX = 'Enum "NoValues" cannot represent value: ';

/** Prints a value as graphql does in its errors. Graphql does not export its printer, but an enum without values calls it. */
export function inspect(value: unknown): string {
  try {
    NO_VALUES.coerceOutputValue(value);
  } catch (error) {
    if (error instanceof Error && error.message.startsWith(PREFIX)) return error.message.slice(PREFIX.length);
    throw error;
  }
  return '';
}
