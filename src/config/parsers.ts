import { hostProblem } from '../domain/url.ts';

/** The result of parsing a setting. If there is a problem, `value` is a placeholder. */
export interface Parsed<T> {
  readonly value: T;
  readonly problem: string | null;
}

/** Returns a value that was parsed. */
export function valid<T>(value: T): Parsed<T> {
  return { value, problem: null };
}

/** Returns a problem, which says what is allowed, with a placeholder for the value. */
export function invalid<T>(placeholder: T, problem: string): Parsed<T> {
  return { value: placeholder, problem };
}

/** Creates the parser of a whole number from `min` to `max`. */
export function wholeNumber(min: number, max: number) {
  return (text: string | null): Parsed<number> => {
    const value = text !== null && /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? valid(value) : invalid(min, `must be a whole number from ${min} to ${max}`);
  };
}

/** Parses a text that an HTTP header can carry. */
export function parseToken(text: string | null): Parsed<string | null> {
  if (text === null || /^[\x21-\x7e]+$/.test(text)) return valid(text);
  return invalid(text, 'has blanks or characters that no HTTP header carries');
}

/** The secrets of local development are public: they are in the repository. */
const DEVELOPMENT_SECRET = /^not-a-secret/;

/** A secret with fewer distinct characters is not random. 32 random hex digits have about 14. */
const SECRET_VARIETY_MIN = 6;

/** Parses one secret, or two with a blank between during a rotation: the first one signs, both are accepted. */
export function parseSecrets(text: string | null, production: boolean): Parsed<readonly string[]> {
  const secrets = text === null ? [] : text.split(/\s+/);
  if (secrets.length > 2) return invalid([], 'must be one secret, or two with a blank between');
  if (secrets.some((secret) => secret.length < 32)) return invalid([], 'must have at least 32 characters');
  if (secrets.some((secret) => new Set(secret).size < SECRET_VARIETY_MIN)) {
    return invalid([], `must have at least ${SECRET_VARIETY_MIN} different characters: make it at random`);
  }
  if (production && secrets.some((secret) => DEVELOPMENT_SECRET.test(secret))) {
    return invalid([], 'must not be the one of local development');
  }
  return valid(secrets);
}

/** Parses an HTTPS origin. In development it may be HTTP to localhost or a private address, and in production it must be public. */
export function parseOrigin(text: string, production: boolean): Parsed<string> {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.origin !== text && `${url.origin}/` !== text)) {
    return invalid('', 'must be an origin like https://host, without path, query or credentials');
  }
  if (!production && isLocal(url) && url.protocol === 'http:') return valid(url.origin);
  if (url.protocol !== 'https:')
    return invalid('', 'must start with https:// (http is only for localhost and private addresses, in development)');
  if (!production) return valid(url.origin);
  if (/\bsandbox\b/.test(url.hostname)) return invalid('', 'must not be a sandbox in production');
  const problem = hostProblem(url.hostname);
  return problem === null ? valid(url.origin) : invalid('', `${problem} in production`);
}

/** Returns the host of an origin if it is this computer, or an address of a private network. */
export function localHostOf(origin: string): string | null {
  const url = URL.canParse(origin) ? new URL(origin) : null;
  return url !== null && isLocal(url) ? url.hostname : null;
}

/** Returns true for localhost and for addresses of a private network. */
function isLocal({ hostname }: URL): boolean {
  return hostname === 'localhost' || (/^[0-9.]+$/.test(hostname) && hostProblem(hostname) !== null);
}

/** Parses the URL of a JWKS, whose origin follows the rules of `parseOrigin`. */
export function parseJwksUrl(text: string | null, production: boolean): Parsed<string | null> {
  const url = text !== null && URL.canParse(text) ? new URL(text) : null;
  if (text === null) return valid(null);
  if (url === null || url.username !== '' || url.password !== '' || url.hash !== '') {
    return invalid(text, 'must be a URL like https://issuer/.well-known/jwks.json');
  }
  const { problem } = parseOrigin(url.origin, production);
  return problem === null ? valid(url.href) : invalid(text, problem);
}

