import { hostProblem } from './domain/public-host.ts';

type Environment = 'production' | 'development';

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
  readonly meaning: string;
  readonly parse: (text: string | null, production: boolean) => Parsed<T>;
}

/** Every setting there is. The README's table is this one. */
export const SETTINGS = {
  ENVIRONMENT: {
    fallback: 'production',
    secret: false,
    meaning: '`production` or `development`, which allows plain http to localhost and needs no public address.',
    parse: (text) =>
      text === 'production' || text === 'development'
        ? good<Environment>(text)
        : bad<Environment>('production', 'must be production or development'),
  },
  KLING_BASE_URL: {
    fallback: null,
    secret: false,
    meaning:
      "Kling's host: `https://api-singapore.klingai.com`, or `https://api-beijing.klingai.com` for keys of the Chinese console.",
    parse: (text, production) => (text === null ? bad('', 'is missing') : parseOrigin(text, production)),
  },
  KLING_ACCESS_KEY: {
    fallback: null,
    secret: true,
    meaning: "The AccessKey of Kling's console; goes with `KLING_SECRET_KEY`.",
    parse: parseToken,
  },
  KLING_SECRET_KEY: {
    fallback: null,
    secret: true,
    meaning: 'The SecretKey that belongs to `KLING_ACCESS_KEY`.',
    parse: parseToken,
  },
  KLING_API_KEY: {
    fallback: null,
    secret: true,
    meaning: "A static API key of Kling's, in the place of the two keys above.",
    parse: parseToken,
  },
  KLING_TIMEOUT_MS: {
    fallback: '30000',
    secret: false,
    meaning: 'How long one request to Kling may take, in milliseconds: 1000 to 120000.',
    parse: wholeNumber(1000, 120_000),
  },
  KLING_CONCURRENCY: {
    fallback: '5',
    secret: false,
    meaning: 'How many tasks the account may have at Kling at once, by its resource packs: 1 to 1000.',
    parse: wholeNumber(1, 1000),
  },
  PUBLIC_URL: {
    fallback: null,
    secret: false,
    meaning: "The gateway's own public origin, for Kling's callbacks. Required in production.",
    parse: (text, production) =>
      text === null ? { value: null, problem: production ? 'is missing' : null } : parseOrigin(text, production),
  },
  CALLBACK_SECRET: {
    fallback: null,
    secret: true,
    meaning:
      "At least 32 random characters: proves that a callback's address came from this gateway. Required with `PUBLIC_URL`.",
    parse: (text) => (text !== null && text.length < 32 ? bad(null, 'must have at least 32 characters') : good(text)),
  },
  KLING_WEBHOOK_SECRETS: {
    fallback: null,
    secret: true,
    meaning:
      "The account's `whsec_...` if it signs callbacks; two, with a blank between, while one replaces the other.",
    parse: parseWebhookSecrets,
  },
  BODY_BYTES_MAX: {
    fallback: '8000000',
    secret: false,
    meaning: 'The largest GraphQL request, in bytes: 1000 to 20000000. A sound of 5 MB in base64 needs 7000000.',
    parse: wholeNumber(1000, 20_000_000),
  },
  TASK_MAX_AGE_HOURS: {
    fallback: '24',
    secret: false,
    meaning: 'After how many hours a task that Kling has not finished is given up: 1 to 720.',
    parse: wholeNumber(1, 720),
  },
  EVENT_RETENTION_HOURS: {
    fallback: '24',
    secret: false,
    meaning: 'How many hours the changes of tasks are kept for clients that come back: 1 to 720.',
    parse: wholeNumber(1, 720),
  },
  EVENTS_PER_TASK_MAX: {
    fallback: '1000',
    secret: false,
    meaning: 'How many changes of one task are kept, the newest: 10 to 100000.',
    parse: wholeNumber(10, 100_000),
  },
  TENANT_MONTHLY_UNITS_MAX: {
    fallback: null,
    secret: false,
    meaning: 'How many units a tenant may spend in a calendar month (UTC), as in `100` or `12.5`. Absent: no limit.',
    parse: (text) =>
      text === null || /^\d{1,9}(?:\.\d{1,3})?$/.test(text)
        ? good(text)
        : bad(null, 'must be a decimal number with at most 3 places'),
  },
  INTROSPECTION: {
    fallback: null,
    secret: false,
    meaning: '`on` or `off`: whether clients may ask for the schema. Absent: off in production, on in development.',
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

function parseWebhookSecrets(text: string | null): Parsed<readonly string[]> {
  const secrets = text === null ? [] : text.split(/\s+/);
  if (secrets.length > 2) return bad([], 'must be one secret, or two with a blank between');
  return secrets.every((secret) => /^whsec_[A-Za-z0-9+/]{16,}={0,2}$/.test(secret))
    ? good(secrets)
    : bad([], 'must be whsec_ followed by base64');
}
