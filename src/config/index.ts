import { toMilliunits } from '../domain/cost.ts';
import { type DocumentsOptions, parseTrustedDocuments } from '../graphql/documents.ts';
import type { TenantForm } from '../lib/log.ts';
import { schema } from '../schema/schema.ts';
import trustedDocuments from '../trusted-documents.json' with { type: 'json' };
import { localHostOf } from './parsers.ts';
import { bindingProblemsOf, type ConfigProblem, type Setting, SETTINGS, unknownNamesOf } from './settings.ts';

/** The gateway's configuration: checked, and in the units that the code uses. */
export interface Config {
  readonly environment: 'production' | 'development';
  readonly kling: {
    /** An origin, without a trailing slash. */
    readonly baseUrl: string;
    /** The host of `baseUrl` if a sandbox in the local network takes the place of Kling, in development only. */
    readonly localHost: string | null;
    readonly keys: { readonly accessKey: string; readonly secretKey: string } | { readonly apiKey: string };
    readonly timeoutMs: number;
    readonly concurrency: number;
  };
  readonly callbacks: {
    /** The origin at which Kling reaches the gateway. Null in a development setup without one: tasks are only polled. */
    readonly publicUrl: string | null;
    /** Holds at least one if `publicUrl` is set, and two during a rotation. The first one signs. */
    readonly secrets: readonly string[];
    /** Standard Webhooks secrets. Empty if the account does not sign. Holds two during a rotation. */
    readonly webhookSecrets: readonly string[];
  };
  readonly auth: AuthConfig;
  readonly bodies: {
    /** The largest request without base64 audio. Also the most that a request with audio may hold beside it. */
    readonly bytesMax: number;
    /** The largest request with base64 audio. At least `bytesMax`. */
    readonly largeBytesMax: number;
  };
  readonly documents: DocumentsOptions;
  readonly ledger: LedgerLimits;
  readonly retention: RetentionTimes;
  readonly media: MediaLimits;
  /** True if results are copied into the bucket. */
  readonly archivesResults: boolean;
  readonly rates: RateLimits;
  /** Limits across the whole pool of hubs. */
  readonly sockets: { readonly perTenantMax: number; readonly perAddressMax: number };
  readonly watch: WatchLimits;
  readonly work: WorkLimits;
  readonly introspection: boolean;
  /** How log lines name a tenant. */
  readonly logTenant: TenantForm;
  /** Origins of pages that may use the gateway, spelt as browsers send them. The gateway's own is always allowed. */
  readonly corsOrigins: readonly string[];
  /** Request headers, in lower case, that these pages may send in addition to the usual ones. */
  readonly corsHeaders: readonly string[];
}

/** The limits of one tenant that its ledger enforces, as the ledger gets them. */
export interface LedgerLimits {
  readonly taskAgeMaxMs: number;
  readonly eventRetentionMs: number;
  readonly eventsPerTaskMax: number;
  /** The most tasks that may wait to be sent, and the most bytes of their requests. */
  readonly waitingTasksMax: number;
  readonly waitingBytesMax: number;
  /** In thousandths of a unit, per calendar month (UTC). Null means no cap. */
  readonly milliunitsPerMonthMax: number | null;
}

/** How long each kind of data is kept, in milliseconds. */
export interface RetentionTimes {
  /** Counted from a task's end. Also applies to monthly sums, from the end of the month. */
  readonly taskMs: number;
  readonly cancelledTaskMs: number;
  readonly deletedVoiceMs: number;
  readonly faceScanMs: number;
  readonly speechMs: number;
  /** External ids of calls that are charged at once, with their answers. */
  readonly externalIdMs: number;
  /** Uploaded files, counted from their creation. */
  readonly mediaMs: number;
  /** Archived results, counted from the end of their task. */
  readonly archiveMs: number;
  /** Which tenant made a video or an audio file, counted from when the gateway learned of it. */
  readonly ownerMs: number;
  /** The place that an idle tenant has in the account's queue. */
  readonly idleTenantMs: number;
}

/** The limits of files in the bucket. */
export interface MediaLimits {
  /** Whether a bucket is bound as `MEDIA`. Without it no file is taken, and no result is archived. */
  readonly hasBucket: boolean;
  readonly videoBytesMax: number;
  readonly audioBytesMax: number;
  /** All files of a tenant, archived results included. */
  readonly tenantBytesMax: number;
  /** Unfinished uploads of a tenant. */
  readonly uploadsMax: number;
}

/** The rates of a tenant. Up to a minute's worth may come at once. */
export interface RateLimits {
  readonly mutationsPerMinute: number;
  readonly largeBodiesPerMinute: number;
  readonly fetchesPerMinute: number;
  readonly subscriptionsPerMinute: number;
  readonly callbacksPerMinute: number;
  readonly upstreamReadsPerMinute: number;
}

