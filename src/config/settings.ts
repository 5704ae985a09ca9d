import type { TenantForm } from '../lib/log.ts';
import {
  invalid,
  parseAlgorithms,
  parseClaimName,
  parseCorsOrigins,
  type Parsed,
  parseHeaderNames,
  parseJwksUrl,
  parseOrigin,
  parseSecrets,
  parseToken,
  parseWebhookSecrets,
  valid,
  wholeNumber,
} from './parsers.ts';

type Environment = 'production' | 'development';
type AuthMode = 'jwks' | 'secret' | 'none';

/** A setting: its default, and how its text is parsed. */
export interface Setting<T> {
  /** The default, used if the setting is absent or blank. Null if there is no default. */
  readonly fallback: string | null;
  /** A sample value, shown to an operator who has to set a setting without a default. */
  readonly example?: string;
  /** Whether it is set with `wrangler secret put` instead of in `wrangler.toml`. */
  readonly secret: boolean;
  readonly parse: (text: string | null, production: boolean) => Parsed<T>;
}

/** Builds the setting of a whole number from `min` to `max`. */
function count<Fallback extends string>(fallback: Fallback, min: number, max: number) {
  return { fallback, secret: false, parse: wholeNumber(min, max) } satisfies Setting<number>;
}

/** All settings. docs/operations.md explains each, in a generated table. */
export const SETTINGS = {
  ENVIRONMENT: {
    fallback: 'production',
    secret: false,
    parse: (text) =>
      text === 'production' || text === 'development'
        ? valid<Environment>(text)
        : invalid<Environment>('production', 'must be production or development'),
  },
  KLING_BASE_URL: {
    fallback: null,
    example: 'https://api-singapore.klingai.com',
    secret: false,
    parse: (text, production) => (text === null ? invalid('', 'is missing') : parseOrigin(text, production)),
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
  KLING_TIMEOUT_MS: count('30000', 1000, 120_000),
  KLING_CONCURRENCY: count('5', 1, 1000),
  PUBLIC_URL: {
    fallback: null,
    example: 'https://gateway.example.com',
    secret: false,
    parse: (text, production) =>
      text === null ? { value: null, problem: production ? 'is missing' : null } : parseOrigin(text, production),
  },
  CALLBACK_SECRET: {
    fallback: null,
    secret: true,
    parse: parseSecrets,
  },
  KLING_WEBHOOK_SECRETS: {
    fallback: null,
    secret: true,
    parse: parseWebhookSecrets,
  },
  BODY_BYTES_MAX: count('131072', 1000, 20_000_000),
  AUDIO_BODY_BYTES_MAX: count('8000000', 1000, 20_000_000),
  APQ: {
    fallback: 'on',
    secret: false,
    parse: (text) => (text === 'on' || text === 'off' ? valid(text === 'on') : invalid(false, 'must be on or off')),
  },
  TRUSTED_DOCUMENTS: {
    fallback: 'off',
    secret: false,
    parse: (text) =>
      text === 'off' || text === 'only'
        ? valid<'off' | 'only'>(text)
        : invalid<'off' | 'only'>('off', 'must be off or only'),
  },
  TASK_MAX_AGE_HOURS: count('24', 1, 720),
  EVENT_RETENTION_HOURS: count('24', 1, 720),
  EVENTS_PER_TASK_MAX: count('1000', 10, 100_000),
  TASK_RETENTION_DAYS: count('400', 30, 4_000),
  CANCELLED_TASK_RETENTION_DAYS: count('30', 7, 4_000),
  DELETED_VOICE_RETENTION_DAYS: count('30', 30, 4_000),
  FACE_SCAN_RETENTION_DAYS: count('30', 1, 4_000),
  SPEECH_RETENTION_DAYS: count('30', 1, 4_000),
  EXTERNAL_ID_RETENTION_DAYS: count('30', 1, 4_000),
  MEDIA_RETENTION_DAYS: count('30', 1, 4_000),
  ARCHIVE_RETENTION_DAYS: count('400', 1, 4_000),
  ARCHIVE_RESULTS: {
    fallback: null,
    example: 'on',
    secret: false,
    parse: (text) =>
      text === null || text === 'on' || text === 'off'
        ? valid(text === null ? null : text === 'on')
        : invalid(false, 'must be on or off'),
  },
  MEDIA_VIDEO_BYTES_MAX: count('100000000', 1_000_000, 100_000_000),
  MEDIA_AUDIO_BYTES_MAX: count('5000000', 100_000, 5_000_000),
  OWNER_RETENTION_DAYS: count('30', 30, 4_000),
  IDLE_TENANT_RETENTION_DAYS: count('30', 1, 4_000),
  TENANT_MUTATIONS_PER_MINUTE: count('300', 1, 1_000_000),
  TENANT_AUDIO_BODIES_PER_MINUTE: count('30', 1, 1_000_000),
  TENANT_FETCHES_PER_MINUTE: count('10', 1, 1_000_000),
  TENANT_SUBSCRIPTIONS_PER_MINUTE: count('20000', 1, 1_000_000),
  TENANT_CALLBACKS_PER_MINUTE: count('30000', 1, 1_000_000),
  TENANT_UPSTREAM_READS_PER_MINUTE: count('600', 1, 1_000_000),
  TENANT_WAITING_TASKS_MAX: count('1000', 1, 10_000),
  TENANT_WAITING_BYTES_MAX: count('500000000', 10_000_000, 5_000_000_000),
  TENANT_MEDIA_BYTES_MAX: count('10000000000', 1_000_000, 100_000_000_000_000),
  TENANT_UPLOADS_MAX: count('100', 1, 10_000),
  TENANT_SOCKETS_MAX: count('4000', 4, 10_000),
  ADDRESS_SOCKETS_MAX: count('400', 4, 10_000),
  LIVE_OPERATION_COST_MAX: count('2500', 100, 1_000_000),
  TENANT_LIVE_COST_MAX: count('25000', 100, 10_000_000),
  TENANT_LIVE_OPERATIONS_MAX: count('1000', 1, 1_000_000),
  TENANT_LIVE_SUBSCRIPTIONS_MAX: count('5000', 1, 1_000_000),
  TENANT_LIVE_CHARS_MAX: count('1000000', 10_000, 100_000_000),
  TENANT_MONTHLY_UNITS_MAX: {
    fallback: null,
    example: '100',
    secret: false,
    parse: (text) =>
      text === null || /^\d{1,9}(?:\.\d{1,3})?$/.test(text)
        ? valid(text)
        : invalid(null, 'must be a decimal number with at most 3 places'),
  },
  SOCKET_WORK_MS_PER_SECOND: count('50', 10, 1_000),
  TENANT_WORK_MS_PER_SECOND: count('250', 10, 1_000),
  AUTH: {
    fallback: 'jwks',
    secret: false,
    parse(text, production) {
      if (text !== 'jwks' && text !== 'secret' && text !== 'none')
        return invalid<AuthMode>('none', 'must be jwks, secret or none');
      return text === 'none' && production
        ? invalid<AuthMode>('none', 'must not be none in production')
        : valid<AuthMode>(text);
    },
  },
  AUTH_JWKS_URL: {
    fallback: null,
    example: 'https://issuer.example.com/.well-known/jwks.json',
    secret: false,
    parse: parseJwksUrl,
  },
  AUTH_ALGORITHMS: {
    fallback: 'RS256 PS256 ES256 Ed25519',
    secret: false,
    parse: parseAlgorithms,
  },
  AUTH_SECRET: {
    fallback: null,
    secret: true,
    parse: parseSecrets,
  },
  AUTH_ISSUER: {
    fallback: null,
    example: 'https://issuer.example.com',
    secret: false,
    parse: valid<string | null>,
  },
  AUTH_AUDIENCE: {
    fallback: null,
    example: 'kling-gateway',
    secret: false,
    parse: valid<string | null>,
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
  AUTH_MAX_AGE_HOURS: count('24', 1, 720),
  AUTH_CLOCK_TOLERANCE_SECONDS: count('10', 0, 300),
  INTROSPECTION: {
    fallback: null,
    example: 'off',
    secret: false,
    parse: (text, production) =>
      text === null || text === 'on' || text === 'off'
        ? valid(text === null ? !production : text === 'on')
        : invalid(false, 'must be on or off'),
  },
  LOG_TENANT: {
    fallback: 'hash',
    secret: false,
    parse: (text) =>
      text === 'id' || text === 'hash' || text === 'off'
        ? valid<TenantForm>(text)
        : invalid<TenantForm>('off', 'must be id, hash or off'),
  },
  CORS_ORIGINS: {
    fallback: null,
    example: 'https://app.example.com',
    secret: false,
    parse: parseCorsOrigins,
  },
  CORS_HEADERS: {
    fallback: null,
    example: 'x-my-trace-id',
    secret: false,
    parse: parseHeaderNames,
  },
} as const satisfies Readonly<Record<string, Setting<unknown>>>;

/** A problem with one setting, and how to fix it. Holds no value of a setting, so that it can be shown and logged. */
export interface ConfigProblem {
  readonly setting: string;
  readonly message: string;
}

const DURABLE_OBJECTS = ['TASK_LEDGER', 'KLING_ACCOUNT', 'HUB', 'ISSUER_KEYS', 'UPLOAD', 'WEBHOOK'];

/** Finds missing bindings. Wrangler does not inherit bindings into a `[env.NAME]`. */
export function bindingProblemsOf(env: object, production: boolean): readonly ConfigProblem[] {
  const unbound = (name: string): boolean => typeof Reflect.get(env, name) !== 'object';
  const objects = DURABLE_OBJECTS.filter(unbound).map((setting) => ({
    setting,
    message: 'is not bound: keep [[durable_objects.bindings]] of wrangler.toml, and repeat them in each [env.NAME]',
  }));
  if (!production || !unbound('REQUEST_RATE')) return objects;
  const message = 'is not bound: keep [[ratelimits]] of wrangler.toml, and repeat them in each [env.NAME]';
  return [...objects, { setting: 'REQUEST_RATE', message }];
}

/** Variables with such a name are meant as a setting. */
const FAMILIES = /^(?:KLING|AUTH|TENANT|CALLBACK|CORS|TASK|EVENT|AUDIO|BODY|MEDIA|ARCHIVE)_|_RETENTION_DAYS$/;

/** The present names of settings that version 0.1 called something else. */
const RENAMED: ReadonlyMap<string, keyof typeof SETTINGS> = new Map([
  ['IDEMPOTENCY_RETENTION_DAYS', 'EXTERNAL_ID_RETENTION_DAYS'],
]);

/** The most edits (insertions, deletions, replacements) between a misspelt name and the setting it means. */
const TYPOS_MAX = 2;

/**
 * Finds variables whose name looks like a misspelt setting, or is an old one. Without this check a typo in the name of a
 * limit would silently leave its default. Variables with unrelated names may serve another purpose, and are ignored.
 */
export function unknownNamesOf(env: object): readonly ConfigProblem[] {
  const known = Object.keys(SETTINGS);
  return Object.entries(env).flatMap(([name, value]) => {
    if (!['string', 'number', 'boolean'].includes(typeof value) || known.includes(name)) return [];
    const renamed = RENAMED.get(name.toUpperCase());
    if (renamed !== undefined) return [{ setting: name, message: `is called ${renamed} now: rename it` }];
    const meant = known.find((candidate) => distance(candidate, name.toUpperCase()) <= TYPOS_MAX);
    if (meant !== undefined) return [{ setting: name, message: `is not a setting: ${meant} is` }];
    return FAMILIES.test(name)
      ? [{ setting: name, message: 'is not a setting: docs/operations.md lists them all' }]
      : [];
  });
}

/** Returns the Levenshtein distance of two texts, or a larger number than `TYPOS_MAX` if their lengths differ by more. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > TYPOS_MAX) return TYPOS_MAX + 1;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
