import {
  assertInputType,
  assertOutputType,
  GraphQLList,
  GraphQLNonNull,
  type GraphQLFieldConfig,
  type GraphQLInputFieldConfig,
  type GraphQLNamedType,
  type GraphQLType,
} from 'graphql';
import type { FieldOptions, InputOptions, Inputs, Nullability, TypeParam } from './options.ts';

/** The types that are named by a text. */
type Named = ReadonlyMap<string, GraphQLNamedType>;
/** What a field is read of. */
export type Source = Readonly<Record<string, unknown>>;
type FieldConfig = GraphQLFieldConfig<Source, unknown>;

/** What graphql's constructors take for a field. */
export function toFieldConfig(named: Named, name: string, options: FieldOptions): FieldConfig {
  const { type, nullable = false, args, property, resolve, ...rest } = options;
  const config = { ...rest, type: assertOutputType(toType(named, type, nullable)), args: toInputConfigs(named, args) };
  if (property === undefined) return { ...config, resolve };
  // graphql's default resolver reads what is called as the field is. The engine reads the others by what stands here.
  const read = property === name ? undefined : readerOf(property);
  return {
    ...config,
    resolve: read,
    extensions: { pothosExposedField: property, pothosOriginalResolve: read },
  };
}

/** What graphql's constructors take for the fields of an input, and for arguments. */
export function toInputConfigs(named: Named, inputs: Inputs = {}): Record<string, GraphQLInputFieldConfig> {
  return Object.fromEntries(Object.entries(inputs).map(([name, options]) => [name, toInputConfig(named, options)]));
}

function toInputConfig(named: Named, { type, required = true, ...rest }: InputOptions): GraphQLInputFieldConfig {
  return { ...rest, type: assertInputType(toType(named, type, !required)) };
}

/** Items are never null where nothing is said of them. */
function toType(named: Named, param: TypeParam, nullable: Nullability): GraphQLType {
  const { list, items } = typeof nullable === 'boolean' ? { list: nullable, items: false } : nullable;
  const type = isList(param) ? new GraphQLList(toType(named, param[0], items)) : toNamed(named, param);
  return list ? type : new GraphQLNonNull(type);
}

function toNamed(named: Named, param: string | GraphQLNamedType): GraphQLNamedType {
  const type = typeof param === 'string' ? named.get(param) : param;
  if (type === undefined) throw new Error(`no type is called ${String(param)}`);
  return type;
}

function isList(param: TypeParam): param is readonly [TypeParam] {
  return Array.isArray(param);
}

function readerOf(property: string): NonNullable<FieldConfig['resolve']> {
  return (parent) => parent[property];
}
