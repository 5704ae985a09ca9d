import type { Config } from '../config/index.ts';
import type { FileUrls, MediaKind, StoredFile } from '../domain/media.ts';
import { hashOfTenant } from '../lib/hash.ts';
import { createSignedTokens } from './signed-token.ts';

type UploadFields = readonly [
  tenant: string,
  mediaId: string,
  kind: MediaKind,
  bytes: number,
  sha256: string | null,
  expiresAtMs: number,
];
type FileFields = readonly [tenant: string, id: string, extension: StoredFile['extension'], expiresAtMs: number];

/** Returns null if the gateway keeps no files: without a bucket, a public URL or a secret. */
export function fileUrlsOf({ media, callbacks }: Pick<Config, 'media' | 'callbacks'>): FileUrls | null {
  const { publicUrl, secrets } = callbacks;
  if (!media.hasBucket || publicUrl === null || secrets.length === 0) return null;
  return createFileUrls(publicUrl, secrets);
}

/** `secrets` holds at least one. The first one signs, all of them verify. */
export function createFileUrls(publicUrl: string, secrets: readonly string[]): FileUrls {
  const uploads = createSignedTokens<UploadFields>(secrets, 'upload');
  const files = createSignedTokens<FileFields>(secrets, 'file');
  return {
    async uploadUrl({ tenant, mediaId, kind, bytes, sha256, expiresAtMs }) {
      return `${publicUrl}/uploads/${await uploads.mint([tenant, mediaId, kind, bytes, sha256, expiresAtMs])}`;
    },
    async fileUrl({ tenant, id, extension, expiresAtMs }) {
      return `${publicUrl}/media/${await files.mint([tenant, id, extension, expiresAtMs])}/clip.${extension}`;
    },
    async uploadOf(token) {
      const fields = await uploads.verify(token);
      if (fields === null) return null;
      const [tenant, mediaId, kind, bytes, sha256, expiresAtMs] = fields;
      return { tenant, mediaId, kind, bytes, sha256, expiresAtMs };
    },
    async fileOf(token) {
      const fields = await files.verify(token);
      if (fields === null) return null;
      const [tenant, id, extension, expiresAtMs] = fields;
      return { tenant, id, extension, expiresAtMs };
    },
  };
}

/** Returns the key of a file in the bucket. The files of a tenant share a prefix. `id` is unique by itself. */
export function fileKey(tenant: string, id: string): string {
  return `${hashOfTenant(tenant)}/${id}`;
}
