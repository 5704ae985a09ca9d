/**
 * The tus 1.0 protocol: reads what a request asks for, without any state.
 *
 * @module
 */

/** The version of tus that the gateway speaks. */
export const TUS_VERSION = '1.0.0';

/** The largest body of a PATCH, or of a POST with bytes: 8 MiB. */
export const CHUNK_BYTES_MAX = 8 * 1_048_576;

/** The largest file of a PUT: 50 MiB. */
export const PUT_BYTES_MAX = 50 * 1_048_576;

/** The checksums of tus that are verified, with their names on the platform and their form in base64. */
const CHECKSUMS = {
  sha1: ['SHA-1', /^[A-Za-z0-9+/]{27}=$/],
  sha256: ['SHA-256', /^[A-Za-z0-9+/]{43}=$/],
} as const;

/** The headers of the response to an OPTIONS request. */
export const TUS_OFFER: Readonly<Record<string, string>> = {
  'tus-resumable': TUS_VERSION,
  'tus-version': TUS_VERSION,
  'tus-extension': 'creation,creation-with-upload,expiration,checksum,termination',
  'tus-checksum-algorithm': Object.keys(CHECKSUMS).join(','),
};

/** The methods of an upload URL. */
export const UPLOAD_METHODS = 'HEAD, PATCH, POST, PUT, DELETE, OPTIONS';

/** The request headers of tus clients. */
export const TUS_REQUEST_HEADERS = [
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
export const TUS_RESPONSE_HEADERS =
  'location, tus-checksum-algorithm, tus-extension, tus-max-size, tus-resumable, tus-version, upload-expires, upload-length, upload-offset';

/** A checksum that a body must have, in base64. */
export interface BodyChecksum {
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
export interface UploadRefusal {
  readonly type: 'REFUSED';
  readonly status: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Reads a request for a file of `bytes` bytes. */
export function readUploadRequest(request: Request, bytes: number): UploadRequest {
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
  const length = wholeNumber(headers.get('content-length'));
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
  const hasBody = headers.get('content-type') === CHUNK_TYPE;
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
  const length = wholeNumber(headers.get('content-length'));
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
export function chunkTooLarge(): UploadRefusal {
  const message = `A chunk has at most ${CHUNK_BYTES_MAX} bytes (8 MiB): set the chunk size of the client to 8 MiB or less.`;
  return refuse(413, message);
}

/** Refuses a chunk that goes beyond the end of the file. */
export function fileTooLarge(bytes: number): UploadRefusal {
  return refuse(413, `The file was announced with ${bytes} bytes, and the body goes beyond its end.`);
}

function refuse(status: number, message: string, headers: Readonly<Record<string, string>> = {}): UploadRefusal {
  return { type: 'REFUSED', status, message, headers };
}

/** Returns null for a missing header, and for one that is no whole number. */
function wholeNumber(text: string | null): number | null {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}
