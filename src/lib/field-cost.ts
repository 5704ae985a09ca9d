/**
 * States what a field of the schema costs to answer. The schema says it in `extensions.cost` of the field. The limits of
 * documents and of live operations read it there. A test fails for a list that states nothing.
 */
export interface FieldCost {
  /** How many items the field shows at most. A connection or page states it for the lists directly inside it. */
  readonly max?: number;
  /** The argument that says how many items are shown: an `Int`, or the list of what is asked for. */
  readonly list?: string;
  /** How many items are shown if the argument is missing or null. Without it: `max`. */
  readonly default?: number;
  /** Whether the field is read from the ledger by a call of its own. */
  readonly call?: true;
}

/** The `extensions` of a field that costs so much. */
export function withCost(cost: FieldCost): { readonly cost: FieldCost } {
  return { cost };
}

const NOTHING_STATED: FieldCost = {};

/** Reads what a field states. */
export function costOf({ extensions }: { readonly extensions: Readonly<Record<string, unknown>> }): FieldCost {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the definitions of the schema are written with `withCost`
  return (extensions['cost'] as FieldCost | undefined) ?? NOTHING_STATED;
}
