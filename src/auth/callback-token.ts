import { readOwnJson } from '../lib/own-json.ts';

/** Whose task a callback is about: what its URL was made for. */
export interface CallbackSubject {
  readonly tenant: string;
  readonly taskId: string;
}

const TOKEN_CHARS_MAX = 1_024;

/**
 * The unguessable part of a task's callback URL: who and what it is for, and an HMAC-SHA256 over that. It carries its
 * own proof, so that a callback needs no look-up before it is known to be ours, and it never expires: tasks may take days.
 */
export interface CallbackTokens {
  mint(subject: CallbackSubject): Promise<string>;
  /** Null for anything that was not minted with one of the secrets. Compares in constant time. */
  verify(token: string): Promise<CallbackSubject | null>;
}

/** `secrets`: at least one, of at least 32 characters (the configuration checks it). The first signs, all verify. */
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
      const payload = toBase64Url(utf8(JSON.stringify([tenant, taskId])));
      const mac = await crypto.subtle.sign('HMAC', await key(secrets[0] ?? ''), utf8(payload));
      return `${payload}.${toBase64Url(new Uint8Array(mac))}`;
    },

    async verify(token) {
      const [payload, mac, ...rest] = token.length <= TOKEN_CHARS_MAX ? token.split('.') : [];
      if (payload === undefined || mac === undefined || rest.length > 0) return null;
      const signature = fromBase64Url(mac);
      // Only the one spelling that was handed out: base64 ignores the last bits, and a changed token is not ours.
      if (signature === null || toBase64Url(signature) !== mac) return null;
      if (!(await isSigned(payload, signature))) return null;
      // Signed by us, so it has the form that `mint` gave it.
      const bytes = fromBase64Url(payload);
      if (bytes === null) return null;
      const [tenant, taskId] = readOwnJson<[string, string]>(new TextDecoder().decode(bytes));
      return { tenant, taskId };
    },
  };
}

function utf8(text: string): ReturnType<TextEncoder['encode']> {
  return new TextEncoder().encode(text);
}

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | null {
  if (!/^[\w-]*$/.test(text)) return null;
  try {
    const bytes = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    return Uint8Array.from(bytes, (char) => char.charCodeAt(0));
  } catch {
    return null;
  }
}
