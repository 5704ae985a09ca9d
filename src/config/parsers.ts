import { hostProblem } from '../domain/public-host.ts';

/** What a text says: `value` stands in for what could not be read, when there is a problem. */
export interface Parsed<T> {
  readonly value: T;
  readonly problem: string | null;
}

export function good<T>(value: T): Parsed<T> {
  return { value, problem: null };
}

export function bad<T>(standIn: T, problem: string): Parsed<T> {
  return { value: standIn, problem };
}

export function wholeNumber(min: number, max: number) {
  return (text: string | null): Parsed<number> => {
    const value = text !== null && /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? good(value) : bad(min, `must be a whole number from ${min} to ${max}`);
  };
}

/** What an HTTP header can carry. */
export function parseToken(text: string | null): Parsed<string | null> {
  if (text === null || /^[\x21-\x7e]+$/.test(text)) return good(text);
  return bad(text, 'has blanks or characters that no HTTP header carries');
}

/** What local development uses stands in the repository, for anybody to sign with. */
const DEVELOPMENT_SECRET = /^not-a-secret/;

/** Fewer different characters than this are a pattern, such as one character repeated: 32 random hex digits have 14. */
const SECRET_VARIETY_MIN = 6;

/** One secret, or two with a blank between while one replaces the other: the first is used, both are accepted. */
export function parseSecrets(text: string | null, production: boolean): Parsed<readonly string[]> {
  const secrets = text === null ? [] : text.split(/\s+/);
  if (secrets.length > 2) return bad([], 'must be one secret, or two with a blank between');
  if (secrets.some((secret) => secret.length < 32)) return bad([], 'must have at least 32 characters');
  if (secrets.some((secret) => new Set(secret).size < SECRET_VARIETY_MIN)) {
    return bad([], `must have at least ${SECRET_VARIETY_MIN} different characters: make it at random`);
  }
  if (production && secrets.some((secret) => DEVELOPMENT_SECRET.test(secret))) {
    return bad([], 'must not be the one of local development');
  }
  return good(secrets);
}

export function parseOrigin(text: string, production: boolean): Parsed<string> {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.origin !== text && `${url.origin}/` !== text)) {
    return bad('', 'must be an origin like https://host, without path, query or credentials');
  }
  if (!production && isLocal(url) && url.protocol === 'http:') return good(url.origin);
  if (url.protocol !== 'https:')
    return bad('', 'must start with https:// (http is only for localhost and private addresses, in development)');
  if (!production) return good(url.origin);
  if (/\bsandbox\b/.test(url.hostname)) return bad('', 'must not be a sandbox in production');
  const problem = hostProblem(url.hostname);
  return problem === null ? good(url.origin) : bad('', `${problem} in production`);
}

/** localhost, or an address of the developer's own network. */
function isLocal({ hostname }: URL): boolean {
  return hostname === 'localhost' || (/^[0-9.]+$/.test(hostname) && hostProblem(hostname) !== null);
}

export function parseJwksUrl(text: string | null, production: boolean): Parsed<string | null> {
  const url = text !== null && URL.canParse(text) ? new URL(text) : null;
  if (text === null) return good(null);
  if (url === null || url.username !== '' || url.password !== '' || url.hash !== '') {
    return bad(text, 'must be a URL like https://issuer/.well-known/jwks.json');
  }
  const { problem } = parseOrigin(url.origin, production);
  return problem === null ? good(url.href) : bad(text, problem);
}

export function parseClaimName(text: string | null): Parsed<string> {
  if (text !== null && /^[\x21-\x7e]{1,64}$/.test(text)) return good(text);
  return bad('sub', 'must be the name of a claim: visible ASCII, at most 64 characters');
}

/** Only algorithms with a public key: with a shared secret among them, a public key could be passed off as one. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'];

/** Two names of one algorithm, the newer one of RFC 9864: an issuer may change from one to the other at any time. */
const ED25519_NAMES = ['Ed25519', 'EdDSA'];

export function parseAlgorithms(text: string | null): Parsed<readonly string[]> {
  const names = (text ?? '').split(/\s+/);
  const known = [...ALGORITHMS, ...ED25519_NAMES];
  return names.every((name) => known.includes(name))
    ? good([...new Set(names.flatMap((name) => (ED25519_NAMES.includes(name) ? ED25519_NAMES : [name])))])
    : bad([], `must be one or more of ${known.join(' ')}, with blanks between`);
}

export function parseWebhookSecrets(text: string | null): Parsed<readonly string[]> {
  const secrets = text === null ? [] : text.split(/\s+/);
  if (secrets.length > 2) return bad([], 'must be one secret, or two with a blank between');
  return secrets.every((secret) => /^whsec_[A-Za-z0-9+/]{16,}={0,2}$/.test(secret))
    ? good(secrets)
    : bad([], 'must be whsec_ followed by base64');
}

/** Splits a list at blanks and commas. */
function listOf(text: string | null): readonly string[] {
  return (text ?? '').split(/[\s,]+/).filter((item) => item !== '');
}

/** An origin as a browser or a web view sends it: lower case, and no path. The parts are the scheme and the host. */
const ORIGIN = /^([a-z][a-z0-9+.-]{0,31}):\/\/([a-z0-9._-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/;

/** Each is compared with the `Origin` header, which browsers spell in one way only. */
export function parseCorsOrigins(text: string | null, production: boolean): Parsed<readonly string[]> {
  const origins = listOf(text);
  if (text !== null && origins.length === 0) return bad([], 'must list at least one origin, or be absent');
  for (const origin of origins) {
    const problem = originProblem(origin, production);
    if (problem !== null) return bad([], problem);
  }
  return good(origins);
}

function originProblem(origin: string, production: boolean): string | null {
  if (origin.includes('*')) return 'must list every origin in full: with a * any site could use the gateway';
  const [, scheme, host = ''] = ORIGIN.exec(origin) ?? [];
  if (scheme === undefined) {
    return 'must be origins like https://app.example.com or capacitor://localhost, with blanks or commas between';
  }
  // Native web views have schemes of their own, whose origins URL does not know.
  if (scheme !== 'http' && scheme !== 'https')
    return scheme === 'file' ? 'must not hold file://, the origin of any file' : null;
  if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
    return 'must be origins as a browser sends them, without a default port';
  }
  return scheme === 'https' || isOwnDevice(origin, host, production)
    ? null
    : 'must start with https:// (http is only for web views at http://localhost and, in development, for localhost)';
}

/** Pages that come from the user's own device: Ionic and Capacitor at http://localhost, Tauri at http://tauri.localhost. */
function isOwnDevice(origin: string, host: string, production: boolean): boolean {
  if (host.endsWith('.localhost')) return true;
  return production ? origin === 'http://localhost' : host === 'localhost';
}

/** How many names CORS_HEADERS may hold: each preflight answer carries them all. */
const HEADER_NAMES_MAX = 50;

export function parseHeaderNames(text: string | null): Parsed<readonly string[]> {
  const names = listOf(text);
  return names.length <= HEADER_NAMES_MAX && names.every((name) => /^[A-Za-z0-9-]{1,64}$/.test(name))
    ? good(names.map((name) => name.toLowerCase()))
    : bad([], `must be at most ${HEADER_NAMES_MAX} names of headers, with blanks or commas between`);
}
