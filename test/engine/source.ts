/** What a resolver knows of the object that it is asked for. */
export interface Source {
  readonly kind: string;
  readonly seed: number;
}

const prototypes = new Map<string, object>();

/** An object of one type: the properties that its fields read are those of the type's prototype. */
export function createSource(kind: string, seed: number): Source {
  return Object.assign(Object.create(prototypeOf(kind)) as object, { kind, seed });
}

export function prototypeOf(kind: string): object {
  let prototype = prototypes.get(kind);
  if (prototype === undefined) prototypes.set(kind, (prototype = {}));
  return prototype;
}