/** The most that the subscriptions of one tenant may cost one hub. */
export interface WatchLimits {
  /** The most fields that one event costs a single operation. */
  readonly operationCostMax: number;
  readonly operationsMax: number;
  readonly subscriptionsMax: number;
  /** The most characters of all distinct operations together. */
  readonly charsMax: number;
  /** The most fields that one event costs all operations together. */
  readonly costMax: number;
}

/** The estimated work that one hub does, in milliseconds a second. */
export interface WorkLimits {
  /** For one socket. */
  readonly socketMsPerSecond: number;
  /** For all sockets of one tenant. */
  readonly tenantMsPerSecond: number;
}

/** The claims that a token must have, and the names of those that the gateway reads. */
export interface TokenRules {
  readonly issuer: string;
  readonly audience: string;
  readonly tenantClaim: string;
  readonly scopeClaim: string;
  /** Counted from `iat`. */
  readonly maxAgeMs: number;
  readonly clockToleranceMs: number;
}

/** Who may call: bearers of a token signed by an issuer or with a shared secret (HS256), or everybody in development. */
export type AuthConfig =
  | { readonly mode: 'none' }
  /** Holds two secrets during a rotation. */
  | ({ readonly mode: 'secret'; readonly secrets: readonly string[] } & TokenRules)
  | ({ readonly mode: 'jwks'; readonly jwksUrl: string; readonly algorithms: readonly string[] } & TokenRules);

/** The configuration, or everything that is wrong with it. */
export type ConfigResult =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly [ConfigProblem, ...ConfigProblem[]] };

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const SECOND_MS = 1_000;

type SettingName = keyof typeof SETTINGS;
type Value<Name extends SettingName> = ReturnType<(typeof SETTINGS)[Name]['parse']>['value'];

