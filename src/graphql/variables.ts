import {
  GraphQLEnumType,
  GraphQLError,
  type GraphQLSchema,
  getVariableValues,
  type VariableDefinitionNode,
  type VariableValues,
} from 'graphql';
import { type Refusal, refusalOf } from './errors.ts';

/** The same as of a document's errors. */
const ERRORS_MAX = 5;

/** No input of the schema has as many fields; each unknown field is an error that prints the whole object. */
export const INPUT_FIELDS_MAX = 100;

/** Ten times the longest list that a field takes. */
export const INPUT_ITEMS_MAX = 1_000;

/** A value in a message, in UTF-16 units. */
const PRINTED_CHARS_MAX = 100;

/** The values of an operation's variables, as their types have them. */
export interface Variables {
  readonly type: 'variables';
  readonly values: VariableValues['coerced'];
}

/**
 * The values of an operation's variables, as its types have them; for HTTP and for hubs. Reports at most 5 errors and one
 * that says there are more, none of which prints more than 100 characters of a value. An object or list that is too large
 * is refused before it is looked into. Variables that the operation does not define are not read.
 */
export function coerceVariables(
  schema: GraphQLSchema,
  definitions: readonly VariableDefinitionNode[],
  values: Readonly<Record<string, unknown>>,
): Variables | Refusal {
  const defined = definitions.filter(({ variable }) => Object.hasOwn(values, variable.name.value));
  for (const node of defined) {
    const name = node.variable.name.value;
    const problem = sizeProblem(values[name], '');
    if (problem !== null)
      return refusalOf([new GraphQLError(`Variable "$${name}" has invalid value${problem}`, { nodes: node })]);
  }
  // The first error is enough to know that the values are to be printed, and each costs as much as a value is long.
  const coerced = getVariableValues(schema, definitions, values, { maxErrors: 0 });
  if (coerced.errors === undefined) return { type: 'variables', values: coerced.variableValues.coerced };
  const short = Object.fromEntries(
    defined.map(({ variable: { name } }) => [name.value, printable(values[name.value])]),
  );
  const { errors } = getVariableValues(schema, definitions, short, { maxErrors: ERRORS_MAX });
  return refusalOf(errors ?? coerced.errors);
}

/** Where a value is too large, and how, in graphql's own form. */
function sizeProblem(value: unknown, path: string): string | null {
  if (typeof value !== 'object' || value === null) return null;
  if (Array.isArray(value)) {
    if (value.length > INPUT_ITEMS_MAX) {
      return `${at(path)}: A list has at most ${INPUT_ITEMS_MAX} items, this one has ${value.length}.`;
    }
    return firstProblem(value.entries(), (key) => `${path}[${key}]`);
  }
  const entries = Object.entries(value);
  if (entries.length > INPUT_FIELDS_MAX) {
    return `${at(path)}: An input object has at most ${INPUT_FIELDS_MAX} fields, this one has ${entries.length}.`;
  }
  return firstProblem(entries, (key) => `${path}.${brief(key)}`);
}

function firstProblem<Key>(entries: Iterable<readonly [Key, unknown]>, pathOf: (key: Key) => string): string | null {
  for (const [key, value] of entries) {
    const problem = typeof value === 'object' ? sizeProblem(value, pathOf(key)) : null;
    if (problem !== null) return problem;
  }
  return null;
}

function at(path: string): string {
  return path === '' ? '' : ` at ${path}`;
}

/** The same value with its texts cut. An object and a list say by `toJSON` how graphql is to print them. */
function printable(value: unknown): unknown {
  if (typeof value === 'string') return brief(value);
  if (typeof value !== 'object' || value === null) return value;
  const copy: object = Array.isArray(value)
    ? value.map(printable)
    : Object.fromEntries(Object.entries(value).map(([key, item]) => [brief(key), printable(item)]));
  const text = brief(inspect(copy));
  return Object.defineProperty(copy, 'toJSON', { value: () => text });
}

function brief(text: string): string {
  return text.length > PRINTED_CHARS_MAX ? `${text.slice(0, PRINTED_CHARS_MAX).toWellFormed()}…` : text;
}

const NO_VALUES = new GraphQLEnumType({ name: 'NoValues', values: {} });
const PREFIX = 'Enum "NoValues" cannot represent value: ';

/** Prints a value as graphql does in its errors. Graphql does not export its printer: an enum without values calls it. */
function inspect(value: unknown): string {
  try {
    NO_VALUES.coerceOutputValue(value);
  } catch (error) {
    if (error instanceof Error && error.message.startsWith(PREFIX)) return error.message.slice(PREFIX.length);
    throw error;
  }
  return '';
}
