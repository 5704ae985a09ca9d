import { hash } from 'fast-sha256';

/** Returns the SHA-256 of bytes or of a text in UTF-8, in lower-case hexadecimal. */
export async function sha256(data: string | Uint8Array<ArrayBuffer>): Promise<string> {
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
  const digest = await crypto.subtle.digest('SHA-256', bytes);
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The length of a hash. Among a million tenants, two share one with a probability of 1 in 37 million. */
const HASH_BYTES = 8;

/** Returns the first 16 hexadecimal digits of the SHA-256 of a tenant. Synchronous, unlike `crypto.subtle`, for logging. */
export function hashOfTenant(tenant: string): string {
  const digest = hash(new TextEncoder().encode(tenant)).subarray(0, HASH_BYTES);
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
