import { type GraphQLObjectType, isNonNullType } from 'graphql';
import { collectFields } from './collect-fields.ts';
import { compileField } from './compile-field.ts';
import type { Plan } from './plan.ts';
import type { Position } from './position.ts';
import type { Frame } from './frame.ts';
import { createSelectFields, type SelectFields } from './select-fields.ts';
import { type Data, type SelectedField, setFields } from './set-fields.ts';
import type { Select } from './site.ts';
import { forget, isPromiseLike } from './values.ts';

/**
 * The fields of an object, or of the root where the position is null, side by side. Compiled when the first object is
 * met: an operation may select, in fragments of fragments, far more than there will ever be.
 */
export function compileSelection(plan: Plan, type: GraphQLObjectType, position: Position | null): Select {
  let selectFields: SelectFields | null = null;
  let createData = createPlainData;
  return (source, frame) => {
    if (selectFields === null) {
      const fields = compileFields(plan, type, position);
      selectFields = createSelectFields(type.name, fields, plan.copies);
      createData = dataFor(fields);
    }
    const data = createData();
    try {
      return selectFields(data, source, frame) ? settleAll(data) : data;
    } catch (error) {
      const values = Object.values(data);
      if (values.some((value) => value instanceof Promise)) forget(values);
      throw error;
    }
  };
}

/** The fields of a root, one after another: each begins when the one before is complete. */
export function compileSerialSelection(plan: Plan, type: GraphQLObjectType): Select {
  let fields: readonly SelectedField[] | null = null;
  return (source, frame) => {
    fields ??= compileFields(plan, type, null);
    let data: Data | Promise<Data> = dataFor(fields)();
    for (const field of fields) {
      data =
        data instanceof Promise ? data.then((so) => add(field, so, source, frame)) : add(field, data, source, frame);
    }
    return data;
  };
}

function add({ key, select }: SelectedField, data: Data, source: unknown, frame: Frame): Data | Promise<Data> {
  const set = (value: unknown): Data => {
    data[key] = value;
    return data;
  };
  const value = select(source, frame);
  return value instanceof Promise ? value.then(set) : set(value);
}

function compileFields(plan: Plan, type: GraphQLObjectType, up: Position | null): readonly SelectedField[] {
  const sets = up === null ? [plan.operation.selectionSet] : up.nodes.flatMap(({ selectionSet = [] }) => selectionSet);
  const fields: SelectedField[] = [];
  for (const [key, nodes] of collectFields(plan, type, sets)) {
    const field = plan.schema.getField(type, nodes[0]?.name.value ?? '');
    // For a field that the type does not have nothing is answered.
    if (field === undefined) continue;
    const isRequired = isNonNullType(field.type);
    const site = { up, key, typename: type.name, nodes, isRequired, plan, parentType: type, field };
    fields.push({ key: internalized(key), ...compileField(site), next: null, set: setFields });
  }
  plan.onFields(fields.length);
  return fields;
}

/** The same text as V8 keeps it for names: one that was cut out of a document is looked up anew with each use as a name. */
function internalized(name: string): string {
  return Object.keys({ [name]: null })[0] ?? name;
}

/** Waits for those that are promises, in as many turns as for all of them. */
async function settleAll(data: Data): Promise<Data> {
  const keys: string[] = [];
  const values: unknown[] = [];
  for (const key of Object.keys(data)) {
    const value = data[key];
    if (!isPromiseLike(value)) continue;
    keys.push(key);
    values.push(value);
  }
  const [first] = values;
  if (values.length === 1 && first instanceof Promise) {
    data[keys[0] ?? ''] = await first.then(same);
    return data;
  }
  const settled = await Promise.all(values);
  keys.forEach((key, i) => {
    data[key] = settled[i];
  });
  return data;
}

function same<T>(value: T): T {
  return value;
}

function createPlainData(): Data {
  return {};
}

/** A plain object is the cheaper one, but has no property of that name. */
function dataFor(fields: readonly SelectedField[]): () => Data {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is typed as any
  return fields.some(({ key }) => key === '__proto__') ? () => Object.create(null) as Data : createPlainData;
}
