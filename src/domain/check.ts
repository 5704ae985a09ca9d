import type { Issue } from '../errors.ts';

/** What a check answers: the value, ready to be used, or everything that is wrong with it. A check never throws. */
export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly issues: readonly [Issue, ...Issue[]] };

/** Where in the arguments a value stands, from the argument down: `['input', 'placement', 'insertAtMs']`. */
export type Path = Issue['path'];

/** The value when there are no issues, otherwise the issues, in their order. */
export function toChecked<T>(value: T, issues: readonly Issue[]): Checked<T> {
  const [first, ...rest] = issues;
  return first === undefined ? { ok: true, value } : { ok: false, issues: [first, ...rest] };
}

/** One object of many checked fields: its issues are those of all fields, in the order of the keys, and then `others`. */
export function checkAll<T extends object>(
  fields: { readonly [K in keyof T]: Checked<T[K]> },
  others: readonly Issue[] = [],
): Checked<T> {
  const entries = Object.entries<Checked<unknown>>(fields);
  const issues = entries.flatMap(([, field]) => issuesOf(field));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `fields` has every key of T, and without issues each has its value
  const value = Object.fromEntries(entries.map(([key, field]) => [key, field.ok ? field.value : undefined])) as T;
  return toChecked(value, [...issues, ...others]);
}

/** The value made into another; issues stay as they are. */
export function mapChecked<A, B>(checked: Checked<A>, map: (value: A) => B): Checked<B> {
  return checked.ok ? { ok: true, value: map(checked.value) } : checked;
}

/** Empty when the value is good. */
export function issuesOf(checked: Checked<unknown>): readonly Issue[] {
  return checked.ok ? [] : checked.issues;
}
