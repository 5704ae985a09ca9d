import { type GraphQLSchema, type ExecutionArgs, type ExecutionResult, getOperationAST } from 'graphql';
import { isUtf8, type ReadParams, type ReadRequest } from './read-params.ts';
import { createYoga, type Plugin, isAsyncIterable } from 'graphql-yoga';
import type { OperationFinder } from '../graphql/operation.ts';
import {
  createPublicErrors,
  FIELD_ERRORS_MAX,
  bugBehind,
  type ToPublicError,
  withRequestId,
  codesOf,
} from '../graphql/errors.ts';
import { type Log, logBug } from '../lib/log.ts';
import { failureResponse } from './respond.ts';
import type { LargeBodies } from './large-bodies.ts';
import { SSE } from './stream-format.ts';
import { coerceVariables } from '../graphql/variables.ts';
import { execute } from '../engine/run.ts';
import type { RequestTrace } from './log.ts';
import type { GatewayContext } from '../context.ts';

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

/** Parses, validates and limits as hubs do, with the same module. */
export function useOperations(finder: OperationFinder): Plugin<ServerContext, ServerContext> {
  /** The errors of an operation's variables, with the bounds that graphql has no option for. */
  function refuseVariables(
    { schema, document, operationName, variableValues }: ExecutionArgs,
    setResultAndStopExecution: (result: ExecutionResult) => void,
  ): void {
    const operation = finder.select(document, operationName);
    if (operation.type === 'refusal') return setResultAndStopExecution({ errors: operation.errors });
    const coerced = coerceVariables(schema, operation.node.variableDefinitions ?? [], variableValues ?? {});
    if (coerced.type === 'refusal') setResultAndStopExecution({ errors: coerced.errors });
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

/** Runs operations on the compiled executor. Without this plugin Yoga's own executor answers the same, with more CPU. */
export function useCompiledExecutor(): Plugin {
  return {
    onExecute({ setExecuteFn }) {
      setExecuteFn((args: ExecutionArgs) => execute(args, { errorsMax: FIELD_ERRORS_MAX }));
    },
  };
}

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

/** What Yoga's plugins and the resolvers get of a request. */
export type ServerContext = GatewayContext & { readonly trace: RequestTrace };

/** The media types that results are sent as, and the ranges that cover them. */
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

/** Returns true if a client accepts none of the formats that results are sent in. */
export function acceptsNothing(accept: string | null): boolean {
  return accept !== null && accept !== '' && !mediaTypesOf(accept).some((mediaType) => ACCEPTABLE.has(mediaType));
}

/**
 * Removes charsets from `accept`, and media types in another charset than UTF-8: Yoga knows no spelling but
 * `charset=utf-8`.
 */
export function withPlainAccept(request: Request): Request {
  const accept = request.headers.get('accept');
  if (accept === null || !accept.toLowerCase().includes('charset')) return request;
  const headers = new Headers(request.headers);
  headers.set('accept', rangesOf(accept).join(', '));
  return new Request(request, { headers });
}

function mediaTypesOf(accept: string): string[] {
  return rangesOf(accept).map((range) => range.split(';', 1)[0] ?? '');
}

/** In order and without blanks and charsets. Those in another charset than UTF-8 are left out. */
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
