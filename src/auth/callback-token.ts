import { base64url } from 'jose';
import { readOwnJson } from '../lib/json.ts';

/** The task that a callback URL was made for, and its tenant. */
export interface CallbackSubject {
  readonly tenant: string;
  readonly taskId: string;
}

const TOKEN_CHARS_MAX = 1_024;

/**
 * The tokens in callback URLs: tenant and task, with an HMAC-SHA256 over both. A callback is verified without a look-up.
 * Tokens never expire, because a task may take days.
 */
export interface CallbackTokens {
  mint(subject: CallbackSubject): Promise<string>;
  /** Returns the subject of a token; null unless it was minted with one of the secrets. Compares in constant time. */
  verify(token: string): Promise<CallbackSubject | null>;
}

/** Creates tokens with `secrets`, of which there is at least one. The first one signs, all of them verify. */
export function createCallbackTokens(secrets: readonly string[]): CallbackTokens {
  const imported = new Map<string, Promise<CryptoKey>>();
  function key(secret: string): Promise<CryptoKey> {
    const known = imported.get(secret);
    if (known !== undefined) return known;
    const algorithm = { name: 'HMAC', hash: 'SHA-256' };
    const made = crypto.subtle.importKey('raw', utf8(secret), algorithm, false, ['sign', 'verify']);
    imported.set(secret, made);
    return made;
  }

  async function isSigned(payload: string, signature: Uint8Array<ArrayBuffer>): Promise<boolean> {
    for (const secret of secrets) {
      if (await crypto.subtle.verify('HMAC', await key(secret), signature, utf8(payload))) return true;
    }
    return false;
  }

  return {
    async mint({ tenant, taskId }) {
      const payload = base64url.encode(JSON.stringify([tenant, taskId]));
      const mac = await crypto.subtle.sign('HMAC', await key(secrets[0] ?? ''), utf8(payload));
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
      const [tenant, taskId] = readOwnJson<[string, string]>(new TextDecoder().decode(base64url.decode(payload)));
      return { tenant, taskId };
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
