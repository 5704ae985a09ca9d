import { getOperationAST } from 'graphql';
import { parseDocument } from '../graphql/parse-document.ts';
import { readParams, type GraphqlParams } from './read-params.ts';
import { answerStream, type StreamDeps } from './stream.ts';
import { streamFormatOf } from './stream-format.ts';

/** Past this a hub does not read an operation. */
const OPERATION_CHARS_MAX = 60_000;

/**
 * Answers a subscription whose client accepts a stream. Anything else comes back as a request that can still be read,
 * for the GraphQL server to answer.
 */
export async function answerSubscription(
  request: Request,
  bodyBytesMax: number,
  deps: Omit<StreamDeps, 'format' | 'lastCursor' | 'origin'>,
): Promise<Response | Request> {
  const format = streamFormatOf(request.headers.get('accept'));
  if (format === null || !(request.method === 'GET' || request.method === 'POST')) return request;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the types of the copy differ in `cf` alone
  const copy = request.clone() as Request;
  const params = await readParams(request, bodyBytesMax).catch(() => null);
  if (params === null || !isSubscription(params)) return copy;
  if (JSON.stringify(params).length > OPERATION_CHARS_MAX) return copy;
  return answerStream(params, {
    ...deps,
    format,
    origin: new URL(request.url).origin,
    // An EventSource that has seen no id sends none, a polyfill an empty one.
    lastCursor: request.headers.get('last-event-id') || null,
  });
}

function isSubscription({ query, operationName }: GraphqlParams): boolean {
  try {
    return getOperationAST(parseDocument(query), operationName ?? null)?.operation === 'subscription';
  } catch {
    // What is wrong with it is the GraphQL server's to say.
    return false;
  }
}
