import type { DocumentNode, GraphQLSchema } from 'graphql';
import { documentIdOf, type Documents } from '../graphql/documents.ts';
import { requestError } from '../graphql/errors.ts';
import { JSON_DEPTH_MAX, parseDocument } from '../graphql/limits.ts';
import { type Deadline, startDeadline, type StartTimer } from '../lib/time.ts';
import { isRecord, jsonDepth, measureLongStrings } from '../lib/json.ts';
import { createAudioInputs, type LargeBodies } from './limits.ts';

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

  /** Throws a request error if a large body has more than `bytesMax` bytes besides the audio of the operation that it runs. */
  function checkAudio({ query, operationName, variables }: GraphqlParams, unescapedBytes: number): void {
    const chars = audioInputs.countChars(parseLarge(query), operationName, variables ?? {});
    if (chars === null) throw tooLarge(limits, 'This document has no such operation.');
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

/** The limits of bodies, in bytes. */
export interface BodyLimits {
  /** The largest body without base64 audio. Also the most that a body with audio may hold beside it. */
  readonly bytesMax: number;
  /** The largest body with base64 audio. At least `bytesMax`. */
  readonly largeBytesMax: number;
}

/** The dependencies of `readBody`. */
export interface ReadBodyDeps {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly startTimer: StartTimer;
  /** Called once, when a body turns out to be larger than `bytesMax`. Throws to refuse the request. */
  readonly admitLarge: () => Promise<void>;
}

/** A body that was read, and its size before decoding. */
export interface Body {
  readonly text: string;
  readonly bytes: number;
}

/** The time for a body, or for the first `bytesMax` bytes of a large one. The rest of a large body gets 45 s more. */
const BODY_MS_MAX = 15_000;
const LARGE_BODY_MORE_MS_MAX = 45_000;

/** workerd's default of 4 KB takes three times the CPU for 7 MB. A client that sends nothing occupies one chunk. */
const CHUNK_BYTES_MAX = 131_072;

/**
 * Reads a body. Counts its bytes while they arrive, unless it declares a small length, which HTTP enforces. Throws a
 * request error if the body is too large (413), arrives too slowly (408), breaks off or is not UTF-8 (400).
 */
export async function readBody(
  request: Request,
  limits: BodyLimits,
  { now, startTimer, admitLarge }: ReadBodyDeps,
): Promise<Body> {
  const { bytesMax, largeBytesMax } = limits;
  const declaredBytes = Number(request.headers.get('content-length') ?? Number.NaN);
  if (declaredBytes > largeBytesMax) throw tooLarge(limits);
  const isDeclaredLarge = declaredBytes > bytesMax;
  if (isDeclaredLarge) await admitLarge();
  if (request.body === null) return { text: '', bytes: 0 };

  // Trade-off: a second way to read, because reading in chunks costs a tenth of a small request.
  if (declaredBytes <= bytesMax) return await readWhole(request, limits, { now, startTimer });

  const reader = request.body.getReader({ mode: 'byob' });
  // One byte more than expected, so that the same read finds the end.
  const chunkBytes = 1 + Math.min(bytesMax, CHUNK_BYTES_MAX);
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text = '';
  let bytes = 0;
  let isWhole = false;

  /** Reads until the body ends or has more than `max` bytes. */
  async function readUntil(max: number, timeoutMs: number): Promise<void> {
    const deadline = startDeadline({ timeoutMs, now, startTimer });
    try {
      while (!isWhole && bytes <= max) {
        const reading = reader.readAtLeast(chunkBytes, new Uint8Array(chunkBytes));
        const { value: chunk = new Uint8Array() } = await arrived(reading, deadline);
        isWhole = chunk.byteLength < chunkBytes;
        bytes += chunk.byteLength;
        text += decode(decoder, chunk, isWhole);
      }
    } finally {
      deadline.stop();
    }
  }

  try {
    await readUntil(bytesMax, BODY_MS_MAX);
    if (bytes > bytesMax && bytes <= largeBytesMax) {
      if (!isDeclaredLarge) await admitLarge();
      await readUntil(largeBytesMax, LARGE_BODY_MORE_MS_MAX);
    }
    if (bytes > largeBytesMax) throw tooLarge(limits);
    return { text, bytes };
  } catch (error) {
    // The request is refused even if the rest of its body cannot be cancelled.
    reader.cancel().catch(() => {});
    throw error;
  }
}

/** Keeps nothing of a body between calls, because each is decoded whole. */
const WHOLE_BODY = new TextDecoder('utf-8', { fatal: true });

/** Reads a body that declares a small length. */
async function readWhole(
  request: Request,
  limits: BodyLimits,
  { now, startTimer }: Pick<ReadBodyDeps, 'now' | 'startTimer'>,
): Promise<Body> {
  const deadline = startDeadline({ timeoutMs: BODY_MS_MAX, now, startTimer });
  try {
    const chunk = new Uint8Array(await arrived(request.arrayBuffer(), deadline));
    // Over HTTP a body is never longer than it declares. A request that is built in code may be.
    if (chunk.byteLength > limits.bytesMax) throw tooLarge(limits);
    return { text: decode(WHOLE_BODY, chunk, true), bytes: chunk.byteLength };
  } finally {
    deadline.stop();
  }
}

function arrived<T>(reading: Promise<T>, deadline: Deadline): Promise<T> {
  return deadline.race(reading).catch((): never => {
    throw deadline.isOver() ? refused('The body did not arrive in time.', 408) : refused('The body broke off.');
  });
}

/** Returns the error for a body that is too large. `reason` says why a large body is refused. */
export function tooLarge({ bytesMax, largeBytesMax }: BodyLimits, reason = '') {
  const large = ` Only an operation that takes base64 audio in its variables may send more, up to ${largeBytesMax} bytes in all.`;
  const message = `The body must not be larger than ${bytesMax} bytes.${largeBytesMax > bytesMax ? large : ''}`;
  return refused(reason === '' ? message : `${message} ${reason}`, 413);
}

declare global {
  interface ReadableStreamBYOBReader {
    /** Fills the view, unless the stream ends first. An extension of workerd: a standard read returns with the first bytes. */
    readAtLeast<T extends ArrayBufferView>(minElements: number, view: T): Promise<ReadableStreamReadResult<T>>;
  }
}

function decode(decoder: TextDecoder, chunk: Uint8Array, isLast: boolean): string {
  try {
    return decoder.decode(chunk, { stream: !isLast });
  } catch {
    throw refused('The body must be UTF-8.');
  }
}

function refused(message: string, status = 400) {
  return requestError('BAD_USER_INPUT', message, status);
}
