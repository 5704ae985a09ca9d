import { hostProblem } from './domain/public-host.ts';

type Environment = 'production' | 'development';
type AuthMode = 'jwks' | 'secret' | 'none';

/** What a text says: `value` stands in for what could not be read, when there is a problem. */
interface Parsed<T> {
  readonly value: T;
  readonly problem: string | null;
}

/** One setting, and how its text is read. */
export interface Setting<T> {
  /** Taken when the setting is absent or blank; null for none. */
  readonly fallback: string | null;
  /** Whether it is set with `wrangler secret put`, and not in the open. */
  readonly secret: boolean;
  readonly parse: (text: string | null, production: boolean) => Parsed<T>;
}

/** Every setting there is. What each means stands in the README, whose table is made from this one and its words. */
export const SETTINGS = {
  ENVIRONMENT: {
    fallback: 'production',
    secret: false,
    parse: (text) =>
      text === 'production' || text === 'development'
        ? good<Environment>(text)
        : bad<Environment>('production', 'must be production or development'),
  },
  KLING_BASE_URL: {
    fallback: null,
    secret: false,
    parse: (text, production) => (text === null ? bad('', 'is missing') : parseOrigin(text, production)),
  },
  KLING_ACCESS_KEY: {
    fallback: null,
    secret: true,
    parse: parseToken,
  },
  KLING_SECRET_KEY: {
    fallback: null,
    secret: true,
    parse: parseToken,
  },
  KLING_API_KEY: {
    fallback: null,
    secret: true,
    parse: parseToken,
  },
  KLING_TIMEOUT_MS: {
    fallback: '30000',
    secret: false,
    parse: wholeNumber(1000, 120_000),
  },
  KLING_CONCURRENCY: {
    fallback: '5',
    secret: false,
    parse: wholeNumber(1, 1000),
  },
  PUBLIC_URL: {
    fallback: null,
    secret: false,
    parse: (text, production) =>
      text === null ? { value: null, problem: production ? 'is missing' : null } : parseOrigin(text, production),
  },
  CALLBACK_SECRET: {
    fallback: null,
    secret: true,
    parse: (text) => (text !== null && text.length < 32 ? bad(null, 'must have at least 32 characters') : good(text)),
  },
  KLING_WEBHOOK_SECRETS: {
    fallback: null,
    secret: true,
    parse: parseWebhookSecrets,
  },
  BODY_BYTES_MAX: {
    fallback: '8000000',
    secret: false,
    parse: wholeNumber(1000, 20_000_000),
  },
  TASK_MAX_AGE_HOURS: {
    fallback: '24',
    secret: false,
    parse: wholeNumber(1, 720),
  },
  EVENT_RETENTION_HOURS: {
    fallback: '24',
    secret: false,
    parse: wholeNumber(1, 720),
  },
  EVENTS_PER_TASK_MAX: {
    fallback: '1000',
    secret: false,
    parse: wholeNumber(10, 100_000),
  },
  TENANT_MONTHLY_UNITS_MAX: {
    fallback: null,
    secret: false,
    parse: (text) =>
      text === null || /^\d{1,9}(?:\.\d{1,3})?$/.test(text)
        ? good(text)
        : bad(null, 'must be a decimal number with at most 3 places'),
  },
  AUTH: {
    fallback: 'jwks',
    secret: false,
    parse(text, production) {
      if (text !== 'jwks' && text !== 'secret' && text !== 'none')
        return bad<AuthMode>('none', 'must be jwks, secret or none');
      return text === 'none' && production
        ? bad<AuthMode>('none', 'must not be none in production')
        : good<AuthMode>(text);
    },
  },
  AUTH_JWKS_URL: {
    fallback: null,
    secret: false,
    parse: parseJwksUrl,
  },
  AUTH_ALGORITHMS: {
    fallback: 'RS256 PS256 ES256 EdDSA',
    secret: false,
    parse: parseAlgorithms,
  },
  AUTH_SECRET: {
    fallback: null,
    secret: true,
    parse: (text) => (text !== null && text.length < 32 ? bad('', 'must have at least 32 characters') : good(text)),
  },
  AUTH_ISSUER: {
    fallback: null,
    secret: false,
    parse: good<string | null>,
  },
  AUTH_AUDIENCE: {
    fallback: null,
    secret: false,
    parse: good<string | null>,
  },
  AUTH_TENANT_CLAIM: {
    fallback: 'sub',
    secret: false,
    parse: parseClaimName,
  },
  AUTH_SCOPE_CLAIM: {
    fallback: 'scope',
    secret: false,
    parse: parseClaimName,
  },
  AUTH_MAX_AGE_HOURS: {
    fallback: '24',
    secret: false,
    parse: wholeNumber(1, 720),
  },
  AUTH_CLOCK_TOLERANCE_SECONDS: {
    fallback: '10',
    secret: false,
    parse: wholeNumber(0, 300),
  },
  INTROSPECTION: {
    fallback: null,
    secret: false,
    parse: (text, production) =>
      text === null || text === 'on' || text === 'off'
        ? good(text === null ? !production : text === 'on')
        : bad(false, 'must be on or off'),
  },
} as const satisfies Readonly<Record<string, Setting<unknown>>>;

