import type { DocumentNode, GraphQLSchema } from 'graphql';
import { createAudioInputs } from '../graphql/audio-inputs.ts';
import { documentIdOf, type Documents } from '../graphql/documents.ts';
import { parseDocument } from '../graphql/parse-document.ts';
import { requestError } from '../graphql/request-error.ts';
import type { StartTimer } from '../lib/timer.ts';
import { isUtf8 } from './accept.ts';
import { parseBodyJson, parseJson } from './body-json.ts';
import type { LargeBodies } from './large-bodies.ts';
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
 * Reads the parameters of a request, once, however often they are asked for. `tenant`: the caller's, whose token has been
 * checked. GET carries them in the URL, POST in JSON and nothing else: any site may send a form without asking. Keys that
 * the specification does not know are dropped, as it demands. Throws request errors only.
 */
export type ReadParams = (request: Request, tenant: string) => Promise<ReadRequest>;

export interface ReadParamsDeps {
  readonly schema: GraphQLSchema;
  readonly documents: Documents;
  readonly limits: BodyLimits;
  /** A request that enters has to leave once it is answered. */
  readonly largeBodies: Pick<LargeBodies, 'enter'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly startTimer: StartTimer;
}

/** Build it once per isolate. */
export function createReadParams({
  schema,
  documents,
  limits,
  largeBodies,
  now,
  startTimer,
}: ReadParamsDeps): ReadParams {
  const audioInputs = createAudioInputs(schema);
  const reads = new WeakMap<Request, Promise<ReadRequest>>();

  async function read(request: Request, tenant: string): Promise<ReadRequest> {
    if (isGet(request)) return await found(toParams(fromUrl(request.url)));
    const admitLarge = (): Promise<void> => largeBodies.enter(request, tenant);
    const bytes = await readBody(request, limits, { now, startTimer, admitLarge });
    const { json, unescapedBytes } = parseBodyJson(bytes, limits);
    const raw = toParams(json);
    if (bytes.byteLength <= limits.bytesMax) return await found(raw);
    if (raw.query !== null && raw.query.length > limits.bytesMax) throw tooLarge(limits, 'The document is too long.');
    const large = await found(raw);
    checkLarge(large.params, unescapedBytes);
    return large;
  }

  async function found({ query, documentId, ...others }: RawParams): Promise<ReadRequest> {
    const document = await documents.find({ query, documentId, extensions: others.extensions ?? null });
    return { params: { query: document.text, ...others }, documentId: document.documentId };
  }

  /** A large body is for audio, and for nothing else. */
  function checkLarge({ query, operationName, variables }: GraphqlParams, unescapedBytes: number): void {
    const chars = audioInputs.countChars(parseLarge(query), operationName, variables ?? {});
    if (chars === null) throw tooLarge(limits, 'This document has no such mutation.');
    const others = unescapedBytes - chars;
    if (others > limits.bytesMax) throw tooLarge(limits, `Beside the audio this one has ${others} bytes.`);
  }

  function parseLarge(query: string): DocumentNode {
    try {
      return parseDocument(query);
    } catch (error) {
      throw tooLarge(limits, `This document cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  return (request, tenant) => {
    const known = reads.get(request);
    if (known !== undefined) return known;
    const reading = read(request, tenant);
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
