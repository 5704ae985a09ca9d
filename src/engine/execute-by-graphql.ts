import {
  defaultFieldResolver,
  defaultTypeResolver,
  type DocumentNode,
  executeRootSelectionSet,
  type ExecutionResult,
  type VariableValues,
} from 'graphql';
import type { Plan } from './plan.ts';
import type { RunArgs } from './run.ts';

/** One run as graphql does it: for variables that only it has the errors for. */
export function executeByGraphql(
  { schema, operation, fragments }: Pick<Plan, 'schema' | 'operation' | 'fragments'>,
  document: DocumentNode,
  { rootValue, contextValue, variableValues }: RunArgs & { readonly variableValues: VariableValues },
): ExecutionResult | Promise<ExecutionResult> {
  return executeRootSelectionSet({
    schema,
    document,
    operation,
    fragmentDefinitions: fragments,
    fragments: Object.fromEntries(Object.entries(fragments).map(([name, definition]) => [name, { definition }])),
    rootValue,
    contextValue,
    variableValues,
    rawVariableValues: undefined,
    fieldResolver: defaultFieldResolver,
    subscribeFieldResolver: defaultFieldResolver,
    typeResolver: defaultTypeResolver,
    hideSuggestions: false,
    errorPropagation: true,
    externalAbortSignal: undefined,
    enableEarlyExecution: false,
    hooks: undefined,
  });
}
