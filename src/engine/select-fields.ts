import type { Frame } from './frame.ts';
import type { Copies } from './set-fields-copies.ts';
import { type Data, type SelectedField, type SetFields, setFields } from './set-fields.ts';
import { isObjectOrFunction } from './values.ts';

/** Sets the fields of a selection in `data`, one after another. True: one of them is a promise. */
export type SelectFields = (data: Data, source: unknown, frame: Frame) => boolean;

/** `fields` are those of the type `typename`. */
export function createSelectFields(typename: string, fields: readonly SelectedField[], copies: Copies): SelectFields {
  let items = 0;
  let first = linked(fields, copies.find(typename, fields, items));
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
      if (items === copies.hotItems) first = linked(fields, copies.find(typename, fields, items));
    }
    for (const field of fields) if (setFields(data, source, field, frame)) isPending = true;
    return isPending;
  };
}

/** The first of them, with the others behind it; null: there are no fields, or no copies for them. */
function linked(fields: readonly SelectedField[], copies: readonly SetFields[] | null): SelectedField | null {
  let next: SelectedField | null = null;
  for (let i = fields.length - 1; i >= 0; i -= 1) {
    const [field, set] = [fields[i], copies?.[i]];
    if (field === undefined || set === undefined) return null;
    next = { ...field, next, set };
  }
  return next;
}
