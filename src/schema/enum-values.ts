/** The values of an enum from the domain's list of them and what each means; GraphQL and the domain use the same words. */
export function enumValues<Value extends string>(values: readonly Value[], meaning: Readonly<Record<Value, string>>) {
  const described = values.map((value) => [value, { value, description: meaning[value] }] as const);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- fromEntries forgets which keys there are
  return Object.fromEntries(described) as {
    readonly [Key in Value]: { readonly value: Key; readonly description: string };
  };
}