/** Reads every setting of the Worker's environment, and reports all problems at once. `manifest` lists trusted documents. */
export function readConfig(env: object, manifest: unknown = trustedDocuments): ConfigResult {
  const problems: ConfigProblem[] = [];
  const production = textOf(env, 'ENVIRONMENT') !== 'development';

  function report(setting: SettingName, message: string, how = howToSet(setting)): void {
    problems.push({ setting, message: `${message}: ${how}` });
  }
  function reportManifest(problem: string): void {
    problems.push({ setting: 'TRUSTED_DOCUMENTS', message: `is only, but of src/trusted-documents.json ${problem}` });
  }
  function read<Name extends SettingName>(name: Name): Value<Name> {
    const { parse, fallback }: Setting<unknown> = SETTINGS[name];
    const text = textOf(env, name);
    const { value, problem } = parse(text ?? fallback, production);
    if (text !== null && isQuoted(text)) report(name, 'is in quotes, which are part of the value: leave them out');
    else if (problem !== null) report(name, problem);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table has each name beside its parser
    return value as Value<Name>;
  }

  const accessKey = read('KLING_ACCESS_KEY');
  const secretKey = read('KLING_SECRET_KEY');
  const apiKey = read('KLING_API_KEY');
  for (const problem of keyProblemsOf(accessKey, secretKey, apiKey)) report(...problem);

  const publicUrl = read('PUBLIC_URL');
  const callbackSecrets = read('CALLBACK_SECRET');
  if (callbackSecrets.length === 0 && textOf(env, 'CALLBACK_SECRET') === null && (production || publicUrl !== null)) {
    report('CALLBACK_SECRET', 'is missing');
  }

  function readAuth(): AuthConfig {
    const mode = read('AUTH');
    const jwksUrl = read('AUTH_JWKS_URL');
    const algorithms = read('AUTH_ALGORITHMS');
    const secrets = read('AUTH_SECRET');
    const rules: TokenRules = {
      issuer: read('AUTH_ISSUER') ?? '',
      audience: read('AUTH_AUDIENCE') ?? '',
      tenantClaim: read('AUTH_TENANT_CLAIM'),
      scopeClaim: read('AUTH_SCOPE_CLAIM'),
      maxAgeMs: read('AUTH_MAX_AGE_HOURS') * HOUR_MS,
      clockToleranceMs: read('AUTH_CLOCK_TOLERANCE_SECONDS') * SECOND_MS,
    };
    if (mode === 'none') return { mode };
    if (rules.issuer === '') report('AUTH_ISSUER', 'is missing');
    if (rules.audience === '') report('AUTH_AUDIENCE', 'is missing');
    if (mode === 'jwks' && jwksUrl === null) report('AUTH_JWKS_URL', 'is missing (or AUTH is to be secret)');
    if (mode === 'jwks') return { ...rules, mode, jwksUrl: jwksUrl ?? '', algorithms };
    if (textOf(env, 'AUTH_SECRET') === null) report('AUTH_SECRET', 'is missing');
    return { ...rules, mode, secrets };
  }

  const bytesMax = read('BODY_BYTES_MAX');
  const trustedOnly = read('TRUSTED_DOCUMENTS') === 'only';
  const { documents: trusted, problems: manifestProblems } = parseTrustedDocuments(manifest, schema);
  if (trustedOnly) manifestProblems.forEach(reportManifest);
  if (trustedOnly && trusted.size === 0 && manifestProblems.length === 0) reportManifest('it holds no document');

  const unitsMax = read('TENANT_MONTHLY_UNITS_MAX');
  const archives = read('ARCHIVE_RESULTS');
  const hasBucket = typeof Reflect.get(env, 'MEDIA') === 'object';
  if (archives === true && !hasBucket) {
    report('ARCHIVE_RESULTS', 'is on, but no bucket is bound as MEDIA', 'keep [[r2_buckets]] of wrangler.toml');
  }
  const environment = read('ENVIRONMENT');
  const baseUrl = read('KLING_BASE_URL');
  const config: Config = {
    environment,
    kling: {
      baseUrl,
      localHost: environment === 'development' ? localHostOf(baseUrl) : null,
      keys: apiKey === null ? { accessKey: accessKey ?? '', secretKey: secretKey ?? '' } : { apiKey },
      timeoutMs: read('KLING_TIMEOUT_MS'),
      concurrency: read('KLING_CONCURRENCY'),
    },
    callbacks: { publicUrl, secrets: callbackSecrets, webhookSecrets: read('KLING_WEBHOOK_SECRETS') },
    auth: readAuth(),
    bodies: { bytesMax, largeBytesMax: Math.max(bytesMax, read('AUDIO_BODY_BYTES_MAX')) },
    documents: { automatic: read('APQ'), trustedOnly, trusted },
    ledger: {
      taskAgeMaxMs: read('TASK_MAX_AGE_HOURS') * HOUR_MS,
      eventRetentionMs: read('EVENT_RETENTION_HOURS') * HOUR_MS,
      eventsPerTaskMax: read('EVENTS_PER_TASK_MAX'),
      waitingTasksMax: read('TENANT_WAITING_TASKS_MAX'),
      waitingBytesMax: read('TENANT_WAITING_BYTES_MAX'),
      milliunitsPerMonthMax: unitsMax === null ? null : toMilliunits(unitsMax),
    },
    retention: {
      taskMs: read('TASK_RETENTION_DAYS') * DAY_MS,
      cancelledTaskMs: read('CANCELLED_TASK_RETENTION_DAYS') * DAY_MS,
      deletedVoiceMs: read('DELETED_VOICE_RETENTION_DAYS') * DAY_MS,
      faceScanMs: read('FACE_SCAN_RETENTION_DAYS') * DAY_MS,
      speechMs: read('SPEECH_RETENTION_DAYS') * DAY_MS,
      externalIdMs: read('EXTERNAL_ID_RETENTION_DAYS') * DAY_MS,
      mediaMs: read('MEDIA_RETENTION_DAYS') * DAY_MS,
      archiveMs: read('ARCHIVE_RETENTION_DAYS') * DAY_MS,
      ownerMs: read('OWNER_RETENTION_DAYS') * DAY_MS,
      idleTenantMs: read('IDLE_TENANT_RETENTION_DAYS') * DAY_MS,
    },
    media: {
      hasBucket,
      videoBytesMax: read('MEDIA_VIDEO_BYTES_MAX'),
      audioBytesMax: read('MEDIA_AUDIO_BYTES_MAX'),
      tenantBytesMax: read('TENANT_MEDIA_BYTES_MAX'),
      uploadsMax: read('TENANT_UPLOADS_MAX'),
    },
    archivesResults: archives ?? hasBucket,
    rates: {
      mutationsPerMinute: read('TENANT_MUTATIONS_PER_MINUTE'),
      largeBodiesPerMinute: read('TENANT_AUDIO_BODIES_PER_MINUTE'),
      fetchesPerMinute: read('TENANT_FETCHES_PER_MINUTE'),
      subscriptionsPerMinute: read('TENANT_SUBSCRIPTIONS_PER_MINUTE'),
      callbacksPerMinute: read('TENANT_CALLBACKS_PER_MINUTE'),
      upstreamReadsPerMinute: read('TENANT_UPSTREAM_READS_PER_MINUTE'),
    },
    sockets: { perTenantMax: read('TENANT_SOCKETS_MAX'), perAddressMax: read('ADDRESS_SOCKETS_MAX') },
    work: {
      socketMsPerSecond: read('SOCKET_WORK_MS_PER_SECOND'),
      tenantMsPerSecond: read('TENANT_WORK_MS_PER_SECOND'),
    },
    watch: {
      operationCostMax: read('LIVE_OPERATION_COST_MAX'),
      costMax: read('TENANT_LIVE_COST_MAX'),
      operationsMax: read('TENANT_LIVE_OPERATIONS_MAX'),
      subscriptionsMax: read('TENANT_LIVE_SUBSCRIPTIONS_MAX'),
      charsMax: read('TENANT_LIVE_CHARS_MAX'),
    },
    introspection: read('INTROSPECTION'),
    logTenant: read('LOG_TENANT'),
    corsOrigins: read('CORS_ORIGINS'),
    corsHeaders: read('CORS_HEADERS'),
  };
  for (const [setting, message] of crossProblemsOf(config)) report(setting, message);
  problems.push(...bindingProblemsOf(env, production), ...unknownNamesOf(env));
  const [first, ...rest] = problems;
  return first === undefined ? { ok: true, config } : { ok: false, problems: [first, ...rest] };
}

