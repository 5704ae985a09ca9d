import { base64url } from 'jose';
import type { Config } from '../config/index.ts';
import type { FileUrls, MediaKind, StoredFile } from '../domain/media.ts';
import { hashOfTenant } from '../lib/hash.ts';
import { readOwnJson } from '../lib/json.ts';

const TOKEN_CHARS_MAX = 1_024;

/** Tokens that carry a value of JSON, with an HMAC-SHA256 over it. A token is verified without a look-up. */
export interface SignedTokens<T> {
  mint(value: T): Promise<string>;
  /** Returns the value of a token; null unless it was minted for this purpose with one of the secrets. Compares in constant time. */
  verify(token: string): Promise<T | null>;
}

/**
 * Creates tokens with `secrets`, of which there is at least one. The first one signs, all of them verify. A token is valid
 * for its purpose only. The tokens of callbacks, whose purpose is empty, are older than the others.
 */
function createSignedTokens<T>(secrets: readonly string[], purpose: '' | 'upload' | 'file'): SignedTokens<T> {
  const imported = new Map<string, Promise<CryptoKey>>();
  function key(secret: string): Promise<CryptoKey> {
    const known = imported.get(secret);
    if (known !== undefined) return known;
    const algorithm = { name: 'HMAC', hash: 'SHA-256' };
    const made = crypto.subtle.importKey('raw', utf8(secret), algorithm, false, ['sign', 'verify']);
    imported.set(secret, made);
    return made;
  }

  /** A payload in base64url holds no colon, so no two purposes sign the same text. */
  function signed(payload: string): ReturnType<typeof utf8> {
    return utf8(purpose === '' ? payload : `${purpose}:${payload}`);
  }

  async function isSigned(payload: string, signature: Uint8Array<ArrayBuffer>): Promise<boolean> {
    for (const secret of secrets) {
      if (await crypto.subtle.verify('HMAC', await key(secret), signature, signed(payload))) return true;
    }
    return false;
  }

  return {
    async mint(value) {
      const payload = base64url.encode(JSON.stringify(value));
      const mac = await crypto.subtle.sign('HMAC', await key(secrets[0] ?? ''), signed(payload));
      return `${payload}.${base64url.encode(new Uint8Array(mac))}`;
    },

    async verify(token) {
      const [payload, mac, ...rest] = token.length <= TOKEN_CHARS_MAX ? token.split('.') : [];
      if (payload === undefined || mac === undefined || rest.length > 0) return null;
      const signature = decoded(mac);
      // Base64 ignores the last bits, so another spelling can decode to the same signature.
      if (signature === null || base64url.encode(signature) !== mac) return null;
      if (!(await isSigned(payload, signature))) return null;
      // The signature proves that `mint` wrote it.
      return readOwnJson<T>(new TextDecoder().decode(base64url.decode(payload)));
    },
  };
}

function utf8(text: string): ReturnType<TextEncoder['encode']> {
  return new TextEncoder().encode(text);
}

/** Returns null for a text that is not base64url. */
function decoded(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    return new Uint8Array(base64url.decode(text));
  } catch {
    return null;
  }
}

/** The task that a callback URL was made for, and its tenant. */
export interface CallbackSubject {
  readonly tenant: string;
  readonly taskId: string;
}

/** The tokens in callback URLs. They never expire, because a task may take days. */
export interface CallbackTokens {
  mint(subject: CallbackSubject): Promise<string>;
  /** Returns the subject of a token; null unless it was minted with one of the secrets. Compares in constant time. */
  verify(token: string): Promise<CallbackSubject | null>;
}

/** Creates tokens with `secrets`, of which there is at least one. The first one signs, all of them verify. */
export function createCallbackTokens(secrets: readonly string[]): CallbackTokens {
  const tokens = createSignedTokens<readonly [tenant: string, taskId: string]>(secrets, '');
  return {
    mint: ({ tenant, taskId }) => tokens.mint([tenant, taskId]),
    async verify(token) {
      const subject = await tokens.verify(token);
      return subject === null ? null : { tenant: subject[0], taskId: subject[1] };
    },
  };
}

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
