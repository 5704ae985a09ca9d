import { type ExecutionArgs, type ExecutionResult, getOperationAST, GraphQLError, locatedError } from 'graphql';
import { needsStream } from '../../schema/subscription.ts';

/**
 * In the place of Yoga's own executor (`[alias]` in wrangler.toml), which graphql's would follow into the script: operations
 * are compiled, and have been run before Yoga is asked. What is left for it are subscriptions over a transport that does
 * not stream.
 */
export function normalizedExecutor({ document, operationName }: ExecutionArgs): ExecutionResult {
  const operation = getOperationAST(document, operationName);
  if (operation?.operation !== 'subscription') throw new GraphQLError('an operation that was not run');
  const [field] = operation.selectionSet.selections;
  return { errors: [locatedError(needsStream(), field)] };
}
