import type { GraphQLFieldResolver, GraphQLInterfaceType, GraphQLNamedType, GraphQLTypeResolver } from 'graphql';
import type { FieldBuilder, InputBuilder } from './field-builder.ts';

/** How a type is named where it is used: a scalar by its name, every other as it is, or a list of either. */
export type TypeParam = string | GraphQLNamedType | readonly [TypeParam];

/** Of a value; or of a list and of its items. */
export type Flag = boolean | { readonly list: boolean; readonly items: boolean };

interface Described {
  readonly description?: string;
  readonly deprecationReason?: string;
}

/** What goes in: an argument, or a field of an input. */
export interface InputOptions extends Described {
  readonly type: TypeParam;
  /** True where nothing is said. */
  readonly required?: Flag;
  readonly defaultValue?: unknown;
}

/** A field that comes out. */
export interface FieldOptions extends Described {
  readonly type: TypeParam;
  /** False where nothing is said. */
  readonly nullable?: Flag;
  readonly args?: Inputs;
  readonly resolve?: GraphQLFieldResolver<unknown, unknown>;
  readonly subscribe?: GraphQLFieldResolver<unknown, unknown>;
  /** What is read of the parent, in the place of a resolver. */
  readonly property?: string;
}

export type Inputs = Readonly<Record<string, InputOptions>>;
export type Fields = Readonly<Record<string, FieldOptions>>;
export type DefineFields = (t: FieldBuilder) => Fields;

export interface ObjectOptions {
  readonly description?: string;
  readonly interfaces?: readonly GraphQLInterfaceType[];
  readonly resolveType?: GraphQLTypeResolver<unknown, unknown>;
  readonly fields?: DefineFields;
}

export interface InputTypeOptions {
  readonly description?: string;
  readonly isOneOf?: boolean;
  readonly fields: (t: InputBuilder) => Inputs;
}
