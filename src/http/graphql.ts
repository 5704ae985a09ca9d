import { type ExecutionResult, type GraphQLSchema, OperationTypeNode } from 'graphql';
import type { GatewayContext } from '../context.ts';
import { createPrepare } from '../graphql/prepare.ts';
import { createValidateDocument } from '../graphql/validate-document.ts';
import type { Log } from '../lib/log.ts';
import { acceptsNothing, jsonTypeOf, type JsonType } from './accept.ts';
import { VARY } from './cors.ts';
import { failureResponse } from './failure-response.ts';
import type { ReadParams } from './read-params.ts';
import type { RequestTrace } from './request-log.ts';
import { createSecuredHeaders } from './security-headers.ts';
import { createYogaHandler } from './yoga-handler.ts';

const OPERATION_NAME_CHARS_MAX = 100;

const HEADERS = {
  'application/json': headersOf('application/json'),
  'application/graphql-response+json': headersOf('application/graphql-response+json'),
} as const satisfies Record<JsonType, Headers>;

function headersOf(type: JsonType): Headers {
  return createSecuredHeaders({
    'content-type': `${type}; charset=utf-8`,
    'cache-control': 'private, no-store',
    vary: VARY,
  });
}

export interface GraphqlOptions {
  readonly schema: GraphQLSchema;
  readonly readParams: ReadParams;
  /** Off: no introspection, and no message that suggests names of the schema. */
  readonly introspection: boolean;
  /** Gets one line for every bug that a resolver meets. */
  readonly log: Log;
}

/** Answers one request at `/graphql`. `context` and `trace` are made for this request; its notes are filled in for the log. */
export type GraphqlHandler = (request: Request, context: GatewayContext, trace: RequestTrace) => Promise<Response>;

/**
 * GraphQL over HTTP. Build it once per isolate: it holds the prepared operations. There is no request that it answers with
 * 500: what a client sends wrongly is `BAD_USER_INPUT` or `QUERY_TOO_COMPLEX` with a 4xx. A plain result is answered here;
 * all that there is more to say about, Yoga says.
 */
export function createGraphqlHandler({ schema, readParams, introspection, log }: GraphqlOptions): GraphqlHandler {
  const validate = createValidateDocument(introspection);
  const prepare = createPrepare(schema, validate);
  const answerByYoga = createYogaHandler({ schema, readParams, validate, suggestions: introspection, log });

  /** Null: there is something wrong with the request, and nothing was run. */
  async function resultOf(
    request: Request,
    context: GatewayContext,
    { notes }: RequestTrace,
  ): Promise<ExecutionResult | null> {
    const read = await readParams(request, context.viewer.tenant).catch(() => null);
    const operation = read === null ? null : prepare(read.params);
    if (read === null || operation === null || operation.type === OperationTypeNode.SUBSCRIPTION) return null;
    if (operation.type === OperationTypeNode.MUTATION && request.method !== 'POST') return null;
    notes.operationType = operation.type;
    if (operation.name !== null) notes.operationName = operation.name.slice(0, OPERATION_NAME_CHARS_MAX);
    return await operation.run(context, read.params.variables);
  }

  return async (request, context, trace) => {
    const accept = request.headers.get('accept');
    // Before anything is run: nobody would see how it ended.
    if (acceptsNothing(accept)) return notAcceptable(context.requestId);
    const result = await resultOf(request, context, trace);
    const type = jsonTypeOf(accept);
    if (result === null || result.errors !== undefined || type === null)
      return answerByYoga(request, { ...trace, result, tenant: context.viewer.tenant });
    return new Response(JSON.stringify(result), { headers: HEADERS[type] });
  };
}

function notAcceptable(requestId: string): Response {
  const message =
    'None of the accepted formats can be made: accept application/json or application/graphql-response+json.';
  return failureResponse({ code: 'BAD_USER_INPUT', message, retryable: false }, { requestId, status: 406 });
}
