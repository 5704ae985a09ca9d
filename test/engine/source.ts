/** The source object of a resolver. */
export interface Source {
  readonly kind: string;
  readonly seed: number;
}

const prototypes = new Map<string, object>();

/** Creates a source of one type. Its fields read properties of the prototype of the type. */
export function createSource(kind: string, seed: number): Source {
  return Object.assign(Object.create(prototypeOf(kind)) as object, { kind, seed });
}

export function prototypeOf(kind: string): object {
  let prototype = prototypes.get(kind);
  if (prototype === undefined) prototypes.set(kind, (prototype = {}));
  return prototype;
}
