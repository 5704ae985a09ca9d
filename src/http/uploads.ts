import type { FileUrls, UploadPermit } from '../domain/media.ts';
import type { UploadAnswer } from '../media/upload.ts';
import type { RequestTrace } from './log.ts';
import type { RouteAccess } from './origin.ts';
import { respond } from './respond.ts';
import {
  type BodyChecksum,
  CHUNK_BYTES_MAX,
  chunkTooLarge,
  fileTooLarge,
  PUT_BYTES_MAX,
  readUploadRequest,
  TUS_OFFER,
  TUS_REQUEST_HEADERS,
  TUS_RESPONSE_HEADERS,
  TUS_VERSION,
  UPLOAD_METHODS,
  type UploadRefusal,
} from './tus.ts';

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

/** The object of an upload. */
export interface UploadObject {
  open(permit: UploadPermit): Promise<UploadAnswer>;
  append(
    permit: UploadPermit,
    offset: number,
    limits: { readonly bodyMax: number; readonly checksum: BodyChecksum | null },
    body: ReadableStream<Uint8Array> | null,
  ): Promise<UploadAnswer>;
  replace(permit: UploadPermit, bodyMax: number, body: ReadableStream<Uint8Array> | null): Promise<UploadAnswer>;
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
  if (asked.type === 'PUT') return toPut(await object.replace(permit, PUT_BYTES_MAX, request.body), permit);
  if (asked.type === 'PATCH') {
    return toProgress(await append(object, permit, asked.offset, asked.checksum, request), permit);
  }
  if (!asked.hasBody) return toCreation(await object.open(permit), permit, request.url);
  return toCreation(await append(object, permit, 0, asked.checksum, request), permit, request.url);
}

function append(
  object: UploadObject,
  permit: UploadPermit,
  offset: number,
  checksum: BodyChecksum | null,
  { body }: Request,
): Promise<UploadAnswer> {
  return object.append(permit, offset, { bodyMax: CHUNK_BYTES_MAX, checksum }, body);
}

function toHead({ outcome, offset }: UploadAnswer, permit: UploadPermit): Response {
  if (outcome === 'GONE') return gone();
  const headers = { 'upload-offset': String(offset), 'upload-length': String(permit.bytes) };
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
  return outcome === 'GONE'
    ? respond({ status: 204, body: null, headers: TUS })
    : toProgress({ outcome, offset }, permit);
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
  if (outcome === 'GONE') return gone();
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
