import type { DocumentNode, GraphQLSchema } from 'graphql';
import { createAudioInputs } from '../graphql/audio-inputs.ts';
import { documentIdOf, type Documents } from '../graphql/documents.ts';
import { requestError } from '../graphql/errors.ts';
import { JSON_DEPTH_MAX, jsonDepth, measureLongStrings, parseDocument } from '../graphql/limits.ts';
import type { StartTimer } from '../lib/deadline.ts';
import { isRecord } from '../lib/json.ts';
import type { LargeBodies } from './large-bodies.ts';
import { type Body, type BodyLimits, readBody, tooLarge } from './read-body.ts';

/** The parameters of a request, with the text of its document. */
export interface ReadRequest {
  /** `query` is the text of the document, also if the request named the document by an id or a hash. */
  readonly params: GraphqlParams;
  /** The id in the manifest by which the request named its document. Null if it named it differently. */
  readonly documentId: string | null;
}

/**
 * Reads the parameters of a request: from the URL of a GET, or the JSON of a POST. Accepts no other content, because any
 * site can send a form without a preflight. Ignores unknown keys, as the specification demands. `tenant` is the caller's.
 * Throws only request errors.
 */
export type ReadParams = (request: Request, tenant: string) => Promise<ReadRequest>;

/** The dependencies of `createReadParams`. */
export interface ReadParamsDeps {
  readonly schema: GraphQLSchema;
  readonly documents: Documents;
  readonly limits: BodyLimits;
  /** The caller of `ReadParams` calls `leave` after the request is answered. */
  readonly largeBodies: Pick<LargeBodies, 'enter'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly startTimer: StartTimer;
}

/** Creates the function. Build it once per isolate, because it reads the inputs with audio from the schema. */
export function createReadParams({
  schema,
  documents,
  limits,
  largeBodies,
  now,
  startTimer,
}: ReadParamsDeps): ReadParams {
  const audioInputs = createAudioInputs(schema);

  async function read(request: Request, tenant: string): Promise<ReadRequest> {
    if (methodOf(request) === 'GET') {
      checkNoContent(request.headers);
      return await find(toParams(fromUrl(request.url)));
    }
    checkJsonContent(request.headers);
    const admitLarge = (): Promise<void> => largeBodies.enter(request, tenant);
    const body = await readBody(request, limits, { now, startTimer, admitLarge });
    const isLarge = body.bytes > limits.bytesMax;
    const { json, unescapedBytes } = parseBodyJson(body, limits);
    const raw = toParams(json);
    if (isLarge && (raw.query?.length ?? 0) > limits.bytesMax) throw tooLarge(limits, 'The document is too long.');
    const found = await find(raw);
    if (isLarge) checkAudio(found.params, unescapedBytes);
    return found;
  }

  async function find({ query, documentId, ...others }: RawParams): Promise<ReadRequest> {
    const document = await documents.find({ query, documentId, extensions: others.extensions ?? null });
    return { params: { query: document.text, ...others }, documentId: document.documentId };
  }

  /** Throws a request error if a large body has more than `bytesMax` bytes besides the audio of the mutation that it runs. */
  function checkAudio({ query, operationName, variables }: GraphqlParams, unescapedBytes: number): void {
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

  return read;
}

/** The parameters of a GraphQL request, as the GraphQL-over-HTTP specification names them. */
export interface GraphqlParams {
  readonly query: string;
  readonly operationName?: string;
  readonly variables?: Record<string, unknown>;
  readonly extensions?: Record<string, unknown>;
}

/** The parameters of a request whose types have been checked. */
interface RawParams extends Omit<GraphqlParams, 'query'> {
  readonly query: string | null;
  readonly documentId: string | null;
}

/** Returns the method. Throws a request error (405) for any other than GET and POST. */
function methodOf({ method }: Request): 'GET' | 'POST' {
  if (method === 'GET' || method === 'POST') return method;
  throw requestError('BAD_USER_INPUT', 'Only GET and POST are supported.', 405, { Allow: 'GET, POST' });
}

/** Throws a request error (415) for a GET with a content type. Allows that of JSON, which some clients send with a GET. */
function checkNoContent(headers: Headers): void {
  const mediaType = mediaTypeOf(headers.get('content-type') ?? 'application/json');
  if (mediaType !== 'application/json') throw unsupported('A GET has no content: leave the content-type out.');
}

/** Throws a request error (415) unless the content is plain JSON in UTF-8. Any page can send a form without a preflight. */
function checkJsonContent(headers: Headers): void {
  const contentType = headers.get('content-type') ?? '';
  if (mediaTypeOf(contentType) !== 'application/json') throw unsupported('The content-type must be application/json.');
  const charset = /;\s*charset\s*=\s*"?([^";]*)/i.exec(contentType)?.[1]?.trim();
  if (charset !== undefined && !isUtf8(charset)) throw unsupported('The charset must be utf-8.');
  const encoding = headers.get('content-encoding');
  if (encoding !== null && encoding !== 'identity') throw unsupported('The content must not be encoded.');
}

/** Returns true if a charset is UTF-8. Some clients add quotes, or leave out the hyphen. */
export function isUtf8(charset: string): boolean {
  return ['utf-8', 'utf8', '"utf-8"', '"utf8"'].includes(charset.toLowerCase());
}

function mediaTypeOf(contentType: string): string {
  return contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** Returns the parameters of a GET. Their types are not checked yet. */
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

/** Checks the type of each parameter, and drops unknown keys. Throws a request error (400) for a wrong type. */
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

function malformed(message: string) {
  return requestError('BAD_USER_INPUT', message, 400);
}

function unsupported(message: string) {
  return requestError('BAD_USER_INPUT', message, 415);
}

/** The JSON of a body, and its size. */
interface BodyJson {
  readonly json: unknown;
  /** The bytes of the body. An escape in a long string of a large body counts as one byte. */
  readonly unescapedBytes: number;
}

/**
 * Parses the JSON of a body. Throws a request error if it is not JSON or is nested too deep (400). Throws one if a large
 * body has more than `bytesMax` bytes outside long strings (413): millions of small values take many times their bytes.
 */
export function parseBodyJson({ text, bytes }: Body, limits: BodyLimits): BodyJson {
  if (bytes <= limits.bytesMax) return { json: parseJson(text, 'The body'), unescapedBytes: bytes };
  const { chars, escapeChars } = measureLongStrings(text);
  if (bytes - chars > limits.bytesMax) throw tooLarge(limits);
  return { json: parseJson(text, 'The body'), unescapedBytes: bytes - escapeChars };
}

/** Parses JSON that a client sent. `what` names it in error messages. */
function parseJson(text: string, what: string): unknown {
  if (jsonDepth(text, JSON_DEPTH_MAX) > JSON_DEPTH_MAX) {
    throw requestError('QUERY_TOO_COMPLEX', `${what} is nested deeper than ${JSON_DEPTH_MAX}.`, 400);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw requestError('BAD_USER_INPUT', `${what} must be JSON.`, 400);
  }
}
