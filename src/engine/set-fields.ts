import type { CompiledField, PropertySource } from './compile-field.ts';
import type { Frame } from './run.ts';

/** An object of the response that is being made. */
export type Data = Record<string, unknown>;

/** A field of a selection. */
export interface SelectedField extends CompiledField {
  /** In the response. */
  readonly key: string;
}

/** Sets a field of `data` and those linked behind it. True: one of them is a promise. Throws where one must not be null. */
export type SetFields = (data: Data, source: PropertySource, field: LinkedField, frame: Frame) => boolean;

export interface LinkedField extends SelectedField {
  readonly next: LinkedField | null;
  /** Sets this one, if it is asked for it by the one before. */
  readonly set: SetFields;
}

/** Copies of the text below, of which there are few. */
export interface Copies {
  /** So many items of lists make a selection worth some of its own. */
  readonly hotItems: number;
  /**
   * One for each of these fields of a type: whatever operation selects them, in the same order, has the same ones. Null:
   * there are not as many left.
   */
  find(typename: string, fields: readonly SelectedField[]): readonly SetFields[] | null;
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
