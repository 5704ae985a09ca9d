import type { GraphQLFieldResolver, GraphQLInterfaceType, GraphQLNamedType, GraphQLTypeResolver } from 'graphql';
import type { FieldBuilder, InputBuilder } from './field-builder.ts';

/** How a type is named where it is used: a scalar by its name, every other as it is, or a list of either. */
export type TypeParam = string | GraphQLNamedType | readonly [TypeParam];

/** Whether a value may be null; or a list, and its items. */
export type Nullability = boolean | { readonly list: boolean; readonly items: boolean };

/** What goes in: an argument, or a field of an input. */
export interface InputOptions {
  readonly type: TypeParam;
  readonly description?: string;
  /** True where nothing is said. The items of a list always are. */
  readonly required?: boolean;
  readonly defaultValue?: unknown;
}

/** A field that comes out. */
export interface FieldOptions {
  readonly type: TypeParam;
  readonly description?: string;
  /** False where nothing is said. */
  readonly nullable?: Nullability;
  readonly args?: Inputs;
  readonly resolve?: GraphQLFieldResolver<unknown, unknown>;
  readonly subscribe?: GraphQLFieldResolver<unknown, unknown>;
  /** What is read of the parent, in the place of a resolver. */
  readonly property?: string;
}

/** The fields of an input or the arguments of a field, by their names. */
export type Inputs = Readonly<Record<string, InputOptions>>;
/** Gives the fields of an object or an interface, by their names. */
export type DefineFields = (t: FieldBuilder) => Readonly<Record<string, FieldOptions>>;

/** An object or an interface: only the latter has a `resolveType`, which gives a name. */
export interface ObjectOptions {
  readonly description?: string;
  readonly interfaces?: readonly GraphQLInterfaceType[];
  readonly resolveType?: GraphQLTypeResolver<unknown, unknown>;
  readonly fields?: DefineFields;
}

/** An input; `isOneOf`: exactly one of its fields is given. */
export interface InputTypeOptions {
  readonly description?: string;
  readonly isOneOf?: boolean;
  readonly fields: (t: InputBuilder) => Inputs;
}
