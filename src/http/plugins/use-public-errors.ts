import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import { bugBehind, type ToPublicError, withRequestId } from '../../graphql/errors.ts';
import { logBug, type Log } from '../../lib/log.ts';
import type { ServerContext } from '../server-context.ts';

/** Gives every error its public shape and the request's id, and logs each bug once. */
export function usePublicErrors(toPublicError: ToPublicError, log: Log): Plugin<ServerContext, ServerContext> {
  return {
    onResultProcess(hook) {
      const {
        result,
        serverContext: { requestId, viewer },
      } = hook;
      if (isAsyncIterable(result) || Array.isArray(result) || result.errors === undefined) return;
      const errors = result.errors.map(toPublicError);
      for (const error of errors) {
        const bug = bugBehind(error);
        if (bug !== null) logBug(log, requestId, bug, viewer.tenant);
      }
      hook.setResult({ ...result, errors: errors.map((error) => withRequestId(error, requestId)) });
    },
  };
}
