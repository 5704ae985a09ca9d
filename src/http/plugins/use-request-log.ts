import { type ExecutionArgs, getOperationAST } from 'graphql';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import { codesOf } from '../../graphql/errors.ts';
import type { ServerContext } from '../server-context.ts';
import type { RequestTrace } from '../log.ts';

const OPERATION_NAME_CHARS_MAX = 100;

/** Adds the operation and the codes of errors to the request's log line. Goes after the plugin that makes errors public. */
export function useRequestLog(): Plugin<ServerContext, ServerContext> {
  return {
    onExecute({ args, context }) {
      noteOperation(args, context.trace);
    },
    onResultProcess({ result, serverContext: { trace } }) {
      if (isAsyncIterable(result) || Array.isArray(result) || result.errors === undefined) return;
      trace.notes.errorCodes = codesOf(result.errors);
    },
  };
}

function noteOperation({ document, operationName }: ExecutionArgs, { notes }: RequestTrace): void {
  const operation = getOperationAST(document, operationName);
  if (!operation) return;
  notes.operationType = operation.operation;
  if (operation.name) notes.operationName = operation.name.value.slice(0, OPERATION_NAME_CHARS_MAX);
}
