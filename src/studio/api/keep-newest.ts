interface Stamped {
  readonly id: string;
  readonly updatedAt: string;
}

function isStamped(value: object): value is Stamped {
  return 'id' in value && typeof value.id === 'string' && 'updatedAt' in value && typeof value.updatedAt === 'string';
}

/**
 * A slow answer can be older than an event that has overtaken it. This remembers the newest state of each task, and puts
 * it in the place of any older one in `data`; so that what people see never goes back.
 */
export function createKeepNewest(): <T>(data: T) => T {
  const newest = new Map<string, Stamped>();

  function visit(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== 'object' || value === null) return value;
    if (!isStamped(value)) {
      return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, visit(child)]));
    }
    const known = newest.get(value.id);
    if (known !== undefined && known.updatedAt > value.updatedAt) return { ...value, ...known };
    newest.set(value.id, value);
    return value;
  }

  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- same keys, with values from the same schema
  return <T>(data: T) => visit(data) as T;
}