const results = new WeakMap<object, ConfigResult>();

/** Calls `readConfig` once for each `env`. */
export function configResultOf(env: object): ConfigResult {
  const known = results.get(env);
  if (known !== undefined) return known;
  const result = readConfig(env);
  results.set(env, result);
  return result;
}

/**
 * Returns the configuration where it is known to be valid, such as in an object's constructor. Throws one error that lists
 * all problems.
 */
export function configOf(env: object): Config {
  const result = configResultOf(env);
  if (result.ok) return result.config;
  throw new Error(result.problems.map(({ setting, message }) => `${setting} ${message}`).join('\n'));
}

/** Checks that one kind of Kling's keys is set, and completely. Returns what to report. */
function keyProblemsOf(
  accessKey: string | null,
  secretKey: string | null,
  apiKey: string | null,
): readonly (readonly [setting: SettingName, message: string, how?: string])[] {
  const hasPart = accessKey !== null || secretKey !== null;
  if (apiKey !== null && hasPart) {
    const how = 'keep one kind only, and take the other away with `npx wrangler secret delete NAME`';
    return [['KLING_API_KEY', 'is set beside KLING_ACCESS_KEY or KLING_SECRET_KEY', how]];
  }
  if (apiKey !== null) return [];
  if (!hasPart) {
    return [
      ['KLING_ACCESS_KEY', 'is missing (or KLING_API_KEY instead of both keys)'],
      ['KLING_SECRET_KEY', 'is missing, with KLING_ACCESS_KEY'],
    ];
  }
  if (accessKey === null) return [['KLING_ACCESS_KEY', 'is missing, while KLING_SECRET_KEY is set']];
  return secretKey === null ? [['KLING_SECRET_KEY', 'is missing, while KLING_ACCESS_KEY is set']] : [];
}

/** Finds settings that contradict each other although each is valid. Returns what to report. */
function crossProblemsOf(config: Config): readonly (readonly [SettingName, string])[] {
  const { auth, callbacks, environment, kling } = config;
  const { publicUrl } = callbacks;
  const problems: [SettingName, string][] = [];
  if (auth.mode === 'secret' && auth.secrets.some((secret) => callbacks.secrets.includes(secret))) {
    problems.push(['AUTH_SECRET', 'is also the CALLBACK_SECRET: a party that knows one could forge the other']);
  }
  if (publicUrl !== null && (publicUrl === kling.baseUrl || isKlingOrigin(publicUrl))) {
    problems.push(['PUBLIC_URL', "is Kling's host: it must be the gateway's own"]);
  }
  const isOpen = environment === 'development' && auth.mode === 'none' && publicUrl?.startsWith('https:') === true;
  if (isOpen) problems.push(['AUTH', 'must not be none with a PUBLIC_URL on https, where everybody could spend units']);
  return problems;
}

function isKlingOrigin(origin: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { hostname } = new URL(origin);
  return hostname === 'klingai.com' || hostname.endsWith('.klingai.com');
}

function howToSet(setting: SettingName): string {
  const { secret, fallback, example }: Setting<unknown> = SETTINGS[setting];
  return secret
    ? `set it with \`npx wrangler secret put ${setting}\``
    : `set it under [vars] in wrangler.toml, as in \`${setting} = "${example ?? fallback}"\``;
}

function isQuoted(text: string): boolean {
  return text.length > 1 && (text.startsWith('"') || text.startsWith("'")) && text.endsWith(text.charAt(0));
}

/** Returns the text of a setting, null if it is absent or blank. Wrangler binds numbers and booleans of `[vars]` as such. */
function textOf(env: object, name: SettingName): string | null {
  const value: unknown = Reflect.get(env, name);
  const text =
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
  return text.trim() === '' ? null : text.trim();
}
