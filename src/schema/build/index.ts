import {
  GraphQLEnumType,
  GraphQLInputObjectType,
  GraphQLInterfaceType,
  GraphQLObjectType,
  GraphQLScalarType,
  GraphQLSchema,
  specifiedScalarTypes,
  type GraphQLEnumTypeConfig,
  type GraphQLFieldConfigMap,
  type GraphQLNamedType,
  type GraphQLScalarTypeConfig,
} from 'graphql';
import { fieldBuilder, inputBuilder, type FieldBuilder } from './field-builder.ts';
import { toFieldConfig, toInputConfigs, type Source } from './field-configs.ts';
import type { DefineFields, FieldOptions, Inputs, InputTypeOptions, ObjectOptions } from './options.ts';

type FieldConfigs = GraphQLFieldConfigMap<Source, unknown>;
type DefineField = (t: FieldBuilder) => FieldOptions;

/**
 * In the place of Pothos' builder in the script that is deployed (`[alias]` in wrangler.toml): the part of it that this
 * schema is written with, straight to graphql's constructors. Pothos types the definitions, and the schema that it
 * builds of them is the measure: a test compares the two, type by type.
 */
export default class SchemaBuilder {
  readonly #types = new Map<string, GraphQLNamedType>(specifiedScalarTypes.map((type) => [type.name, type]));
  readonly #definitions = new Map<string, DefineFields[]>();
  readonly #fieldConfigs = new Map<string, FieldConfigs>();

  queryType(options: ObjectOptions): void {
    this.#objectType('Query', options);
  }

  mutationType(options: ObjectOptions): void {
    this.#objectType('Mutation', options);
  }

  subscriptionType(options: ObjectOptions): void {
    this.#objectType('Subscription', options);
  }

  queryFields(define: DefineFields): void {
    this.#define('Query', define);
  }

  queryField(name: string, define: DefineField): void {
    this.#define('Query', (t) => ({ [name]: define(t) }));
  }

  mutationField(name: string, define: DefineField): void {
    this.#define('Mutation', (t) => ({ [name]: define(t) }));
  }

  subscriptionFields(define: DefineFields): void {
    this.#define('Subscription', define);
  }

  objectField(type: GraphQLObjectType, name: string, define: DefineField): void {
    this.#define(type.name, (t) => ({ [name]: define(t) }));
  }

  interfaceField(type: GraphQLInterfaceType, name: string, define: DefineField): void {
    this.#define(type.name, (t) => ({ [name]: define(t) }));
  }

  args(define: InputTypeOptions['fields']): Inputs {
    return define(inputBuilder);
  }

  objectRef(name: string) {
    return { implement: (options: ObjectOptions) => this.#objectType(name, options) };
  }

  interfaceRef(name: string) {
    return {
      implement: ({ fields, interfaces = [], ...rest }: ObjectOptions) => {
        this.#define(name, fields);
        const inherited = interfaces.map((type) => type.name);
        return this.#add(
          new GraphQLInterfaceType({ ...rest, name, interfaces, fields: () => this.#allFields(name, inherited) }),
        );
      },
    };
  }

  enumType(name: string, options: Omit<GraphQLEnumTypeConfig, 'name'>): GraphQLEnumType {
    return this.#add(new GraphQLEnumType({ ...options, name }));
  }

  scalarType(name: string, options: Omit<GraphQLScalarTypeConfig<unknown, unknown>, 'name'>): GraphQLScalarType {
    return this.#add(new GraphQLScalarType({ ...options, name }));
  }

  inputType(name: string, { fields, ...rest }: InputTypeOptions): GraphQLInputObjectType {
    return this.#add(
      new GraphQLInputObjectType({ ...rest, name, fields: () => toInputConfigs(this.#types, fields(inputBuilder)) }),
    );
  }

  toSchema(): GraphQLSchema {
    const root = (name: string) => {
      const type = this.#types.get(name);
      return type instanceof GraphQLObjectType ? type : null;
    };
    return new GraphQLSchema({
      query: root('Query'),
      mutation: root('Mutation'),
      subscription: root('Subscription'),
      types: [...this.#types.values()],
    });
  }

  #objectType(name: string, { fields, interfaces = [], ...rest }: ObjectOptions): GraphQLObjectType {
    this.#define(name, fields);
    const inherited = interfaces.map((type) => type.name);
    return this.#add(
      new GraphQLObjectType({ ...rest, name, interfaces, fields: () => this.#allFields(name, inherited) }),
    );
  }

  #add<Type extends GraphQLNamedType>(type: Type): Type {
    if (this.#types.has(type.name)) throw new Error(`${type.name} is defined twice`);
    this.#types.set(type.name, type);
    return type;
  }

  #define(typename: string, define: DefineFields | undefined): void {
    if (define === undefined) return;
    const known = this.#definitions.get(typename);
    if (known === undefined) this.#definitions.set(typename, [define]);
    else known.push(define);
  }

  #allFields(typename: string, inherited: readonly string[]): FieldConfigs {
    return Object.assign({}, ...[...inherited, typename].map((name) => this.#ownFields(name)));
  }

  /** Made once: the types behind an interface share its fields. */
  #ownFields(typename: string): FieldConfigs {
    const known = this.#fieldConfigs.get(typename);
    if (known !== undefined) return known;
    const configs: FieldConfigs = {};
    for (const define of this.#definitions.get(typename) ?? []) {
      for (const [name, options] of Object.entries(define(fieldBuilder))) {
        configs[name] = toFieldConfig(this.#types, name, options);
      }
    }
    this.#fieldConfigs.set(typename, configs);
    return configs;
  }
}
