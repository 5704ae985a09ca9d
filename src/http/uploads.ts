import type { FileUrls, UploadPermit } from '../domain/media.ts';
import type { UploadAnswer } from '../media/upload.ts';
import type { RequestTrace } from './log.ts';
import type { RouteAccess } from './origin.ts';
import { respond } from './respond.ts';

/**
 * Upload URLs: the tus 1.0 protocol, and a PUT of the whole file. Keeps no state.
 *
 * @module
 */

/** The version of tus that the gateway speaks. */
const TUS_VERSION = '1.0.0';

/** The largest body of a PATCH, or of a POST with bytes: 8 MiB. */
export const CHUNK_BYTES_MAX = 8 * 1_048_576;

/** The largest file of a PUT: 50 MiB. */
const PUT_BYTES_MAX = 50 * 1_048_576;

/**
 * The checksums of tus that are verified, with their names on the platform and their form in base64. A text that is as long
 * as a digest but lacks the sign at its end matches no bytes: 460 instead of 400, as tus clients expect.
 */
const CHECKSUMS = {
  sha1: ['SHA-1', /^[A-Za-z0-9+/]{27}[A-Za-z0-9+/=]$/],
  sha256: ['SHA-256', /^[A-Za-z0-9+/]{43}[A-Za-z0-9+/=]$/],
} as const;

/** The headers of the response to an OPTIONS request. */
const TUS_OFFER: Readonly<Record<string, string>> = {
  'tus-resumable': TUS_VERSION,
  'tus-version': TUS_VERSION,
  'tus-extension': 'creation,creation-with-upload,expiration,checksum,termination',
  'tus-checksum-algorithm': Object.keys(CHECKSUMS).join(','),
};

/** The methods of an upload URL. */
const UPLOAD_METHODS = 'HEAD, PATCH, POST, PUT, DELETE, OPTIONS';

/** The request headers of tus clients. */
const TUS_REQUEST_HEADERS = [
  'tus-resumable',
  'upload-checksum',
  'upload-concat',
  'upload-defer-length',
  'upload-length',
  'upload-metadata',
  'upload-offset',
  'x-http-method-override',
  'x-requested-with',
] as const;

/** The response headers that tus clients read. */
const TUS_RESPONSE_HEADERS =
  'location, tus-checksum-algorithm, tus-extension, tus-max-size, tus-resumable, tus-version, upload-expires, upload-length, upload-metadata, upload-offset';

/** The most characters of `Upload-Metadata`, which an upload keeps. */
const METADATA_CHARS_MAX = 4_096;

/** A checksum that a body must have, in base64. */
interface BodyChecksum {
  readonly algorithm: 'SHA-1' | 'SHA-256';
  readonly digest: string;
}

/** The meaning of a request. */
export type UploadRequest =
  | { readonly type: 'HEAD' }
  | { readonly type: 'DELETE' }
  | { readonly type: 'PUT' }
  /** `hasBody` is true if the bytes follow at once. */
  | { readonly type: 'CREATE'; readonly hasBody: boolean; readonly checksum: BodyChecksum | null }
  | { readonly type: 'PATCH'; readonly offset: number; readonly checksum: BodyChecksum | null }
  | UploadRefusal;