/** Parses the name of a claim of a token. */
export function parseClaimName(text: string | null): Parsed<string> {
  if (text !== null && /^[\x21-\x7e]{1,64}$/.test(text)) return valid(text);
  return invalid('sub', 'must be the name of a claim: visible ASCII, at most 64 characters');
}

/** Only algorithms with a public key. If HS256 were allowed too, an attacker could sign with the public key as its secret. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'];

/** Two names of one algorithm, of which RFC 9864 added the first. An issuer may switch between them at any time. */
const ED25519_NAMES = ['Ed25519', 'EdDSA'];

/** Parses a list of JWS algorithms. Either name of Ed25519 stands for both. */
export function parseAlgorithms(text: string | null): Parsed<readonly string[]> {
  const names = (text ?? '').split(/\s+/);
  const known = [...ALGORITHMS, ...ED25519_NAMES];
  return names.every((name) => known.includes(name))
    ? valid([...new Set(names.flatMap((name) => (ED25519_NAMES.includes(name) ? ED25519_NAMES : [name])))])
    : invalid([], `must be one or more of ${known.join(' ')}, with blanks between`);
}

/** Parses one or two Standard Webhooks secrets. */
export function parseWebhookSecrets(text: string | null): Parsed<readonly string[]> {
  const secrets = text === null ? [] : text.split(/\s+/);
  if (secrets.length > 2) return invalid([], 'must be one secret, or two with a blank between');
  return secrets.every((secret) => /^whsec_[A-Za-z0-9+/]{16,}={0,2}$/.test(secret))
    ? valid(secrets)
    : invalid([], 'must be whsec_ followed by base64');
}

/** Splits a list at blanks and commas. */
function listOf(text: string | null): readonly string[] {
  return (text ?? '').split(/[\s,]+/).filter((item) => item !== '');
}

/** An origin as browsers and web views send it: in lower case, without a path. Captures the scheme and the host. */
const ORIGIN = /^([a-z][a-z0-9+.-]{0,31}):\/\/([a-z0-9._-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/;

/** Parses a list of origins, in the one spelling that browsers use in the `Origin` header. */
export function parseCorsOrigins(text: string | null, production: boolean): Parsed<readonly string[]> {
  const origins = listOf(text);
  if (text !== null && origins.length === 0) return invalid([], 'must list at least one origin, or be absent');
  for (const origin of origins) {
    const problem = originProblem(origin, production);
    if (problem !== null) return invalid([], problem);
  }
  return valid(origins);
}

function originProblem(origin: string, production: boolean): string | null {
  if (origin.includes('*')) return 'must list every origin in full: with a * any site could use the gateway';
  const [, scheme, host = ''] = ORIGIN.exec(origin) ?? [];
  if (scheme === undefined) {
    return 'must be origins like https://app.example.com or capacitor://localhost, with blanks or commas between';
  }
  // Native web views use custom schemes, for which `URL` gives the origin "null".
  if (scheme !== 'http' && scheme !== 'https')
    return scheme === 'file' ? 'must not hold file://, the origin of any file' : null;
  if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
    return 'must be origins as a browser sends them, without a default port';
  }
  return scheme === 'https' || isOwnDevice(origin, host, production)
    ? null
    : 'must start with https:// (http is only for web views at http://localhost and, in development, for localhost)';
}

/** Returns true for pages served by the user's device: Ionic and Capacitor use http://localhost, Tauri http://tauri.localhost. */
function isOwnDevice(origin: string, host: string, production: boolean): boolean {
  if (host.endsWith('.localhost')) return true;
  return production ? origin === 'http://localhost' : host === 'localhost';
}

/** The most names in CORS_HEADERS. Each preflight response carries all of them. */
const HEADER_NAMES_MAX = 50;

/** Parses a list of header names, and puts them into lower case. */
export function parseHeaderNames(text: string | null): Parsed<readonly string[]> {
  const names = listOf(text);
  return names.length <= HEADER_NAMES_MAX && names.every((name) => /^[A-Za-z0-9-]{1,64}$/.test(name))
    ? valid(names.map((name) => name.toLowerCase()))
    : invalid([], `must be at most ${HEADER_NAMES_MAX} names of headers, with blanks or commas between`);
}
