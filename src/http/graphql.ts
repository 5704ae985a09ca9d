import { type ExecutionArgs, type ExecutionResult, getOperationAST, type GraphQLSchema } from 'graphql';
import { createYoga, isAsyncIterable, type Plugin } from 'graphql-yoga';
import type { GatewayContext } from '../domain/ports.ts';
import { execute } from '../engine/run.ts';
import {
  bugBehind,
  codesOf,
  createPublicErrors,
  FIELD_ERRORS_MAX,
  type ToPublicError,
  withRequestId,
} from '../graphql/errors.ts';
import { coerceVariables, type OperationFinder } from '../graphql/operation.ts';
import { type Log, logBug } from '../lib/log.ts';
import type { LargeBodies } from './limits.ts';
import { noteError, type RequestTrace } from './log.ts';
import { isUtf8, type ReadParams } from './read-params.ts';
import { respond, respondFailure } from './respond.ts';
import { type AnswerStream, SSE, STREAM_CACHE_CONTROL } from './stream.ts';

/** The context of Yoga's plugins and the resolvers. */
export type ServerContext = GatewayContext & { readonly trace: RequestTrace };

/** The options and dependencies of `createGraphqlHandler`. */
export interface GraphqlOptions {
  readonly schema: GraphQLSchema;
  readonly finder: OperationFinder;
  readonly readParams: ReadParams;
  readonly answerStream: AnswerStream;
  /** Installs the executor. If false, Yoga's own runs operations. */
  readonly executor: Plugin | false;
  readonly largeBodies: Pick<LargeBodies, 'leave'>;
  /** If false, no message suggests names of the schema. */
  readonly suggestions: boolean;
  /** Gets one line for every bug that a resolver meets. */
  readonly log: Log;
}

/** Answers one request at `/graphql`. Yoga adds to `context`, which is created for this request. */
export type GraphqlHandler = (request: Request, context: ServerContext) => Promise<Response>;

/**
 * Creates the server for every query, mutation and HTTP subscription. Build it once per isolate. Answers a mistake of the
 * client's with `BAD_USER_INPUT` or `QUERY_TOO_COMPLEX` and a 4xx, never with 500.
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
    // `readParams` counts the bytes. Yoga's own counting costs up to 40 % of a small request.
    maxRequestBodySize: false,
    // `finder` caches documents, bounded by their length.
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
      return completed(await yoga.handleRequest(request, context), context.requestId);
    } finally {
      largeBodies.leave(request);
    }
  };
}

function completed(response: Response, requestId: string): Response {
  if (response.headers.get('content-type') === 'text/event-stream') return asEventStream(response);
  return response.body === null && response.status >= 400 ? explained(response, requestId) : response;
}

/**
 * Completes the headers of a query or mutation that is answered as an event stream (graphql-sse, distinct connections).
 * Errors are sent with status 200, because these clients report only the status of a 400.
 */
function asEventStream({ status, headers, body }: Response): Response {
  return respond({
    status: status === 400 ? 200 : status,
    body,
    contentType: SSE.contentType,
    cacheControl: STREAM_CACHE_CONTROL,
    headers: Object.fromEntries(headers),
  });
}

/** Adds an error to a status that Yoga sends without a body. */
function explained({ status }: Response, requestId: string): Response {
  const message = 'The request cannot be answered.';
  return respondFailure({ code: 'BAD_USER_INPUT', message, retryable: false }, { requestId, status });
}

/**
 * Reads the parameters of a request, and the text of a document that it names by an id or a hash. Answers subscriptions
 * itself, because a hub runs them.
 */
function useRequestParams(readParams: ReadParams, answerStream: AnswerStream): Plugin<ServerContext, ServerContext> {
  return {
    onRequestParse({ request, serverContext, setRequestParser, endResponse }) {
      if (acceptsNothing(request.headers.get('accept'))) return endResponse(notAcceptable(serverContext.requestId));
      setRequestParser(async () => {
        const read = await readParams(request, serverContext.viewer.tenant);
        // Some clients accept a stream with every query.
        if (!read.params.query.includes('subscription')) return read.params;
        return (await answerStream(request, read, serverContext)) ?? read.params;
      });
    },
  };
}

