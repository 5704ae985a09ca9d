import { execute, getOperationAST, subscribe, type ExecutionArgs } from 'graphql';

/**
 * In the place of Yoga's own executor (`[alias]` in wrangler.toml): graphql's, which the hub uses too. One of them in the
 * script is enough, and an operation means the same on every transport.
 */
export function normalizedExecutor(args: ExecutionArgs): ReturnType<typeof subscribe> {
  const operation = getOperationAST(args.document, args.operationName);
  return operation?.operation === 'subscription' ? subscribe(args) : execute(args);
}