function good<T>(value: T): Parsed<T> {
  return { value, problem: null };
}

function bad<T>(standIn: T, problem: string): Parsed<T> {
  return { value: standIn, problem };
}

function wholeNumber(min: number, max: number) {
  return (text: string | null): Parsed<number> => {
    const value = text !== null && /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? good(value) : bad(min, `must be a whole number from ${min} to ${max}`);
  };
}

/** What an HTTP header can carry. */
function parseToken(text: string | null): Parsed<string | null> {
  if (text === null || /^[\x21-\x7e]+$/.test(text)) return good(text);
  return bad(text, 'has blanks or characters that no HTTP header carries');
}

function parseOrigin(text: string, production: boolean): Parsed<string> {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.origin !== text && `${url.origin}/` !== text)) {
    return bad('', 'must be an origin like https://host, without path, query or credentials');
  }
  const isLocal = url.hostname === 'localhost' || url.hostname === '127.0.0.1';
  if (!production && isLocal && url.protocol === 'http:') return good(url.origin);
  if (url.protocol !== 'https:')
    return bad('', 'must start with https:// (http is only for localhost, in development)');
  if (!production) return good(url.origin);
  if (/\bsandbox\b/.test(url.hostname)) return bad('', 'must not be a sandbox in production');
  const problem = hostProblem(url.hostname);
  return problem === null ? good(url.origin) : bad('', `${problem} in production`);
}

function parseJwksUrl(text: string | null, production: boolean): Parsed<string | null> {
  const url = text !== null && URL.canParse(text) ? new URL(text) : null;
  if (text === null) return good(null);
  if (url === null || url.username !== '' || url.password !== '' || url.hash !== '') {
    return bad(text, 'must be a URL like https://issuer/.well-known/jwks.json');
  }
  const { problem } = parseOrigin(url.origin, production);
  return problem === null ? good(url.href) : bad(text, problem);
}

function parseClaimName(text: string | null): Parsed<string> {
  if (text !== null && /^[\x21-\x7e]{1,64}$/.test(text)) return good(text);
  return bad('sub', 'must be the name of a claim: visible ASCII, at most 64 characters');
}

/** Only algorithms with a public key: with a shared secret among them, a public key could be passed off as one. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];

function parseAlgorithms(text: string | null): Parsed<readonly string[]> {
  const names = (text ?? '').split(/\s+/);
  return names.every((name) => ALGORITHMS.includes(name))
    ? good(names)
    : bad([], `must be one or more of ${ALGORITHMS.join(' ')}, with blanks between`);
}

function parseWebhookSecrets(text: string | null): Parsed<readonly string[]> {
  const secrets = text === null ? [] : text.split(/\s+/);
  if (secrets.length > 2) return bad([], 'must be one secret, or two with a blank between');
  return secrets.every((secret) => /^whsec_[A-Za-z0-9+/]{16,}={0,2}$/.test(secret))
    ? good(secrets)
    : bad([], 'must be whsec_ followed by base64');
}
