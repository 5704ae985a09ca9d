import type { OperationFinder } from '../graphql/operation.ts';
import type { AnswerStream } from './plugins/use-request-params.ts';
import type { ReadRequest } from './read-params.ts';
import { answerStream, type StreamDeps, type StreamPayload } from './stream.ts';
import { streamFormatOf, UNCOMPRESSED } from './stream-format.ts';

/** Past this a hub does not read an operation. */
const OPERATION_CHARS_MAX = 60_000;

export interface AnswerStreamDeps extends Pick<StreamDeps, 'dial' | 'log'> {
  readonly finder: OperationFinder;
  readonly networkOf: (request: Request) => string | null;
  /** Whether streams pass through `wrangler dev`, which compresses them. */
  readonly isDevelopment: boolean;
}

/** Creates the function that answers a subscription in the format that its client accepts first. */
export function createAnswerStream(deps: AnswerStreamDeps): AnswerStream {
  const { finder, networkOf, isDevelopment, dial, log } = deps;

  function isSubscription({ query, operationName }: ReadRequest['params']): boolean {
    // Some clients accept a stream with every query.
    if (!query.includes('subscription')) return false;
    const found = finder.find(query, operationName);
    // Yoga answers what is refused, in the same format.
    return found.type === 'operation' && found.node.operation === 'subscription';
  }

  return async (request, read, { viewer, requestId }) => {
    const accept = request.headers.get('accept');
    const format = streamFormatOf(accept);
    if (format === null || !isSubscription(read.params)) return null;
    const payload = payloadOf(read);
    if (JSON.stringify(payload).length > OPERATION_CHARS_MAX) return null;
    const stream = await answerStream(payload, {
      dial,
      viewer,
      network: networkOf(request),
      requestId,
      accept,
      origin: new URL(request.url).origin,
      format,
      // An EventSource that has seen no id sends none, a polyfill an empty one.
      lastCursor: request.headers.get('last-event-id') || null,
      log,
    });
    if (isDevelopment) stream.headers.set(UNCOMPRESSED.name, UNCOMPRESSED.value);
    return stream;
  };
}

/** A hub that serves trusted documents only takes no text, and knows each document by its id. */
function payloadOf({ params, documentId }: ReadRequest): StreamPayload {
  if (documentId === null) return params;
  const { query: _text, ...others } = params;
  return { documentId, ...others };
}