/** Why a request is refused before the upload is asked. */
interface UploadRefusal {
  readonly type: 'REFUSED';
  readonly status: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Reads a request for a file of `bytes` bytes. */
function readUploadRequest(request: Request, bytes: number): UploadRequest {
  const { headers } = request;
  const method = (headers.get('x-http-method-override') ?? request.method).toUpperCase();
  if (method === 'PUT') return readPut(headers, bytes);
  if (method !== 'HEAD' && method !== 'DELETE' && method !== 'PATCH' && method !== 'POST') {
    return refuse(405, `An upload takes ${UPLOAD_METHODS}, not ${method.slice(0, 20)}.`, { allow: UPLOAD_METHODS });
  }
  const version = headers.get('tus-resumable');
  if (version !== TUS_VERSION) {
    const message = `Send Tus-Resumable: ${TUS_VERSION}, or upload the whole file with one PUT.`;
    return refuse(412, message, { 'tus-version': TUS_VERSION });
  }
  if (method === 'HEAD' || method === 'DELETE') return { type: method };
  return method === 'POST' ? readCreation(headers, bytes) : readPatch(headers, bytes);
}

function readPut(headers: Headers, bytes: number): UploadRequest {
  if (bytes > PUT_BYTES_MAX) {
    return refuse(
      413,
      `A PUT takes files of up to ${PUT_BYTES_MAX} bytes (50 MiB). Upload this one with tus, in chunks.`,
    );
  }
  const length = lengthOf(headers);
  if (length === null || length === bytes) return { type: 'PUT' };
  return refuse(length > bytes ? 413 : 400, `The body has ${length} bytes, but the file was announced with ${bytes}.`);
}

function readCreation(headers: Headers, bytes: number): UploadRequest {
  if (headers.has('upload-defer-length')) {
    return refuse(400, 'The length cannot be deferred: createMedia has fixed it.');
  }
  const length = wholeNumber(headers.get('upload-length'));
  if (length === null) return refuse(400, `Send Upload-Length: ${bytes}.`);
  if (length !== bytes) {
    const message = `Upload-Length is ${length}, but the file was announced with ${bytes} bytes.`;
    return refuse(length > bytes ? 413 : 400, message);
  }
  if ((headers.get('upload-metadata') ?? '').length > METADATA_CHARS_MAX) {
    return refuse(400, `Upload-Metadata has at most ${METADATA_CHARS_MAX} characters.`);
  }
  const hasBody = headers.get('content-type') === CHUNK_TYPE;
  // Bytes of another type would be lost without a word.
  if (!hasBody && (lengthOf(headers) ?? 0) > 0) return refuse(415, `Send Content-Type: ${CHUNK_TYPE}.`);
  if (!hasBody) return { type: 'CREATE', hasBody, checksum: null };
  const body = readBody(headers, 0, bytes);
  return 'type' in body ? body : { type: 'CREATE', hasBody, ...body };
}

function readPatch(headers: Headers, bytes: number): UploadRequest {
  if (headers.get('content-type') !== CHUNK_TYPE) return refuse(415, `Send Content-Type: ${CHUNK_TYPE}.`);
  const offset = wholeNumber(headers.get('upload-offset'));
  if (offset === null) return refuse(400, 'Send Upload-Offset with the number of bytes that are stored.');
  const body = readBody(headers, offset, bytes);
  return 'type' in body ? body : { type: 'PATCH', offset, ...body };
}

const CHUNK_TYPE = 'application/offset+octet-stream';

function readBody(
  headers: Headers,
  offset: number,
  bytes: number,
): { readonly checksum: BodyChecksum | null } | UploadRefusal {
  const length = lengthOf(headers);
  if (length !== null && length > CHUNK_BYTES_MAX) return chunkTooLarge();
  if (length !== null && offset + length > bytes) return fileTooLarge(bytes);
  const text = headers.get('upload-checksum');
  if (text === null) return { checksum: null };
  const [name = '', digest = '', ...rest] = text.split(' ', 3);
  const known = Object.entries(CHECKSUMS).find(([algorithm]) => algorithm === name)?.[1];
  if (known === undefined) return refuse(400, 'Upload-Checksum takes sha1 and sha256.', TUS_OFFER);
  const [algorithm, form] = known;
  if (rest.length > 0 || !form.test(digest)) {
    return refuse(400, `Upload-Checksum needs ${name}, a space, and the digest in base64.`);
  }
  return { checksum: { algorithm, digest } };
}

/** Refuses a chunk that exceeds the limit of a request. */
function chunkTooLarge(): UploadRefusal {
  const message = `A chunk has at most ${CHUNK_BYTES_MAX} bytes (8 MiB): set the chunk size of the client to 8 MiB or less.`;
  return refuse(413, message);
}

/** Refuses a chunk that goes beyond the end of the file. */
function fileTooLarge(bytes: number): UploadRefusal {
  return refuse(413, `The file was announced with ${bytes} bytes, and the body goes beyond its end.`);
}

function refuse(status: number, message: string, headers: Readonly<Record<string, string>> = {}): UploadRefusal {
  return { type: 'REFUSED', status, message, headers };
}

/** Returns the announced bytes of a body. Null if they are not known. */
function lengthOf(headers: Headers): number | null {
  return wholeNumber(headers.get('content-length'));
}

/** Returns null for a missing header, and for one that is no whole number. */
function wholeNumber(text: string | null): number | null {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

/** The access of pages to upload URLs. */
export const UPLOAD_ACCESS: RouteAccess = {
  methods: UPLOAD_METHODS,
  requestHeaders: TUS_REQUEST_HEADERS,
  exposed: TUS_RESPONSE_HEADERS,
  vary: 'Origin',
  offer: TUS_OFFER,
};

/** How long a client waits after a failure of the bucket. */
const RETRY_AFTER_MS = 5_000;

interface BodyLimits {
  /** The announced bytes. Null if the client does not know them. */
  readonly length: number | null;
  readonly bodyMax: number;
}

/** The object of an upload. */
export interface UploadObject {
  open(permit: UploadPermit, metadata?: string | null): Promise<UploadAnswer>;
  append(
    permit: UploadPermit,
    offset: number,
    limits: BodyLimits & { readonly checksum: BodyChecksum | null },
    body: ReadableStream<Uint8Array> | null,
  ): Promise<UploadAnswer>;
  replace(permit: UploadPermit, limits: BodyLimits, body: ReadableStream<Uint8Array> | null): Promise<UploadAnswer>;
  terminate(permit: UploadPermit): Promise<UploadAnswer>;
}

/** The dependencies of `handleUpload`. */
export interface UploadDeps {
  readonly urls: Pick<FileUrls, 'uploadOf'>;
  readonly objectOf: (mediaId: string) => UploadObject;
  readonly admit: (key: string) => Promise<void>;
  readonly now: () => number;
}

/**
 * Takes one request of an upload: tus 1.0, or a PUT of the whole file. The token in the URL is the permission, and is
 * never logged. Responds with 404 if the URL is not the gateway's, and with 410 if it has expired or was ended.
 */
export async function handleUpload(
  request: Request,
  token: string,
  { notes }: RequestTrace,
  deps: UploadDeps,
): Promise<Response> {
  const permit = await deps.urls.uploadOf(token);
  if (permit === null) return refused({ status: 404, message: 'This is not an upload URL of this gateway.' });
  notes.tenant = permit.tenant;
  if (permit.expiresAtMs <= deps.now()) return gone();
  await deps.admit(`upload ${permit.mediaId}`);
  const asked = readUploadRequest(request, permit.bytes);
  if (asked.type === 'REFUSED') return refused(asked);
  const object = deps.objectOf(permit.mediaId);
  if (asked.type === 'HEAD') return toHead(await object.open(permit), permit);
  if (asked.type === 'DELETE') return toDeletion(await object.terminate(permit), permit);
  if (asked.type === 'PUT') return toPut(await replace(object, permit, request), permit);
  if (asked.type === 'PATCH') {
    return toProgress(await append(object, permit, asked.offset, asked.checksum, request), permit);
  }
  const created = await object.open(permit, request.headers.get('upload-metadata'));
  if (!asked.hasBody) return toCreation(created, permit, request.url);
  return toCreation(await append(object, permit, 0, asked.checksum, request), permit, request.url);
}

function append(
  object: UploadObject,
  permit: UploadPermit,
  offset: number,
  checksum: BodyChecksum | null,
  { headers, body }: Request,
): Promise<UploadAnswer> {
  return object.append(permit, offset, { length: lengthOf(headers), bodyMax: CHUNK_BYTES_MAX, checksum }, body);
}

function replace(object: UploadObject, permit: UploadPermit, { headers, body }: Request): Promise<UploadAnswer> {
  return object.replace(permit, { length: lengthOf(headers), bodyMax: PUT_BYTES_MAX }, body);
}

function toHead({ outcome, offset, metadata }: UploadAnswer, permit: UploadPermit): Response {
  if (outcome === 'GONE') return gone();
  const headers = {
    'upload-offset': String(offset),
    'upload-length': String(permit.bytes),
    ...(metadata !== undefined && { 'upload-metadata': metadata }),
  };
  return answer(200, permit, headers, 'no-store');
}

/** The upload exists already, so its creation is answered with the same URL, and with what is stored. */
function toCreation({ outcome, offset }: UploadAnswer, permit: UploadPermit, location: string): Response {
  if (outcome !== 'OPEN' && outcome !== 'STORED' && outcome !== 'COMPLETE') return toRefusal(outcome, offset, permit);
  return answer(201, permit, { location, 'upload-offset': String(offset) });
}

function toProgress({ outcome, offset }: UploadAnswer, permit: UploadPermit): Response {
  if (outcome !== 'OPEN' && outcome !== 'STORED' && outcome !== 'COMPLETE') return toRefusal(outcome, offset, permit);
  return answer(204, permit, { 'upload-offset': String(offset) });
}

function toPut({ outcome, offset }: UploadAnswer, permit: UploadPermit): Response {
  const headers = { 'upload-offset': String(offset) };
  if (outcome === 'COMPLETE') return refused({ status: 409, message: 'All bytes of the file are stored.', headers });
  if (outcome !== 'STORED' || offset === permit.bytes) return toProgress({ outcome, offset }, permit);
  return refused({ status: 400, message: `The body ended after ${offset} of ${permit.bytes} bytes.`, headers });
}

function toDeletion({ outcome, offset }: UploadAnswer, permit: UploadPermit): Response {
  if (outcome === 'ENDED') return respond({ status: 204, body: null, headers: TUS });
  if (outcome === 'COMPLETE') {
    return refused({ status: 410, message: 'The upload is finished, so it cannot be ended: call deleteMedia.' });
  }
  return toProgress({ outcome, offset }, permit);
}

type Refusal = Omit<UploadRefusal, 'type'>;

const CUT: Refusal = { status: 408, message: 'The body did not arrive in time.' };

const REFUSALS = {
  WRONG_OFFSET: { status: 409, message: 'Upload-Offset is not the number of stored bytes: ask with HEAD.' },
  INTERRUPTED: { status: 409, message: 'A newer request continues the upload.' },
  WRONG_CHECKSUM: { status: 460, message: 'The checksum does not match, and nothing was stored: send it again.' },
  BODY_TOO_LARGE: chunkTooLarge(),
  CUT,
  IDLE: CUT,
  BUCKET_DOWN: { status: 503, message: 'The bytes cannot be stored now: continue later.' },
  LEDGER_DOWN: { status: 503, message: 'The file cannot be deleted now: try again later.' },
} as const satisfies Readonly<Record<string, Refusal>>;

function toRefusal(
  outcome: Exclude<UploadAnswer['outcome'], 'OPEN' | 'STORED' | 'COMPLETE'>,
  offset: number,
  permit: UploadPermit,
): Response {
  if (outcome === 'GONE' || outcome === 'ENDED') return gone();
  const refusal = outcome === 'FILE_TOO_LARGE' ? fileTooLarge(permit.bytes) : REFUSALS[outcome];
  return refused({ ...refusal, headers: { 'upload-offset': String(offset) } });
}

const TUS = { 'tus-resumable': TUS_VERSION } as const;

function answer(
  status: number,
  { expiresAtMs }: UploadPermit,
  headers: Readonly<Record<string, string>>,
  cacheControl?: string,
): Response {
  const all = { ...TUS, 'upload-expires': new Date(expiresAtMs).toUTCString(), ...headers };
  return respond({ status, body: null, headers: all, ...(cacheControl !== undefined && { cacheControl }) });
}

function gone(): Response {
  return refused({ status: 410, message: 'This upload has ended or expired: call createMedia again.' });
}

function refused({ status, message, headers = {} }: Refusal): Response {
  const retryAfterMs = status === 503 ? RETRY_AFTER_MS : undefined;
  return respond({ status, body: message, retryAfterMs, headers: { ...TUS, ...headers } });
}
