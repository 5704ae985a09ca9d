import { type DocumentNode, type ExecutionResult, type GraphQLSchema } from 'graphql';
import { createYoga, isAsyncIterable, type Plugin } from 'graphql-yoga';
import { parseDocument } from '../graphql/parse-document.ts';
import { bugBehind, createPublicErrors, type ToPublicError, withRequestId } from '../graphql/public-errors.ts';
import type { ValidateDocument } from '../graphql/validate-document.ts';
import { createBoundedCache } from '../lib/bounded-cache.ts';
import { logBug, type Log } from '../lib/log.ts';
import { VARY } from './cors.ts';
import { failureResponse } from './failure-response.ts';
import type { ReadParams } from './read-params.ts';
import type { RequestTrace } from './request-log.ts';
import { SSE } from './stream-format.ts';

const ENDPOINT = '/graphql';
/** As Yoga says it. */
const EVENT_STREAM = 'text/event-stream';
/** Of what is refused: the others are not read again. */
const DOCUMENTS = { charsPerEntryMax: 2048, charsMax: 64 * 1024 };

export interface YogaOptions {
  readonly schema: GraphQLSchema;
  readonly readParams: ReadParams;
  readonly validate: ValidateDocument;
  /** Off: no message suggests names of the schema. */
  readonly suggestions: boolean;
  /** Gets one line for every bug that a resolver met. */
  readonly log: Log;
}

/** What Yoga is given of a request. */
export interface ServerContext extends RequestTrace {
  readonly tenant: string;
  /** What the operation has ended with; null: it was not run, since something is wrong with the request. */
  readonly result: ExecutionResult | null;
}

/**
 * Says over HTTP how an operation has ended, or why it cannot be run: statuses, formats, errors. Build it once per isolate.
 */
export function createYogaHandler({ schema, readParams, validate, suggestions, log }: YogaOptions) {
  const toPublicError = createPublicErrors({ suggestions });
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
      errorCache: createBoundedCache<Error>(DOCUMENTS),
    },
    plugins: [useBounds({ readParams, validate }), useErrors(toPublicError, log)],
  });

  return async (request: Request, context: ServerContext): Promise<Response> => {
    const answer = await yoga.handleRequest(request, context);
    if (answer.headers.get('content-type') === EVENT_STREAM) return asEventStream(answer);
    const response = answer.body === null && answer.status >= 400 ? explained(answer, context.requestId) : answer;
    response.headers.set('cache-control', 'private, no-store');
    response.headers.set('vary', VARY);
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
  validate,
}: Pick<YogaOptions, 'readParams' | 'validate'>): Plugin<object, ServerContext> {
  return {
    onRequestParse({ serverContext, setRequestParser }) {
      setRequestParser(async (request) => (await readParams(request, serverContext.tenant)).params);
    },
    onParams({ context: { result }, setResult }) {
      if (result !== null) setResult(result);
    },
    onParse({ setParseFn }) {
      setParseFn((source: unknown) => parseDocument(String(source)));
    },
    onValidate({ setValidationFn }) {
      setValidationFn(validate);
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
      for (const error of errors) {
        const bug = bugBehind(error);
        if (bug !== null) logBug(log, requestId, bug);
      }
      notes.errorCodes = [...new Set(errors.map(({ extensions }) => String(extensions['code'])))];
      hook.setResult({ ...result, errors: errors.map((error) => withRequestId(error, requestId)) });
    },
  };
}

/** Yoga answers some requests with a status alone. */
function explained({ status }: Response, requestId: string): Response {
  const message = 'The request cannot be answered.';
  return failureResponse({ code: 'BAD_USER_INPUT', message, retryable: false }, { requestId, status });
}
