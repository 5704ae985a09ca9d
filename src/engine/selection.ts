import {
  defaultFieldResolver,
  type FieldNode,
  type FragmentDefinitionNode,
  getArgumentValues,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLObjectType,
  type InlineFragmentNode,
  isAbstractType,
  isNonNullType,
  isRequiredArgument,
  Kind,
  type SelectionSetNode,
  type VariableValues,
} from 'graphql';
import { compileComplete, completePromised, settled, type PlainTest, plainTest } from './complete.ts';
import {
  type Complete,
  createInfo,
  type Frame,
  isIncluded,
  type Plan,
  type Position,
  type Run,
  type Select,
  settleError,
  type Site,
  forget,
  isObjectOrFunction,
  isPromiseLike,
} from './info.ts';

/** An object of the response. */
type Data = Record<string, unknown>;

interface SelectedField extends CompiledField {
  /** The response key. */
  readonly key: string;
}

/**
 * Compiles the fields of an object, or of the root if the position is null. Compilation waits for the first object, because an
 * operation may select far more, in nested fragments, than is ever read.
 */
export function compileSelection(plan: Plan, type: GraphQLObjectType, position: Position | null): Select {
  let fields: readonly SelectedField[] | null = null;
  let createData = createPlain;
  return (source, frame) => {
    if (fields === null) {
      fields = compileFields(plan, type, position);
      createData = creatorFor(fields);
    }
    const data = createData();
    try {
      return setFields(data, fields, source, frame) ? settleAll(data) : data;
    } catch (error) {
      const values = Object.values(data);
      if (values.some((value) => value instanceof Promise)) forget(values);
      throw error;
    }
  };
}

