import {
  type FieldNode,
  getArgumentValues,
  type GraphQLArgument,
  type GraphQLField,
  isRequiredArgument,
  isNonNullType,
  Kind,
  type ValueNode,
  type VariableValues,
} from 'graphql';
import type { Run } from './frame.ts';
import type { Site } from './site.ts';
import { isObjectOrFunction } from './values.ts';

/** What a resolver gets as its second argument. Throws the error of the field when they are wrong. */
export type ReadArguments = (run: Run) => Readonly<Record<string, unknown>>;

interface Argument {
  readonly name: string;
  /** The value if it is a literal, or if the variable is not given; undefined when there is none. */
  readonly constant: unknown;
  readonly variable: string | null;
  readonly isNonNull: boolean;
  /** Without a default either. */
  readonly isRequired: boolean;
}

const NO_VARIABLES: VariableValues = { sources: {}, coerced: {} };

export function compileArguments({ field, nodes: [node] }: Pick<Site, 'field' | 'nodes'>): ReadArguments {
  if (field.args.length === 0 || node === undefined) return blankArguments;
  const asGraphql: ReadArguments = ({ variableValues }) => getArgumentValues(field, node, variableValues);
  const compiled: Argument[] = [];
  for (const definition of field.args) {
    const argument = compileArgument(definition, node);
    if (argument === null) return asGraphql;
    compiled.push(argument);
  }
  return (run) => {
    const { coerced } = run.variableValues;
    const args = blankArguments();
    for (const { name, constant, variable, isNonNull, isRequired } of compiled) {
      if (variable !== null && Object.hasOwn(coerced, variable)) {
        const value = coerced[variable];
        if (value === undefined || (value === null && isNonNull)) return asGraphql(run);
        args[name] = value;
      } else if (constant !== undefined) args[name] = constant;
      else if (isRequired) return asGraphql(run);
    }
    return args;
  };
}

/** Null for what graphql is to read anew in every run: what may be wrong, and objects and lists, which a resolver may change. */
function compileArgument(definition: GraphQLArgument, node: FieldNode): Argument | null {
  const { name, type } = definition;
  const value = node.arguments?.find((argument) => argument.name.value === name)?.value;
  const variable = value?.kind === Kind.VARIABLE ? value.name.value : null;
  const isRequired = isRequiredArgument(definition);
  const rest = { name, variable, isNonNull: isNonNullType(type), isRequired };
  if (variable !== null && isRequired) return { ...rest, constant: undefined };
  if (value !== undefined && variable === null && !isSimple(value)) return null;
  // Without variables, so that one in its place leaves the default in force.
  const constant = constantOf(definition, node);
  return constant && { ...rest, constant: constant.value };
}

function constantOf(definition: GraphQLArgument, node: FieldNode): { readonly value: unknown } | null {
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a field it reads the arguments alone
    const field = { args: [definition] } as unknown as GraphQLField<unknown, unknown>;
    const value = getArgumentValues(field, node, NO_VARIABLES)[definition.name];
    return isObjectOrFunction(value) ? null : { value };
  } catch {
    return null;
  }
}

function isSimple({ kind }: ValueNode): boolean {
  return kind !== Kind.LIST && kind !== Kind.OBJECT;
}

function blankArguments(): Record<string, unknown> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is typed as any
  return Object.create(null) as Record<string, unknown>;
}
