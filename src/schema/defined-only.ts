type DefinedOnly<T> = { [Key in keyof T]: T[Key] extends object ? DefinedOnly<T[Key]> : Exclude<T[Key], undefined> };

/** An input as the domain types it: a key that was not given is absent, at every depth, never `undefined`. */
export function definedOnly<T extends object>(input: T): DefinedOnly<T> {
  const entries = Object.entries(input).filter(([, value]) => value !== undefined);
  const given = entries.map(
    ([key, value]: [string, unknown]) => [key, isPlainObject(value) ? definedOnly(value) : value] as const,
  );
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- fromEntries forgets which keys there are
  return Object.fromEntries(given) as DefinedOnly<T>;
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