/** Compiles the fields of a mutation. Each field starts when the field before it is complete. */
export function compileSerialSelection(plan: Plan, type: GraphQLObjectType): Select {
  let fields: readonly SelectedField[] | null = null;
  return (source, frame) => {
    fields ??= compileFields(plan, type, null);
    let data: Data | Promise<Data> = creatorFor(fields)();
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

/** Sets the fields of `data` one after another. Returns whether one is a promise. Throws if a required one failed. */
function setFields(data: Data, fields: readonly SelectedField[], source: unknown, frame: Frame): boolean {
  let isPending = false;
  const isReadable = isObjectOrFunction(source);
  for (const { key, property, select } of fields) {
    let value: unknown;
    if (property === null || !isReadable) value = select(source, frame);
    else {
      try {
        value = source[property.name];
      } catch (error) {
        value = property.fail(error, frame);
      }
      if (!property.isPlain(value) && (value !== null || property.isRequired))
        value = property.finish(value, source, frame);
    }
    data[key] = value;
    if (value instanceof Promise) isPending = true;
  }
  return isPending;
}

/** Awaits the fields that are promises, in as many microtasks as graphql's executor. */
async function settleAll(data: Data): Promise<Data> {
  const keys = Object.keys(data).filter((key) => isPromiseLike(data[key]));
  const values = await Promise.all(keys.map((key) => data[key]));
  keys.forEach((key, i) => {
    data[key] = values[i];
  });
  return data;
}

function createPlain(): Data {
  return {};
}

/** Prefers plain objects, which are faster. They cannot have `__proto__` as a response key. */
function creatorFor(fields: readonly SelectedField[]): () => Data {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Object.create returns any
  return fields.some(({ key }) => key === '__proto__') ? () => Object.create(null) as Data : createPlain;
}

function compileFields(plan: Plan, type: GraphQLObjectType, up: Position | null): readonly SelectedField[] {
  const sets = up === null ? [plan.operation.selectionSet] : up.nodes.flatMap(({ selectionSet = [] }) => selectionSet);
  const fields: SelectedField[] = [];
  for (const [key, nodes] of collectFields(plan, type, sets)) {
    const field = plan.schema.getField(type, nodes[0]?.name.value ?? '');
    // Graphql too skips a field that the type does not have.
    if (field === undefined) continue;
    const isRequired = isNonNullType(field.type);
    const site = { up, key, typename: type.name, nodes, isRequired, plan, parentType: type, field };
    fields.push({ key, ...compileField(site) });
  }
  plan.onFields(fields.length);
  return fields;
}

/** Collects the selected fields of an object type by response key, both in the order of the document. */
function collectFields(
  plan: Plan,
  type: GraphQLObjectType,
  sets: readonly SelectionSetNode[],
): ReadonlyMap<string, readonly FieldNode[]> {
  const fields = new Map<string, FieldNode[]>();
  const spread = new Set<string>();
  const visit = (set: SelectionSetNode): void => {
    for (const selection of set.selections) {
      if (!isIncluded(selection, plan.conditions)) continue;
      if (selection.kind === Kind.FIELD) {
        const key = (selection.alias ?? selection.name).value;
        const merged = fields.get(key);
        if (merged === undefined) fields.set(key, [selection]);
        else merged.push(selection);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        if (appliesTo(plan, selection, type)) visit(selection.selectionSet);
      } else {
        const name = selection.name.value;
        const fragment = plan.fragments[name];
        if (fragment === undefined || spread.has(name) || !appliesTo(plan, fragment, type)) continue;
        spread.add(name);
        visit(fragment.selectionSet);
      }
    }
  };
  sets.forEach(visit);
  return fields;
}

function appliesTo(
  { schema }: Plan,
  { typeCondition }: InlineFragmentNode | FragmentDefinitionNode,
  type: GraphQLObjectType,
): boolean {
  if (typeCondition === undefined) return true;
  const condition = schema.getType(typeCondition.name.value);
  return condition === type || (isAbstractType(condition) && schema.isSubType(condition, type));
}

/** A field of a selection. */
interface CompiledField {
  /** Reads the field from any source. Throws only if the field is required and failed. */
  readonly select: Select;
  /** The property that the field reads. Null if the field has a resolver or arguments. */
  readonly property: CompiledProperty | null;
}

/** A field that is read from a property, without a call of a resolver. Most fields are. */
export interface CompiledProperty {
  readonly name: string;
  /** Returns whether a value needs no completion. */
  readonly isPlain: PlainTest;
  readonly isRequired: boolean;
  /** Completes any other value of the property. */
  readonly finish: (value: unknown, source: PropertySource, frame: Frame) => unknown;
  /** Settles the error of a getter. */
  readonly fail: (error: unknown, frame: Frame) => null;
}

export type PropertySource = Readonly<Record<PropertyKey, unknown>>;

function compileField(site: Site): CompiledField {
  const { field, parentType } = site;
  if (field.name === '__typename') return { select: () => parentType.name, property: null };
  const name = propertyOf(site.field);
  if (name === null) return { select: compileResolved(site), property: null };
  const property = compileProperty(site, name);
  return { select: compilePropertySelect(site, property), property };
}

/**
 * Returns the property that a field reads. It has the name of the field, or is exposed by Pothos and not wrapped by a plugin.
 * Returns null if the field has arguments, because wrong arguments are an error even if nothing reads them.
 */
function propertyOf({ args, name, resolve, extensions }: GraphQLField): string | null {
  if (args.length > 0) return null;
  if (resolve === undefined || resolve === null || resolve === defaultFieldResolver) return name;
  const { pothosExposedField, pothosOriginalResolve } = extensions;
  return pothosOriginalResolve === resolve && typeof pothosExposedField === 'string' ? pothosExposedField : null;
}

function compileResolved(site: Site): Select {
  const resolver = site.field.resolve ?? defaultFieldResolver;
  const readArguments = compileArguments(site);
  const finish = compileFinish(site);
  return (source, frame) => {
    try {
      const { run } = frame;
      return finish(resolver(source, readArguments(run), run.contextValue, createInfo(site, frame)), frame);
    } catch (error) {
      return settleError(error, site, frame);
    }
  };
}

function compileProperty(site: Site, name: string): CompiledProperty {
  const { type, resolve } = site.field;
  const callsMethods = (resolve ?? defaultFieldResolver) === defaultFieldResolver;
  // Most values are plain. Completion is compiled when it is first needed.
  let complete: Complete | null = null;
  return {
    name,
    isPlain: plainTest(type),
    isRequired: site.isRequired,
    finish(value, source, frame) {
      try {
        complete ??= compileFinish(site);
        return complete(callsMethods && typeof value === 'function' ? callMethod(site, source, frame) : value, frame);
      } catch (error) {
        return settleError(error, site, frame);
      }
    },
    fail: (error, frame) => settleError(error, site, frame),
  };
}

/** Calls the method of a field. Like graphql's default resolver, it reads the property a second time. */
function callMethod(site: Site, source: PropertySource, frame: Frame): unknown {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- throws if the second read returns anything but a function
  const method = source[site.field.name] as (...args: readonly unknown[]) => unknown;
  return Reflect.apply(method, source, [blankArguments(), frame.run.contextValue, createInfo(site, frame)]);
}

function compilePropertySelect(site: Site, { name, finish, fail }: CompiledProperty): Select {
  let resolved: Select | null = null;
  return (source, frame) => {
    if (!isObjectOrFunction(source)) {
      resolved ??= compileResolved(site);
      return resolved(source, frame);
    }
    let value: unknown;
    try {
      value = source[name];
    } catch (error) {
      return fail(error, frame);
    }
    return finish(value, source, frame);
  };
}

function compileFinish(site: Site): Complete {
  const complete = compileComplete(site, site.field.type, site);
  return (value, frame) => {
    if (isPromiseLike(value)) return completePromised(value, complete, site, frame);
    const completed = complete(value, frame);
    return completed instanceof Promise ? settled(completed, site, frame) : completed;
  };
}

/** Returns the second argument of a resolver. Throws the error of the field if an argument is wrong. */
type ReadArguments = (run: Run) => Readonly<Record<string, unknown>>;

interface CompiledArgument {
  readonly name: string;
  /** The value of a literal, or the default for a missing variable. Undefined if there is neither. */
  readonly constant: unknown;
  readonly variable: string | null;
  readonly isNonNull: boolean;
  /** Whether the argument is non-null and has no default. */
  readonly isRequired: boolean;
}

const NO_VARIABLES: VariableValues = { sources: {}, coerced: {} };

function compileArguments({ field, nodes: [node] }: Site): ReadArguments {
  if (field.args.length === 0 || node === undefined) return blankArguments;
  const readByGraphql: ReadArguments = ({ variableValues }) => getArgumentValues(field, node, variableValues);
  const compiled: CompiledArgument[] = [];
  for (const definition of field.args) {
    const argument = compileArgument(definition, node);
    if (argument === null) return readByGraphql;
    compiled.push(argument);
  }
  return (run) => {
    const { coerced } = run.variableValues;
    const args = blankArguments();
    for (const { name, constant, variable, isNonNull, isRequired } of compiled) {
      if (variable !== null && Object.hasOwn(coerced, variable)) {
        const value = coerced[variable];
        if (value === undefined || (value === null && isNonNull)) return readByGraphql(run);
        args[name] = value;
      } else if (constant !== undefined) args[name] = constant;
      else if (isRequired) return readByGraphql(run);
    }
    return args;
  };
}

/** Returns null if graphql must read the argument in each run: it may be wrong, or a resolver may change its object or list. */
function compileArgument(definition: GraphQLArgument, node: FieldNode): CompiledArgument | null {
  const { name, type } = definition;
  const value = node.arguments?.find((argument) => argument.name.value === name)?.value;
  const variable = value?.kind === Kind.VARIABLE ? value.name.value : null;
  const isRequired = isRequiredArgument(definition);
  const rest = { name, variable, isNonNull: isNonNullType(type), isRequired };
  if (variable !== null && isRequired) return { ...rest, constant: undefined };
  if (value?.kind === Kind.LIST || value?.kind === Kind.OBJECT) return null;
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- getArgumentValues reads only the arguments
    const field = { args: [definition] } as unknown as GraphQLField;
    // Without variables, an argument that is a variable has its default.
    const constant = getArgumentValues(field, node, NO_VARIABLES)[name];
    return isObjectOrFunction(constant) ? null : { ...rest, constant };
  } catch {
    return null;
  }
}

function blankArguments(): Record<string, unknown> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Object.create returns any
  return Object.create(null) as Record<string, unknown>;
}
