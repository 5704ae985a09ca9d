import { base64url } from 'jose';
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
export function createSignedTokens<T>(secrets: readonly string[], purpose: '' | 'upload' | 'file'): SignedTokens<T> {
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
