import { hash } from 'fast-sha256';

/** Returns the SHA-256 of bytes or of a text in UTF-8, in lower-case hexadecimal. */
export async function sha256(data: string | Uint8Array<ArrayBuffer>): Promise<string> {
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}

/** A stream whose bytes are not kept. `digest` is the hash of all of them once it is closed. */
export type DigestStream = WritableStream<Uint8Array> & { readonly digest: Promise<ArrayBuffer> };

/** Creates a stream that hashes what is written to it. Exists on workerd only. */
export function createDigestStream(algorithm: 'SHA-1' | 'SHA-256'): DigestStream {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the types of Node, which tests also load, hide it
  const platform = crypto as unknown as { readonly DigestStream: new (algorithm: string) => DigestStream };
  return new platform.DigestStream(algorithm);
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The length of a hash. Among a million tenants, two share one with a probability of 1 in 37 million. */
const HASH_BYTES = 8;

/** Returns the first 16 hexadecimal digits of the SHA-256 of a tenant. Synchronous, unlike `crypto.subtle`, for logging. */
export function hashOfTenant(tenant: string): string {
  const digest = hash(new TextEncoder().encode(tenant)).subarray(0, HASH_BYTES);
  return toHex(digest);
}
