import type { Plugin } from 'graphql-yoga';
import { acceptsNothing } from '../accept.ts';
import { failureResponse } from '../respond.ts';
import type { ServerContext } from '../server-context.ts';
import type { ReadParams, ReadRequest } from '../read-params.ts';

/** Answers a subscription with a stream. Null: it is something else, or its client accepts no stream. */
export type AnswerStream = (request: Request, read: ReadRequest, context: ServerContext) => Promise<Response | null>;

/**
 * Reads the parameters of a request, including the text of a document that it names by an id or hash. Subscriptions leave
 * the pipeline here: a hub runs them.
 */
export function useRequestParams(
  readParams: ReadParams,
  answerStream: AnswerStream,
): Plugin<ServerContext, ServerContext> {
  return {
    onRequestParse({ request, serverContext, setRequestParser, endResponse }) {
      if (acceptsNothing(request.headers.get('accept'))) return endResponse(notAcceptable(serverContext.requestId));
      setRequestParser(async () => {
        const read = await readParams(request, serverContext.viewer.tenant);
        return (await answerStream(request, read, serverContext)) ?? read.params;
      });
    },
  };
}

/** Sent before anything runs: Yoga would refuse a mutation after it has run. */
function notAcceptable(requestId: string): Response {
  const message =
    'None of the accepted formats can be made: accept application/json or application/graphql-response+json.';
  return failureResponse({ code: 'BAD_USER_INPUT', message, retryable: false }, { requestId, status: 406 });
}
