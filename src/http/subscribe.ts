import { getOperationAST } from 'graphql';
import { parseDocument } from '../graphql/parse-document.ts';
import type { GraphqlParams } from './raw-params.ts';
import type { ReadParams } from './read-params.ts';
import { answerStream, type StreamDeps } from './stream.ts';

/** Past this a hub does not read an operation. */
const OPERATION_CHARS_MAX = 60_000;

/** Answers a subscription in the format that its client accepts. Null: it is something else, for the GraphQL server to answer. */
export async function answerSubscription(
  request: Request,
  readParams: (request: Request) => ReturnType<ReadParams>,
  deps: Omit<StreamDeps, 'lastCursor' | 'origin' | 'accept'>,
): Promise<Response | null> {
  if (request.method !== 'GET' && request.method !== 'POST') return null;
  // What is wrong with it is the GraphQL server's to say.
  const read = await readParams(request).catch(() => null);
  if (read === null || !isSubscription(read.params)) return null;
  const { query: _text, ...others } = read.params;
  // A hub that serves trusted documents only takes no text, and knows each by its id.
  const payload = read.documentId === null ? read.params : { documentId: read.documentId, ...others };
  if (JSON.stringify(payload).length > OPERATION_CHARS_MAX) return null;
  return answerStream(payload, {
    ...deps,
    origin: new URL(request.url).origin,
    accept: request.headers.get('accept'),
    // An EventSource that has seen no id sends none, a polyfill an empty one.
    lastCursor: request.headers.get('last-event-id') || null,
  });
}

function isSubscription({ query, operationName }: GraphqlParams): boolean {
  // Some clients accept a stream with every query: those need not be parsed for it.
  if (!query.includes('subscription')) return false;
  try {
    return getOperationAST(parseDocument(query), operationName ?? null)?.operation === 'subscription';
  } catch {
    return false;
  }
}
