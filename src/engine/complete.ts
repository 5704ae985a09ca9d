import {
  defaultTypeResolver,
  getNullableType,
  type GraphQLAbstractType,
  GraphQLError,
  type GraphQLObjectType,
  type GraphQLOutputType,
  isLeafType,
  isListType,
  isObjectType,
  locatedError,
  GraphQLBoolean,
  GraphQLEnumType,
  GraphQLFloat,
  GraphQLID,
  GraphQLInt,
  type GraphQLLeafType,
  GraphQLString,
  isScalarType,
} from 'graphql';
import {
  type Complete,
  createInfo,
  fieldNameOf,
  type Frame,
  frameOfField,
  itemPosition,
  type Position,
  settleError,
  type Site,
  toPath,
  forget,
  isPromiseLike,
  isObjectOrFunction,
} from './info.ts';

/** Completes one item of a list. Returns a promise if the item is or contains one. Throws if a required item failed. */
type CompleteItem = (item: unknown, index: number, list: Frame) => unknown;

/** Compiles the completion of values of a type. The position is that of a field or of a list item. */
export function compileComplete(site: Site, type: GraphQLOutputType, position: Position): Complete {
  const nullable = getNullableType(type);
  const completePresent = compilePresent(site, nullable, position);
  const complete: Complete = (value, frame) => {
    if (value === null || value === undefined) {
      if (position.isRequired) throw new Error(`Cannot return null for non-nullable field ${fieldNameOf(site)}.`);
      return null;
    }
    if (value instanceof Error) throw value;
    return completePresent(value, frame);
  };
  if (!isLeafType(nullable)) return complete;
  const isPlain = plainTest(nullable);
  return (value, frame) => (isPlain(value) ? value : complete(value, frame));
}

/** Compiles the completion of values that are neither null nor an error. */
function compilePresent(site: Site, type: GraphQLOutputType, position: Position): Complete {
  if (isLeafType(type)) return (value) => coerceLeaf(type, value);
  if (isListType(type)) return compileList(site, type.ofType, itemPosition(position, type.ofType));
  if (isObjectType(type)) return compileObject(site, type, position);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- graphql's types do not know that it is nullable
  return compileAbstract(site, type as GraphQLAbstractType, position);
}

/**
 * Completes the value of a promise. Takes exactly as many microtasks as graphql's executor: if two fields fail, the number
 * decides which error is reported.
 */
export async function completePromised(
  promise: PromiseLike<unknown>,
  complete: Complete,
  position: Position,
  frame: Frame,
): Promise<unknown> {
  try {
    const value = await promise;
    if (frame.run.isEnded) throw new Error('Aborted!');
    const completed = complete(value, frame);
    return completed instanceof Promise ? await completed : completed;
  } catch (error) {
    return settleError(error, position, frame);
  }
}

/** Resolves to the completed value, or to null after an error. */
export function settled(completed: Promise<unknown>, position: Position, frame: Frame): Promise<unknown> {
  return completed.then(undefined, (error: unknown) => settleError(error, position, frame));
}

/** Compiles an object whose type is known. Its `isTypeOf`, if it has one, must return true. */
function compileObject(site: Site, type: GraphQLObjectType, position: Position): Complete {
  const select = site.plan.selectionOf(type, position);
  const { isTypeOf } = type;
  if (isTypeOf === undefined || isTypeOf === null) return select;

  const check = (agrees: unknown, value: unknown): void => {
    if (agrees) return;
    const message = `Expected value of type "${type.name}" but got: ${inspect(value)}.`;
    throw new GraphQLError(message, { nodes: site.nodes });
  };
  return (value, frame) => {
    const { run } = frame;
    const agrees = type.isTypeOf?.(value, run.contextValue, createInfo(site, frameOfField(site, position, frame)));
    if (isPromiseLike(agrees)) {
      return agrees.then((agreed: unknown) => {
        if (run.isEnded) throw new Error('Aborted!');
        check(agreed, value);
        return select(value, frame);
      });
    }
    check(agrees, value);
    return select(value, frame);
  };
}

/** Compiles an object of an interface or a union. Each object type has its own selection. */
function compileAbstract(site: Site, type: GraphQLAbstractType, position: Position): Complete {
  const completes = new Map<unknown, Complete>();
  const completeAs = (typename: unknown, value: unknown, frame: Frame): unknown => {
    let complete = completes.get(typename);
    if (complete === undefined) {
      complete = compileObject(site, toObjectType(site, type, typename, value), position);
      completes.set(typename, complete);
    }
    return complete(value, frame);
  };
  return (value, frame) => {
    const { run } = frame;
    const resolveType = type.resolveType ?? defaultTypeResolver;
    const typename: unknown = resolveType(
      value,
      run.contextValue,
      createInfo(site, frameOfField(site, position, frame)),
      type,
    );
    if (!isPromiseLike(typename)) return completeAs(typename, value, frame);
    return typename.then((resolved) => {
      if (run.isEnded) throw new Error('Aborted!');
      return completeAs(resolved, value, frame);
    });
  };
}

