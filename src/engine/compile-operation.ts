import {
  type DocumentNode,
  type ExecutionResult,
  type FragmentDefinitionNode,
  getOperationAST,
  getVariableValues,
  type GraphQLSchema,
  Kind,
  OperationTypeNode,
  type VariableValues,
} from 'graphql';
import { compileSelection, compileSerialSelection } from './compile-selection.ts';
import { type Conditions, findConditions, readConditions } from './conditions.ts';
import type { Plan } from './plan.ts';
import { answer, answerWithoutData, createRun, end, type Run, type RunArgs } from './frame.ts';
import { bundledCopies, type Copies } from './set-fields-copies.ts';
import type { Select } from './site.ts';

/** How many sets of values of its conditions an operation is compiled for at once. */
const VARIANTS_MAX = 8;
/** As graphql has it: a request may be wrong in more ways than anybody reads. */
const COERCION = { maxErrors: 50 };

type PlanParts = Pick<Plan, 'schema' | 'operation' | 'fragments' | 'copies'>;
type OnFields = (count: number) => void;

interface Variant {
  readonly select: Select;
  fields: number;
}

/** An operation that is ready to be run many times, at once too. */
export interface CompiledOperation {
  /**
   * What graphql's `execute` answers, or for a subscription its `executeSubscriptionEvent` with `rootValue` as the
   * event. A promise only if a resolver gave one. Never throws.
   */
  run(
    args: RunArgs & { readonly variableValues?: Readonly<Record<string, unknown>> | null | undefined },
  ): ExecutionResult | Promise<ExecutionResult>;
  /** The same for variables that graphql has coerced already: `validateSubscriptionArgs` gives them. */
  runCoerced(args: RunArgs & { readonly variableValues: VariableValues }): ExecutionResult | Promise<ExecutionResult>;
}

/**
 * Null where only graphql knows the answer: the operation is not found, the schema has incremental delivery, or the
 * document has directives beside `@skip` and `@include`. Schema and document have to be valid, as for graphql.
 * `onFields` hears how many fields were compiled or let go since, for whoever has to bound them. `copies` are this isolate's
 * unless told.
 */
export function compileOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName?: string | null,
  onFields: OnFields = ignore,
  copies: Copies = bundledCopies,
): CompiledOperation | null {
  const operation = getOperationAST(document, operationName);
  if (operation === null || operation === undefined) return null;
  if (schema.getDirective('defer') || schema.getDirective('stream')) return null;
  const names = findConditions(document, operation);
  if (names === null || !schema.getRootType(operation.operation)) return null;

  const parts = { schema, operation, fragments: fragmentsOf(document), copies };
  const variantOf = createVariants(parts, onFields);

  const runCoerced: CompiledOperation['runCoerced'] = (args) => {
    const select = variantOf(readConditions(names, args.variableValues));
    return perform(select, createRun(args, args.variableValues));
  };
  const definitions = operation.variableDefinitions ?? [];
  const coerce = (values: Readonly<Record<string, unknown>>) =>
    getVariableValues(schema, definitions, values, COERCION);
  const withoutVariables = definitions.length === 0 ? coerce({}) : null;
  return {
    runCoerced,
    run({ variableValues, ...args }) {
      const { errors, variableValues: coerced } = withoutVariables ?? coerce(variableValues ?? {});
      return errors === undefined ? runCoerced({ ...args, variableValues: coerced }) : { errors };
    },
  };
}

/** The compiled forms of an operation: its conditions decide about the order of its fields too. */
function createVariants(parts: PlanParts, onFields: OnFields): (conditions: Conditions) => Select {
  const variants = new Map<string, Variant>();

  function compile(conditions: Conditions): Variant {
    const count = (fields: number): void => {
      variant.fields += fields;
      onFields(fields);
    };
    const variant: Variant = { select: compileRoot(parts, conditions, count), fields: 0 };
    return variant;
  }

  return (conditions) => {
    // Not to be kept: it holds on to the variables of its run.
    if (conditions.faulty !== null) return compileRoot(parts, conditions, ignore);
    const key = [...conditions.values.values()].map(Number).join('');
    let variant = variants.get(key);
    if (variant === undefined) {
      variant = compile(conditions);
      const [oldest] = variants;
      if (oldest !== undefined && variants.size >= VARIANTS_MAX) {
        variants.delete(oldest[0]);
        onFields(-oldest[1].fields);
      }
      variants.set(key, variant);
    }
    return variant.select;
  };
}

function compileRoot(parts: PlanParts, conditions: Conditions, onFields: OnFields): Select {
  const { schema, operation } = parts;
  const type = schema.getRootType(operation.operation);
  if (!type) throw new TypeError(`no root type for ${operation.operation}`);
  const plan: Plan = {
    ...parts,
    conditions,
    onFields,
    selectionOf: (object, position) => compileSelection(plan, object, position),
  };
  const isSerial = operation.operation === OperationTypeNode.MUTATION;
  return isSerial ? compileSerialSelection(plan, type) : compileSelection(plan, type, null);
}

function perform(select: Select, run: Run): ExecutionResult | Promise<ExecutionResult> {
  try {
    const data = select(run.rootValue, { run, index: -1, up: null });
    if (!(data instanceof Promise)) return end(run, answer(run, data));
    return data
      .then(
        (settled) => answer(run, settled),
        (error: unknown) => answerWithoutData(run, error),
      )
      .then((result) => end(run, result));
  } catch (error) {
    return end(run, answerWithoutData(run, error));
  }
}

function ignore(): void {}

function fragmentsOf({ definitions }: DocumentNode): Plan['fragments'] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is typed as any
  const fragments = Object.create(null) as Record<string, FragmentDefinitionNode>;
  for (const definition of definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments[definition.name.value] = definition;
  }
  return fragments;
}
