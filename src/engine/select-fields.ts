import {
  type Copies,
  type Data,
  type LinkedField,
  type SelectedField,
  type SetFields,
  setFields,
} from './set-fields.ts';
import type { Frame } from './run.ts';
import { isObjectOrFunction } from './values.ts';

/** Sets the fields of a selection in `data`, one after another. True: one of them is a promise. */
export type SelectFields = (data: Data, source: unknown, frame: Frame) => boolean;

/** `selected` are those of the type `typename`. */
export function createSelectFields(typename: string, selected: readonly SelectedField[], copies: Copies): SelectFields {
  const fields = selected.map((field): LinkedField => ({ ...field, next: null, set: setFields }));
  let items = 0;
  let first: LinkedField | null = null;
  return (data, source, frame) => {
    let isPending = false;
    if (!isObjectOrFunction(source)) {
      for (const { key, select } of fields) {
        const value = select(source, frame);
        data[key] = value;
        if (value instanceof Promise) isPending = true;
      }
      return isPending;
    }
    if (first !== null) return first.set(data, source, first, frame);
    if (frame.up !== null) {
      items += 1;
      if (items === copies.hotItems) first = linked(fields, copies.find(typename, fields) ?? []);
    }
    for (const field of fields) if (setFields(data, source, field, frame)) isPending = true;
    return isPending;
  };
}

/** The first of them, with the others behind it; null: there is not a copy for each. */
function linked(fields: readonly SelectedField[], copies: readonly SetFields[]): LinkedField | null {
  let next: LinkedField | null = null;
  for (let i = fields.length - 1; i >= 0; i -= 1) {
    const [field, set] = [fields[i], copies[i]];
    if (field === undefined || set === undefined) return null;
    next = { ...field, key: internalized(field.key), next, set };
  }
  return next;
}

/** The same text as V8 keeps it for names: one that was cut out of a document is looked up anew with each use as a name. */
function internalized(name: string): string {
  return Object.keys({ [name]: null })[0] ?? name;
}