/** Refuses before anything runs. Yoga would refuse a mutation after it has run. */
function notAcceptable(requestId: string): Response {
  const message =
    'None of the accepted formats can be made: accept application/json or application/graphql-response+json.';
  return respondFailure({ code: 'BAD_USER_INPUT', message, retryable: false }, { requestId, status: 406 });
}

/** Parses, validates and limits operations with the module that the hubs use. */
function useOperations(finder: OperationFinder): Plugin<ServerContext, ServerContext> {
  function checkVariables(
    { schema, document, operationName, variableValues }: ExecutionArgs,
    setResultAndStopExecution: (result: ExecutionResult) => void,
  ): void {
    const operation = finder.select(document, operationName);
    if (operation.type === 'refusal') return setResultAndStopExecution({ errors: operation.errors });
    const variables = coerceVariables(schema, operation.node.variableDefinitions ?? [], variableValues ?? {});
    if (variables.type === 'refusal') setResultAndStopExecution({ errors: variables.errors });
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
      checkVariables(args, setResultAndStopExecution);
    },
    onSubscribe({ args, setResultAndStopExecution }) {
      checkVariables(args, setResultAndStopExecution);
    },
  };
}

/** Runs operations with the compiled executor. Without this plugin Yoga's executor gives the same results, with more CPU. */
export function useCompiledExecutor(): Plugin {
  return {
    onExecute({ setExecuteFn }) {
      setExecuteFn((args: ExecutionArgs) => execute(args, { errorsMax: FIELD_ERRORS_MAX }));
    },
  };
}

/** Gives every error its public form and the request's id, and logs each bug once. */
function usePublicErrors(toPublicError: ToPublicError, log: Log): Plugin<ServerContext, ServerContext> {
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

const OPERATION_NAME_CHARS_MAX = 100;

/** Adds the operation and the codes of errors to the request's log line. Comes after `usePublicErrors`, which sets the codes. */
function useRequestLog(): Plugin<ServerContext, ServerContext> {
  return {
    onExecute({ args: { document, operationName }, context: { trace } }) {
      const operation = getOperationAST(document, operationName);
      if (!operation) return;
      trace.notes.operationType = operation.operation;
      if (operation.name) trace.notes.operationName = operation.name.value.slice(0, OPERATION_NAME_CHARS_MAX);
    },
    onResultProcess({ result, serverContext: { trace } }) {
      if (isAsyncIterable(result) || Array.isArray(result) || result.errors === undefined) return;
      for (const code of codesOf(result.errors)) noteError(trace, code);
    },
  };
}

/** The media types of results, and the ranges that include them. */
const ACCEPTABLE = new Set([
  'application/json',
  'application/graphql-response+json',
  'application/*',
  '*/*',
  '*/json',
  '*/graphql-response+json',
  'text/event-stream',
  'text/*',
  'multipart/mixed',
  'multipart/*',
  '*/event-stream',
  '*/mixed',
]);

/** Returns true if a client accepts none of the formats of results. */
export function acceptsNothing(accept: string | null): boolean {
  if (accept === null || accept === '') return false;
  return !rangesOf(accept).some((range) => ACCEPTABLE.has(range.split(';', 1)[0] ?? ''));
}

/**
 * Removes charsets from `accept`, and media types in another charset than UTF-8. Yoga understands only the spelling
 * `charset=utf-8`.
 */
export function withPlainAccept(request: Request): Request {
  const accept = request.headers.get('accept');
  if (accept === null || !accept.toLowerCase().includes('charset')) return request;
  const headers = new Headers(request.headers);
  headers.set('accept', rangesOf(accept).join(', '));
  return new Request(request, { headers });
}

/** Returns the media ranges in order, without blanks and charsets. Leaves out ranges in another charset than UTF-8. */
function rangesOf(accept: string): string[] {
  return accept
    .replaceAll(/\s/g, '')
    .toLowerCase()
    .split(',')
    .flatMap((range) => {
      const parts = range.split(';');
      const charset = parts.find((part) => part.startsWith('charset='))?.slice('charset='.length);
      if (charset === undefined) return [range];
      return isUtf8(charset) ? [parts.filter((part) => !part.startsWith('charset=')).join(';')] : [];
    });
}
