import { type DocumentNode, getOperationAST, GraphQLError, type GraphQLSchema } from 'graphql';
import { createYoga, isAsyncIterable, type Plugin } from 'graphql-yoga';
import type { GatewayContext } from '../context.ts';
import type { Log } from '../lib/log.ts';
import { failureResponse } from './failure-response.ts';
import { createBoundedCache } from '../lib/bounded-cache.ts';
import { parseDocument } from '../graphql/parse-document.ts';
import { bugBehind, createPublicErrors, type ToPublicError } from '../graphql/public-errors.ts';
import { createValidateDocument } from '../graphql/validate-document.ts';
import type { ReadParams } from './read-params.ts';
import { logBug, type RequestNotes } from './request-log.ts';
import { SSE } from './stream-format.ts';

const ENDPOINT = '/graphql';
/** As Yoga says it. */
const EVENT_STREAM = 'text/event-stream';
const OPERATION_NAME_CHARS_MAX = 100;
/** A parsed document takes some 30 times its length in memory, one of comments 50 times: 25 MB. Longer ones are mostly comments. */
const DOCUMENTS = { charsPerEntryMax: 8192, charsMax: 512 * 1024 };
const FAULTY_DOCUMENTS = { charsPerEntryMax: 2048, charsMax: 64 * 1024 };

export interface GraphqlOptions {
  readonly schema: GraphQLSchema;
  readonly readParams: ReadParams;
  /** Off: no introspection, and no message that suggests names of the schema. */
  readonly introspection: boolean;
  /** Gets one line for every bug that a resolver meets. */
  readonly log: Log;
}

/** Answers one request at `/graphql`. `context` is a plain object, made for this request; `notes` are filled in for the log. */
export type GraphqlHandler = (request: Request, context: GatewayContext, notes?: RequestNotes) => Promise<Response>;

interface ServerContext extends GatewayContext {
  readonly notes: RequestNotes;
}

/**
 * GraphQL over HTTP. Build it once per isolate: it holds the parsed documents. There is no request that it answers with
 * 500: what a client sends wrongly is `BAD_USER_INPUT` or `QUERY_TOO_COMPLEX` with a 4xx.
 */
export function createGraphqlHandler({ schema, readParams, introspection, log }: GraphqlOptions): GraphqlHandler {
  const toPublicError = createPublicErrors({ suggestions: introspection });
  const yoga = createYoga<ServerContext>({
    schema,
    graphqlEndpoint: ENDPOINT,
    landingPage: false,
    graphiql: false,
    batching: false,
    multipart: false,
    cors: false,
    // `readParams` counts the bytes itself: Yoga's way of counting costs up to 40 % of a small request.
    maxRequestBodySize: false,
    // Bugs are logged below, with the request's id; what is not a bug is not logged.
    logging: false,
    maskedErrors: { isDev: false, maskError: toPublicError },
    parserAndValidationCache: {
      documentCache: createBoundedCache<DocumentNode>(DOCUMENTS),
      errorCache: createBoundedCache<Error>(FAULTY_DOCUMENTS),
    },
    plugins: [useBounds({ readParams, introspection }), useErrors(toPublicError, log)],
  });

  return async (request, context, notes = {}) => {
    const answer = await yoga.handleRequest(request, { ...context, notes });
    if (answer.headers.get('content-type') === EVENT_STREAM) return asEventStream(answer);
    const response = answer.body === null && answer.status >= 400 ? explained(answer, context.requestId) : answer;
    response.headers.set('cache-control', 'private, no-store');
    response.headers.set('vary', 'Accept');
    response.headers.set('x-content-type-options', 'nosniff');
    return response;
  };
}

/**
 * A query or mutation whose client accepts Server-Sent Events first, by the protocol of distinct connections: one `next`
 * and `complete`. It has its errors reported in a stream that was accepted, since of a 400 such clients show nothing more.
 */
function asEventStream({ status, headers, body }: Response): Response {
  return new Response(body, {
    status: status === 400 ? 200 : status,
    headers: { ...Object.fromEntries(headers), ...SSE.headers },
  });
}

/** What is read, parsed and validated, and what is refused before that. */
function useBounds({
  readParams,
  introspection,
}: Pick<GraphqlOptions, 'readParams' | 'introspection'>): Plugin<ServerContext> {
  const validate = createValidateDocument(introspection);
  return {
    onRequestParse({ setRequestParser }) {
      setRequestParser(async (request) => (await readParams(request)).params);
    },
    onParse({ setParseFn }) {
      setParseFn((source: unknown) => parseDocument(String(source)));
    },
    onValidate({ setValidationFn }) {
      setValidationFn(validate);
    },
    onExecute({ args, context }) {
      const operation = getOperationAST(args.document, args.operationName);
      if (operation === null || operation === undefined) return;
      context.notes.operationType = operation.operation;
      if (operation.name) context.notes.operationName = operation.name.value.slice(0, OPERATION_NAME_CHARS_MAX);
    },
  };
}

/** The last word on every error: each gets its public shape and the request's id, and each bug a line in the log. */
function useErrors(toPublicError: ToPublicError, log: Log): Plugin<object, ServerContext> {
  return {
    onResultProcess(hook) {
      const {
        result,
        serverContext: { requestId, notes },
      } = hook;
      if (isAsyncIterable(result) || Array.isArray(result) || result.errors === undefined) return;
      const errors = result.errors.map(toPublicError);
      // An abort in a resolver ends the whole request, and Yoga leaves no error of it.
      if (errors.length === 0) errors.push(toPublicError(new Error('the request was aborted inside')));
      for (const error of errors) {
        const bug = bugBehind(error);
        if (bug !== null) logBug(log, requestId, bug);
      }
      notes.errorCodes = [...new Set(errors.map(({ extensions }) => String(extensions['code'])))];
      hook.setResult({ ...result, errors: errors.map((error) => withRequestId(error, requestId)) });
    },
  };
}

function withRequestId(error: GraphQLError, requestId: string): GraphQLError {
  const { message, nodes, source, positions, path, extensions } = error;
  return new GraphQLError(message, {
    nodes: nodes ?? null,
    source: source ?? null,
    positions: positions ?? null,
    path: path ?? null,
    extensions: { ...extensions, requestId },
  });
}

/** Yoga answers some requests with a status alone, such as one that accepts no format it has. */
function explained(answer: Response, requestId: string): Response {
  const message =
    answer.status === 406
      ? 'None of the accepted formats can be made: accept application/json or application/graphql-response+json.'
      : 'The request cannot be answered.';
  return failureResponse({ code: 'BAD_USER_INPUT', message, retryable: false }, { requestId, status: answer.status });
}
