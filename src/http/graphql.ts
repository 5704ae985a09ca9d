import type { GraphQLSchema } from 'graphql';
import { createYoga, type Plugin } from 'graphql-yoga';
import type { OperationFinder } from '../graphql/operation.ts';
import { createPublicErrors } from '../graphql/errors.ts';
import type { Log } from '../lib/log.ts';
import { withPlainAccept } from './accept.ts';
import { failureResponse } from './respond.ts';
import type { LargeBodies } from './large-bodies.ts';
import { useOperations } from './plugins/use-operations.ts';
import { usePublicErrors } from './plugins/use-public-errors.ts';
import { useRequestLog } from './plugins/use-request-log.ts';
import { type AnswerStream, useRequestParams } from './plugins/use-request-params.ts';
import type { ReadParams } from './read-params.ts';
import type { ServerContext } from './server-context.ts';
import { SSE } from './stream-format.ts';

export interface GraphqlOptions {
  readonly schema: GraphQLSchema;
  readonly finder: OperationFinder;
  readonly readParams: ReadParams;
  readonly answerStream: AnswerStream;
  /** Installs the executor. False: Yoga's own runs operations. */
  readonly executor: Plugin | false;
  readonly largeBodies: Pick<LargeBodies, 'leave'>;
  /** Off: no message suggests names of the schema. */
  readonly suggestions: boolean;
  /** Gets one line for every bug that a resolver meets. */
  readonly log: Log;
}

/** Answers one request at `/graphql`. Yoga adds to `context`, which is made for this request. */
export type GraphqlHandler = (request: Request, context: ServerContext) => Promise<Response>;

/**
 * Creates the server that every query, mutation and HTTP subscription goes through. Build it once per isolate. Never
 * answers 500 to what a client sends wrongly: that is `BAD_USER_INPUT` or `QUERY_TOO_COMPLEX` with a 4xx.
 */
export function createGraphqlHandler(options: GraphqlOptions): GraphqlHandler {
  const { schema, finder, readParams, answerStream, executor, largeBodies, suggestions, log } = options;
  const toPublicError = createPublicErrors({ suggestions });
  const yoga = createYoga<ServerContext>({
    schema,
    graphqlEndpoint: '/graphql',
    landingPage: false,
    graphiql: false,
    batching: false,
    multipart: false,
    cors: false,
    // `readParams` counts the bytes itself: Yoga's way of counting costs up to 40 % of a small request.
    maxRequestBodySize: false,
    // `operations` keeps documents, bounded by their length.
    parserAndValidationCache: false,
    // `usePublicErrors` logs bugs with the request's id. Nothing else is logged.
    logging: false,
    maskedErrors: { isDev: false, maskError: toPublicError },
    plugins: [
      useRequestParams(readParams, answerStream),
      useOperations(finder),
      executor,
      usePublicErrors(toPublicError, log),
      useRequestLog(),
    ],
  });

  return async (incoming, context) => {
    const request = withPlainAccept(incoming);
    try {
      return finished(await yoga.handleRequest(request, context), context.requestId);
    } finally {
      largeBodies.leave(request);
    }
  };
}

function finished(answer: Response, requestId: string): Response {
  if (answer.headers.get('content-type') === 'text/event-stream') return asEventStream(answer);
  return answer.body === null && answer.status >= 400 ? explained(answer, requestId) : answer;
}

/**
 * The result of a query or mutation as an event stream, by graphql-sse's distinct connections: one `next`, then `complete`.
 * Errors are reported in a stream with status 200: of a 400, such clients show the status alone.
 */
function asEventStream({ status, headers, body }: Response): Response {
  return new Response(body, {
    status: status === 400 ? 200 : status,
    headers: { ...Object.fromEntries(headers), ...SSE.headers },
  });
}

/** Yoga answers some requests with a status alone. */
function explained({ status }: Response, requestId: string): Response {
  const message = 'The request cannot be answered.';
  return failureResponse({ code: 'BAD_USER_INPUT', message, retryable: false }, { requestId, status });
}
