/** Graphql's own idea of a promise: whatever has a `then`. */
export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return isObjectOrFunction(value) && typeof value['then'] === 'function';
}

export function isObject(value: unknown): value is Readonly<Record<PropertyKey, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** What properties are read from. Those of a string or a number are none of a GraphQL object. */
export function isObjectOrFunction(value: unknown): value is Readonly<Record<PropertyKey, unknown>> {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** Strings are iterable but no objects: to GraphQL they are no lists. */
export function isIterable(value: unknown): value is Iterable<unknown> {
  return isObject(value) && typeof value[Symbol.iterator] === 'function';
}

export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return isObjectOrFunction(value) && typeof value[Symbol.asyncIterator] === 'function';
}

/** Promises that nobody will wait for any more: a rejection of theirs is no unhandled one. */
export function forget(values: Iterable<unknown>): void {
  for (const value of values) {
    if (isPromiseLike(value)) value.then(ignore, ignore);
  }
}

function ignore(): void {}