/** Throws graphql's error if the name is not that of a possible type of the abstract type. */
function toObjectType(site: Site, abstract: GraphQLAbstractType, typename: unknown, value: unknown): GraphQLObjectType {
  const { schema } = site.plan;
  const nodes = { nodes: site.nodes };
  const mustResolve = `Abstract type "${abstract.name}" must resolve to an Object type at runtime for field "${fieldNameOf(site)}"`;
  if (typename === null || typename === undefined) {
    throw new GraphQLError(
      `${mustResolve}. Either the "${abstract.name}" type should provide a "resolveType" function or each possible type should provide an "isTypeOf" function.`,
      nodes,
    );
  }
  if (typeof typename !== 'string') {
    throw new GraphQLError(
      `${mustResolve} with value ${inspect(value)}, received "${inspect(typename)}", which is not a valid Object type name.`,
    );
  }
  const type = schema.getType(typename);
  if (type === undefined) {
    throw new GraphQLError(
      `Abstract type "${abstract.name}" was resolved to a type "${typename}" that does not exist inside the schema.`,
      nodes,
    );
  }
  if (!isObjectType(type)) {
    throw new GraphQLError(`Abstract type "${abstract.name}" was resolved to a non-object type "${typename}".`, nodes);
  }
  if (!schema.isSubType(abstract, type)) {
    throw new GraphQLError(`Runtime Object type "${type.name}" is not a possible type for "${abstract.name}".`, nodes);
  }
  return type;
}

/** Compiles a list. Its value may be any iterable except a string. The result is a promise if an item is one. */
function compileList(site: Site, itemType: GraphQLOutputType, item: Position): Complete {
  const completeItem = compileItem(item, compileComplete(site, itemType, item));
  return (value, frame) => {
    if (isAsyncIterable(value)) return completeAsyncIterable(value, completeItem, item, frame);
    if (isIterable(value)) return completeIterable(value, completeItem, frame);
    throw new GraphQLError(`Expected Iterable, but did not find one for field "${fieldNameOf(site)}".`);
  };
}

function compileItem(position: Position, complete: Complete): CompleteItem {
  return (item, index, list) => {
    const frame = { run: list.run, index, up: list, path: undefined };
    if (isPromiseLike(item)) return completePromised(item, complete, position, frame);
    try {
      const completed = complete(item, frame);
      return completed instanceof Promise ? settled(completed, position, frame) : completed;
    } catch (error) {
      return settleError(error, position, frame);
    }
  };
}

function completeIterable(items: Iterable<unknown>, completeItem: CompleteItem, frame: Frame): unknown {
  const list: unknown[] = [];
  let isPending = false;
  // Not for...of, because graphql does not close the iterator after an error.
  const iterator = items[Symbol.iterator]();
  try {
    for (let next = iterator.next(); next.done !== true; next = iterator.next()) {
      const completed = completeItem(next.value, list.length, frame);
      list.push(completed);
      if (completed instanceof Promise) isPending = true;
    }
  } catch (error) {
    if (isPending) forget(list);
    forgetRest(iterator);
    throw error;
  }
  return isPending ? Promise.all(list) : list;
}

async function completeAsyncIterable(
  items: AsyncIterable<unknown>,
  completeItem: CompleteItem,
  item: Position,
  frame: Frame,
): Promise<unknown> {
  const { run } = frame;
  const list: unknown[] = [];
  let isPending = false;
  const iterator = items[Symbol.asyncIterator]();
  let next: IteratorResult<unknown> | undefined;
  try {
    for (;;) {
      try {
        next = await iterator.next();
      } catch (error) {
        throw locatedError(error, item.nodes, item.up === null ? [] : toPath(item.up, frame));
      }
      if (run.isEnded || next.done === true) break;
      const completed = completeItem(next.value, list.length, frame);
      list.push(completed);
      if (completed instanceof Promise) {
        isPending = true;
        // It may reject while later items are awaited. The error is reported when all items are complete.
        forget([completed]);
      }
    }
  } catch (error) {
    closeIterator(iterator);
    throw error;
  }
  if (run.isEnded) {
    if (next.done !== true) closeIterator(iterator);
    throw new Error('Aborted!');
  }
  return isPending ? Promise.all(list) : list;
}

/** Returns whether graphql treats a value as a list. It does not for strings. */
function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}

export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return isObjectOrFunction(value) && typeof value[Symbol.asyncIterator] === 'function';
}

/** Reads the items after a failed one, and prevents unhandled rejections of promises among them. */
function forgetRest(iterator: Iterator<unknown>): void {
  try {
    for (let next = iterator.next(); next.done !== true; next = iterator.next()) forget([next.value]);
  } catch {
    // The list has failed already.
  }
}

/** Closes the iterator of a failed list without waiting. */
function closeIterator(iterator: AsyncIterator<unknown>): void {
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
function coerceLeaf(type: GraphQLLeafType, value: unknown): unknown {
  const coerced = type.coerceOutputValue(value);
  if (coerced !== null && coerced !== undefined) return coerced;
  throw new Error(
    `Expected \`${type.name}.coerceOutputValue(${inspect(value)})\` to return non-nullable value, returned: ${inspect(coerced)}`,
  );
}

const NO_VALUES = new GraphQLEnumType({ name: 'NoValues', values: {} });
const PREFIX = 'Enum "NoValues" cannot represent value: ';

/** Prints a value as graphql does in its errors. Graphql does not export its printer, but an enum without values calls it. */
function inspect(value: unknown): string {
  try {
    NO_VALUES.coerceOutputValue(value);
  } catch (error) {
    if (error instanceof Error && error.message.startsWith(PREFIX)) return error.message.slice(PREFIX.length);
    throw error;
  }
  return '';
}
