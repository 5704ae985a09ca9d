import type { GraphQLSchema } from 'graphql';
import { createBase64Inputs, type IsBase64Place } from '../graphql/base64-inputs.ts';
import { documentIdOf, type Documents } from '../graphql/documents.ts';
import { parseDocument } from '../graphql/parse-document.ts';
import { requestError } from '../graphql/request-error.ts';
import type { StartTimer } from '../lib/timer.ts';
import { type BodyJson, parseBodyJson, parseJson } from './body-json.ts';
import { isUtf8 } from './accept.ts';
import { type BodyLimits, readBody, tooLarge } from './read-body.ts';

/** A GraphQL request as the GraphQL-over-HTTP specification has it. */
export interface GraphqlParams {
  readonly query: string;
  readonly operationName?: string;
  readonly variables?: Record<string, unknown>;
  readonly extensions?: Record<string, unknown>;
}

export interface ReadRequest {
  /** With the text of the document, however the request named it. */
  readonly params: GraphqlParams;
  /** Set when the request named a document of the manifest. */
  readonly documentId: string | null;
}

/**
 * The parameters of a request, read once, by the first timer, however often they are asked for. GET carries them in the
 * URL, POST in JSON and nothing else: a form can be sent by any site without asking. Keys that the specification does not
 * know are dropped, as it demands. Throws request errors only.
 */
export type ReadParams = (request: Request, startTimer: StartTimer) => Promise<ReadRequest>;

export interface ReadParamsDeps {
  readonly schema: GraphQLSchema;
  readonly documents: Documents;
  readonly limits: BodyLimits;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Build it once per isolate. */
export function createReadParams({ schema, documents, limits, now }: ReadParamsDeps): ReadParams {
  const base64Inputs = createBase64Inputs(schema);
  const reads = new WeakMap<Request, Promise<ReadRequest>>();

  async function read(request: Request, startTimer: StartTimer): Promise<ReadRequest> {
    const body = isGet(request) ? null : parseBodyJson(await readBody(request, limits, { now, startTimer }));
    const { query, documentId, ...others } = toParams(body === null ? fromUrl(request.url) : body.json);
    const found = await documents.find({ query, documentId, extensions: others.extensions ?? null });
    const params = { query: found.text, ...others };
    const hasOmitted = body !== null && body.omittedCount > 0;
    return { params: hasOmitted ? withBase64(params, body) : params, documentId: found.documentId };
  }

  function withBase64(params: GraphqlParams, body: BodyJson): GraphqlParams {
    const isPlace = base64PlacesOf(params);
    const variables = isPlace === null ? null : body.restored(params.variables, isPlace);
    if (!isRecord(variables)) throw tooLarge(limits);
    return { ...params, variables };
  }

  function base64PlacesOf({ query, operationName }: GraphqlParams): IsBase64Place | null {
    try {
      return base64Inputs.placesOf(parseDocument(query), operationName);
    } catch {
      return null;
    }
  }

  return (request, startTimer) => {
    const known = reads.get(request);
    if (known !== undefined) return known;
    const reading = read(request, startTimer);
    reads.set(request, reading);
    return reading;
  };
}

/** False: a POST of JSON. Anything else is refused. */
function isGet(request: Request): boolean {
  const contentType = request.headers.get('content-type');
  const mediaType = contentType?.split(';', 1)[0]?.trim().toLowerCase() ?? null;
  if (request.method === 'GET') {
    if (mediaType !== null && mediaType !== 'application/json')
      throw unsupported('A GET has no content: leave the content-type out.');
    return true;
  }
  if (request.method !== 'POST') {
    throw requestError('BAD_USER_INPUT', 'Only GET and POST are supported.', 405, { Allow: 'GET, POST' });
  }
  if (mediaType !== 'application/json') throw unsupported('The content-type must be application/json.');
  const charset = /;\s*charset\s*=\s*"?([^";]*)/i.exec(contentType ?? '')?.[1]?.trim();
  if (charset !== undefined && !isUtf8(charset)) throw unsupported('The charset must be utf-8.');
  const encoding = request.headers.get('content-encoding');
  if (encoding !== null && encoding !== 'identity') throw unsupported('The content must not be encoded.');
  return false;
}

function fromUrl(url: string): Record<string, unknown> {
  const { searchParams } = new URL(url);
  return {
    ...Object.fromEntries(URL_TEXTS.map((name) => [name, searchParams.get(name)])),
    variables: fromUrlJson(searchParams, 'variables'),
    extensions: fromUrlJson(searchParams, 'extensions'),
  };
}

const URL_TEXTS = ['query', 'operationName', 'documentId', 'doc_id', 'id'];

function fromUrlJson(searchParams: URLSearchParams, name: string): unknown {
  const text = searchParams.get(name);
  return text === null || text === '' ? undefined : parseJson(text, `"${name}"`);
}

/** As they came, each of its type. */
interface RawParams extends Omit<GraphqlParams, 'query'> {
  readonly query: string | null;
  readonly documentId: string | null;
}

function toParams(body: unknown): RawParams {
  if (Array.isArray(body)) throw malformed('Batches are not supported: send one operation a request.');
  if (!isRecord(body)) throw malformed('The body must be a JSON object.');
  const { query, operationName, variables, extensions } = body;
  if (!isAbsent(query) && typeof query !== 'string') throw malformed('"query" must be a text with a GraphQL document.');
  if (!isAbsent(operationName) && typeof operationName !== 'string') throw malformed('"operationName" must be a text.');
  if (!isAbsent(variables) && !isRecord(variables)) throw malformed('"variables" must be an object.');
  if (!isAbsent(extensions) && !isRecord(extensions)) throw malformed('"extensions" must be an object.');
  return {
    query: query ?? null,
    documentId: documentIdOf(body),
    ...(typeof operationName === 'string' && operationName !== '' && { operationName }),
    ...(isRecord(variables) && { variables }),
    ...(isRecord(extensions) && { extensions }),
  };
}

function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function malformed(message: string) {
  return requestError('BAD_USER_INPUT', message, 400);
}

function unsupported(message: string) {
  return requestError('BAD_USER_INPUT', message, 415);
}
