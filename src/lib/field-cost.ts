/**
 * The cost of answering a field of the schema, in its `extensions.cost`. The limits of documents and subscriptions read it. A
 * test fails for a list without a cost.
 */
export interface FieldCost {
  /** The most items that the field returns. A connection or page states it for the lists directly inside it. */
  readonly max?: number;
  /** The argument that determines the number of items: an `Int`, or a list with one entry per item. */
  readonly list?: string;
  /** The number of items if the argument is missing; `max` by default. */
  readonly default?: number;
  /** The object types that the field can return, if it returns fewer than its interface or union has. */
  readonly types?: readonly string[];
  /** Set if the field needs a call to the ledger of its own. */
  readonly call?: true;
}

/** Returns the `extensions` of a field with this cost. */
export function withCost(cost: FieldCost): { readonly cost: FieldCost } {
  return { cost };
}

const NOTHING_STATED: FieldCost = {};

/** Returns the cost that a field states; an empty one by default. */
export function costOf({ extensions }: { readonly extensions: Readonly<Record<string, unknown>> }): FieldCost {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the definitions of the schema are written with `withCost`
  return (extensions['cost'] as FieldCost | undefined) ?? NOTHING_STATED;
}
