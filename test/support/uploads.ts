import { env, exports } from 'cloudflare:workers';
import { createFileUrls } from '../../src/auth/signed-token.ts';
import type { MediaExtension, UploadPermit } from '../../src/domain/media.ts';

/** The origin of the gateway in tests, and its `CALLBACK_SECRET` (test/vitest.config.ts). */
const ORIGIN = 'https://gateway.test';
const urls = createFileUrls(ORIGIN, ['callback-secret-of-the-tests-0123456789']);

export const CHUNK_TYPE = 'application/offset+octet-stream';
export const TUS = { 'tus-resumable': '1.0.0' } as const;

/** One upload, and the requests that a client sends for it. */
export interface TestUpload {
  readonly permit: UploadPermit;
  readonly url: string;
  readonly send: (
    method: string,
    headers?: Readonly<Record<string, string>>,
    body?: BodyInit | null,
  ) => Promise<Response>;
  readonly patch: (
    offset: number,
    body: BodyInit | null,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Response>;
  /** Returns the offset of a HEAD; null if it is refused. */
  offset(): Promise<number | null>;
  /** Returns the file's URL for reading. */
  readonly fileUrl: (extension?: MediaExtension, expiresAtMs?: number) => Promise<string>;
  /** Returns the SHA-256 of the complete file, as the ledger records it. The bytes are no video, so the file is rejected. */
  recorded(): Promise<string | null>;
}

/** Registers a media of `bytes` bytes for a tenant of its own, and opens its upload. `changes` are for the URL only. */
export async function openUpload(bytes: number, changes: Partial<UploadPermit> = {}): Promise<TestUpload> {
  const tenantOfUpload = `uploader-${crypto.randomUUID()}`;
  const ledger = env.TASK_LEDGER.getByName(tenantOfUpload);
  const created = await ledger.createMedia({ kind: 'VIDEO', source: { file: { bytes } } });
  if (!created.ok) throw new Error(created.failure.message);
  const permit: UploadPermit = {
    tenant: tenantOfUpload,
    mediaId: created.value.id,
    kind: 'VIDEO',
    bytes,
    sha256: null,
    expiresAtMs: Date.now() + 3_600_000,
    ...changes,
  };
  const url = await urls.uploadUrl(permit);
  const { tenant, mediaId } = permit;

  function send(
    method: string,
    headers: Readonly<Record<string, string>> = {},
    body: BodyInit | null = null,
  ): Promise<Response> {
    return exports.default.fetch(url, { method, headers: { ...TUS, ...headers }, body });
  }

  return {
    permit,
    url,
    send,
    patch: (offset, body, headers = {}) =>
      send('PATCH', { 'content-type': CHUNK_TYPE, 'upload-offset': String(offset), ...headers }, body),
    async offset() {
      const offset = (await send('HEAD')).headers.get('upload-offset');
      return offset === null ? null : Number(offset);
    },
    fileUrl: (extension = 'mp4', expiresAtMs = permit.expiresAtMs) =>
      urls.fileUrl({ tenant, id: mediaId, extension, expiresAtMs }),
    async recorded() {
      const [media = null] = await ledger.mediaOf([permit.mediaId]);
      return media?.sha256 ?? null;
    },
  };
}

/** Returns bytes that differ from each other at every offset of a row or part. */
export function testBytes(count: number, seed = 1): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(count / 4));
  let state = seed;
  for (let i = 0; i < words.length; i += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    words[i] = state;
  }
  return new Uint8Array(words.buffer, 0, count);
}
