import type { CompiledField, PropertySource } from './compile-field.ts';
import type { Frame } from './frame.ts';

/** An object of the response that is being made. */
export type Data = Record<string, unknown>;

/** Sets a field of `data` and those linked behind it. True: one of them is a promise. Throws where one must not be null. */
export type SetFields = (data: Data, source: PropertySource, field: SelectedField, frame: Frame) => boolean;

/** A field of a selection. */
export interface SelectedField extends CompiledField {
  /** In the response. */
  readonly key: string;
  /** The one behind it, in a selection that has copies of its own; null in all others. */
  readonly next: SelectedField | null;
  /** What sets this one and all behind it. */
  readonly set: SetFields;
}

export const setFields: SetFields = (data, source, field, frame) => {
  const { property, next } = field;
  let value: unknown;
  if (property === null) value = field.select(source, frame);
  else {
    try {
      value = source[property.name];
    } catch (error) {
      value = property.fail(error, frame);
    }
    if (!property.isPlain(value) && (value !== null || property.isRequired))
      value = property.finish(value, source, frame);
  }
  data[field.key] = value;
  const isPending = value instanceof Promise;
  return next === null ? isPending : next.set(data, source, next, frame) || isPending;
};
