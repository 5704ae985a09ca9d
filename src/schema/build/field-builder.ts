import type { FieldOptions, InputOptions, TypeParam } from './options.ts';

type Untyped<Options> = Omit<Options, 'type'>;

function field<Options extends FieldOptions | InputOptions>(options: Options): Options {
  return options;
}

function inputOf(type: TypeParam) {
  return (options?: Untyped<InputOptions>): InputOptions => ({ ...options, type });
}

function fieldOf(type: TypeParam) {
  return (options?: Untyped<FieldOptions>): FieldOptions => ({ ...options, type });
}

function exposedOf(type: TypeParam) {
  return (property: string, options?: Untyped<FieldOptions>): FieldOptions => ({ ...options, type, property });
}

const inputs = {
  boolean: inputOf('Boolean'),
  float: inputOf('Float'),
  id: inputOf('ID'),
  idList: inputOf(['ID']),
  int: inputOf('Int'),
  string: inputOf('String'),
};

/** What Pothos calls `t` where an input or arguments are defined. */
export const inputBuilder = { ...inputs, field: field<InputOptions> };
export type InputBuilder = typeof inputBuilder;

/** What Pothos calls `t` where an object or an interface is defined. A field is its own options until its type is built. */
export const fieldBuilder = {
  arg: Object.assign((options: InputOptions) => options, inputs),
  field: field<FieldOptions>,
  boolean: fieldOf('Boolean'),
  id: fieldOf('ID'),
  int: fieldOf('Int'),
  string: fieldOf('String'),
  expose: (property: string, options: FieldOptions): FieldOptions => ({ ...options, property }),
  exposeBoolean: exposedOf('Boolean'),
  exposeInt: exposedOf('Int'),
  exposeString: exposedOf('String'),
  exposeStringList: exposedOf(['String']),
};
export type FieldBuilder = typeof fieldBuilder;
