import {
  defaultFieldResolver,
  type FieldNode,
  getArgumentValues,
  type GraphQLArgument,
  type GraphQLField,
  isNonNullType,
  isRequiredArgument,
  Kind,
  type VariableValues,
} from 'graphql';
import { compileComplete, completePromised, settled } from './complete.ts';
import { type Complete, createInfo, type Frame, type Run, type Select, settleError, type Site } from './info.ts';
import { isObjectOrFunction, isPromiseLike, type PlainTest, plainTest } from './values.ts';

/** A field of a selection. */
export interface CompiledField {
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

export function compileField(site: Site): CompiledField {
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
