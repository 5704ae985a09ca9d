import type { ExecutionArgs, ExecutionResult } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { OperationFinder } from '../../graphql/operation.ts';
import { coerceVariables } from '../../graphql/variables.ts';
import type { ServerContext } from '../server-context.ts';

/** Parses, validates and limits as hubs do, with the same module. */
export function useOperations(finder: OperationFinder): Plugin<ServerContext, ServerContext> {
  /** The errors of an operation's variables, with the bounds that graphql has no option for. */
  function refuseVariables(
    { schema, document, operationName, variableValues }: ExecutionArgs,
    setResultAndStopExecution: (result: ExecutionResult) => void,
  ): void {
    const operation = finder.select(document, operationName);
    if (operation.type === 'refusal') return setResultAndStopExecution({ errors: operation.errors });
    const { errors } = coerceVariables(schema, operation.node.variableDefinitions ?? [], variableValues ?? {});
    if (errors !== undefined) setResultAndStopExecution({ errors });
  }

  return {
    onParse({ context, setParseFn }) {
      setParseFn((source: unknown) => {
        const document = finder.parse(String(source));
        if (finder.validate(document).length > 0) return document;
        const operation = finder.select(document, context.params.operationName);
        if (operation.type === 'refusal') throw new AggregateError(operation.errors);
        return document;
      });
    },
    onValidate({ setValidationFn }) {
      setValidationFn((_schema: unknown, document: ExecutionArgs['document']) => finder.validate(document));
    },
    onExecute({ args, setResultAndStopExecution }) {
      refuseVariables(args, setResultAndStopExecution);
    },
    onSubscribe({ args, setResultAndStopExecution }) {
      refuseVariables(args, setResultAndStopExecution);
    },
  };
}
