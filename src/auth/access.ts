import { errors, type JWTPayload, jwtVerify, type JWTVerifyOptions } from 'jose';
import type { AuthConfig, TokenRules } from '../config/index.ts';
import {
  EVERYBODY,
  isScope,
  isTenant,
  type Viewer,
  isPermitted,
  requireScope,
  type Scope,
  type Ledger,
  type Upstream,
  type Watch,
  writeScopes,
} from '../domain/ports.ts';
import { GatewayError } from '../errors.ts';
import { createBoundedCache } from '../lib/cache.ts';
import type { Log } from '../lib/log.ts';
import { TASK_KINDS, type TaskKind } from '../domain/task.ts';
import type { TaskFilter } from '../domain/list.ts';
import type { VerifyToken } from './issuer-keys.ts';

/** The longest token that is verified. Most servers limit headers to 16 KB. */
const TOKEN_CHARS_MAX = 8_192;

const SUBJECT_CHARS_MAX = 256;

/** How long a verified token is cached. Trade-off: a token of a revoked key is accepted for up to 30 s. */
export const VERIFIED_MS = 30_000;

const VERIFIED = { charsPerEntryMax: TOKEN_CHARS_MAX, charsMax: 512 * 1024 };

/**
 * Authenticates a caller by its `authorization` header. Logs a refusal with `requestId`. Throws `UNAUTHENTICATED` if the
 * header is missing or not valid, and `UPSTREAM_UNAVAILABLE` if the issuer's keys cannot be read.
 */
export type Authenticate = (authorization: string | null, requestId: string) => Promise<Viewer>;

/** The dependencies of `createAuthenticate`. */
export interface AuthenticateDeps {
  /** Verifies with the issuer's keys, if the configuration names a JWKS. */
  readonly issuerVerify: VerifyToken;
  readonly now: () => number;
  /** Gets the reason of each refusal, and never a token. */
  readonly log: Log;
}

interface Verified {
  readonly viewer: Viewer;
  readonly untilMs: number;
}

/** Creates the function. Build it once per isolate, because it caches verified tokens. */
export function createAuthenticate(config: AuthConfig, deps: AuthenticateDeps): Authenticate {
  if (config.mode === 'none') return async () => EVERYBODY;
  const { now, log } = deps;
  const verify = createVerify(config, deps);
  const verified = createBoundedCache<Verified>(VERIFIED);
  return async (authorization, requestId) => {
    const token = tokenOf(authorization);
    if (token === null) throw unauthenticated('Send a token: "authorization: Bearer ...".');
    const known = verified.get(token);
    if (known !== undefined && now() < known.untilMs) return known.viewer;
    const untilMs = now() + VERIFIED_MS;
    try {
      const viewer = toViewer(await verify(token), config);
      verified.set(token, { viewer, untilMs: Math.min(untilMs, viewer.expiresAtMs) });
      return viewer;
    } catch (error) {
      // Any other error of jose's is about the token, too, such as a key of the wrong kind.
      if (error instanceof GatewayError) throw error;
      log({ level: 'info', message: 'token refused', requestId, ...toTokenRefusal(error, config) });
      throw unauthenticated(messageOf(error));
    }
  };
}

function createVerify(config: Exclude<AuthConfig, { mode: 'none' }>, { issuerVerify, now }: AuthenticateDeps) {
  const options: JWTVerifyOptions = {
    issuer: config.issuer,
    audience: config.audience,
    algorithms: config.mode === 'secret' ? ['HS256'] : [...config.algorithms],
    requiredClaims: ['exp', 'iat', 'sub'],
    maxTokenAge: config.maxAgeMs / 1_000,
    clockTolerance: config.clockToleranceMs / 1_000,
  };
  const secrets = config.mode === 'secret' ? config.secrets.map((secret) => new TextEncoder().encode(secret)) : null;

  /** Verifies with each secret: while one replaces another, a token may be signed with either. */
  async function verified(token: string, dated: JWTVerifyOptions): Promise<JWTPayload> {
    if (secrets === null) return issuerVerify(token, dated);
    for (const secret of secrets.slice(0, -1)) {
      try {
        return (await jwtVerify(token, secret, dated)).payload;
      } catch (error) {
        if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
      }
    }
    return (await jwtVerify(token, secrets.at(-1) ?? new Uint8Array(), dated)).payload;
  }

  return async (token: string): Promise<JWTPayload> => {
    const dated = { ...options, currentDate: new Date(now()) };
    const payload = await verified(token, dated);
    // jose counts whole seconds and accepts a token during the second in which its age is reached.
    if (expiresAtMsOf(payload, config) <= now()) {
      const isPast = (payload.exp ?? 0) * 1_000 + config.clockToleranceMs <= now();
      throw new errors.JWTExpired('too old', payload, isPast ? 'exp' : 'iat');
    }
    return payload;
  };
}

function messageOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'The token has expired.';
  return error instanceof UnusableClaim ? error.message : 'The token is not valid.';
}

function tokenOf(authorization: string | null): string | null {
  const [, token = null] = /^Bearer +([\w.~+/-]+=*)$/i.exec(authorization ?? '') ?? [];
  return token !== null && token.length <= TOKEN_CHARS_MAX ? token : null;
}

function toViewer(claims: JWTPayload, rules: TokenRules): Viewer & { readonly expiresAtMs: number } {
  const tenant = claims[rules.tenantClaim];
  if (!isTenant(tenant)) throw unusable(claims, rules.tenantClaim, 'names no tenant');
  const { sub } = claims;
  // jose checks that the claim is present, not that it is a text.
  if (typeof sub !== 'string') throw unusable(claims, 'sub', 'is no text');
  return {
    tenant,
    subject: sub.slice(0, SUBJECT_CHARS_MAX),
    scopes: [...new Set(textsOf(claims[rules.scopeClaim]))].filter(isScope),
    expiresAtMs: expiresAtMsOf(claims, rules),
  };
}

/** Returns the instant up to which a token is accepted. */
function expiresAtMsOf({ exp = 0, iat = 0 }: JWTPayload, { maxAgeMs, clockToleranceMs }: TokenRules): number {
  return Math.min(exp * 1_000, iat * 1_000 + maxAgeMs) + clockToleranceMs;
}

/** Returns the scopes of a claim. RFC 8693 has one text with blanks between scopes. Some issuers send a list. */
function textsOf(claim: unknown): string[] {
  if (typeof claim === 'string') return claim.split(' ');
  return Array.isArray(claim) ? claim.filter((item) => typeof item === 'string') : [];
}

function unusable(claims: JWTPayload, claim: string, why: string): UnusableClaim {
  return new UnusableClaim(`The token's claim "${claim}" ${why}.`, claims, claim);
}

function unauthenticated(message: string): GatewayError {
  return new GatewayError({ code: 'UNAUTHENTICATED', message, retryable: false });
}

/** A claim of a verified token that the gateway cannot use. Its message is shown to the caller. */
class UnusableClaim extends errors.JWTClaimValidationFailed {}

/** The fields of the log line of a refused token. Contains nothing of a token whose signature is wrong. */
interface TokenRefusal {
  /** The claim that is wrong, or the part of the token: `signature`, `kid`, `alg`, `crit`, `format`, or `key` for the issuer's own. */
  readonly claim: string;
  /** jose's code, or what went wrong with the issuer's key. */
  readonly cause: string;
  readonly tenant?: string;
}

const PARTS: Readonly<Record<string, string>> = {
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'signature',
  ERR_JWKS_NO_MATCHING_KEY: 'kid',
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: 'kid',
  ERR_JOSE_ALG_NOT_ALLOWED: 'alg',
  ERR_JOSE_NOT_SUPPORTED: 'crit',
  ERR_JWS_INVALID: 'format',
  ERR_JWT_INVALID: 'format',
};

/** Maps the error of a refused token to the fields of its log line. */
function toTokenRefusal(error: unknown, { issuer, tenantClaim }: TokenRules): TokenRefusal {
  const cause = error instanceof errors.JOSEError ? error.code : String(error);
  if (!(error instanceof errors.JWTExpired || error instanceof errors.JWTClaimValidationFailed)) {
    return { claim: PARTS[cause] ?? 'key', cause };
  }
  // jose reads claims after it has verified the signature.
  const { claim, payload } = error;
  const tenant = payload[tenantClaim];
  return { claim, cause, ...(payload.iss === issuer && isTenant(tenant) ? { tenant } : {}) };
}

/** The scope that reads each kind of task, and what belongs to it. */
const READ = { LIP_SYNC: 'lipsync:read', VOICE: 'voices:read' } as const satisfies Record<TaskKind, Scope>;

/** Limits a tenant's ledger to the viewer's scopes. Every other method throws `FORBIDDEN` before it calls the ledger. */
export function createScopedLedger(ledger: Ledger, viewer: Viewer): Ledger {
  const may = (scope: Scope): void => requireScope(viewer, scope);

  return {
    async write(name, input) {
      requireScope(viewer, ...writeScopes(name, input));
      return ledger.write(name, input);
    },
    async task(reference) {
      mayReadTasks(viewer);
      const task = await ledger.task(reference);
      if (task !== null) may(READ[task.kind]);
      return task;
    },
    async tasks(filter, window, order) {
      return ledger.tasks(readableTasks(viewer, filter), window, order);
    },
    async queuePosition(taskId) {
      mayReadTasks(viewer);
      return ledger.queuePosition(taskId);
    },
    async events(watch, window) {
      return ledger.events(readableWatch(viewer, watch), window);
    },
    async faceScan(id) {
      may('lipsync:read');
      return ledger.faceScan(id);
    },
    async faceScans(window) {
      may('lipsync:read');
      return ledger.faceScans(window);
    },
    async speech(audioId) {
      may('lipsync:read');
      return ledger.speech(audioId);
    },
    async speeches(window) {
      may('lipsync:read');
      return ledger.speeches(window);
    },
    async voice(voiceId) {
      may('voices:read');
      return ledger.voice(voiceId);
    },
    async voices(window) {
      may('voices:read');
      return ledger.voices(window);
    },
    async mediaById(id) {
      mayReadTasks(viewer);
      return ledger.mediaById(id);
    },
    async media(window) {
      mayReadTasks(viewer);
      return ledger.media(window);
    },
    async receivedBytes(mediaId) {
      mayReadTasks(viewer);
      return ledger.receivedBytes(mediaId);
    },
    async fileUsage() {
      mayReadTasks(viewer);
      return ledger.fileUsage();
    },
    async usage(month) {
      mayReadTasks(viewer);
      return ledger.usage(month);
    },
    async lipSyncQuote(input) {
      requireScope(viewer, ...writeScopes('createLipSyncTask', input));
      return ledger.lipSyncQuote(input);
    },
    async webhookEndpoint(id) {
      may('webhooks:read');
      return ledger.webhookEndpoint(id);
    },
    async webhookEndpoints() {
      may('webhooks:read');
      return ledger.webhookEndpoints();
    },
    async webhookDelivery(id) {
      may('webhooks:read');
      return ledger.webhookDelivery(id);
    },
    async webhookDeliveries(endpointId, status, window) {
      may('webhooks:read');
      return ledger.webhookDeliveries(endpointId, status, window);
    },
  };
}

/** Limits the reads of Kling to the viewer's scopes. The preset voices need only the scope that reads voices. */
export function createScopedUpstream(upstream: Upstream, viewer: Viewer): Upstream {
  const may = (scope: Scope): void => requireScope(viewer, scope);
  return {
    async presetVoices() {
      requireScope(viewer, 'operator', 'voices:read');
      return await upstream.presetVoices();
    },
    async klingTasks(list, page) {
      may('operator');
      return await upstream.klingTasks(list, page);
    },
    async klingTask(list, id) {
      may('operator');
      return await upstream.klingTask(list, id);
    },
    async listResourcePacks(request) {
      may('operator');
      return await upstream.listResourcePacks(request);
    },
  };
}

/** Narrows a filter to the kinds that the viewer may read. Throws `FORBIDDEN` if none is left. */
export function readableTasks(viewer: Viewer, filter: TaskFilter): TaskFilter {
  if (filter.kind === null) mayReadTasks(viewer);
  else requireScope(viewer, READ[filter.kind]);
  const kinds = TASK_KINDS.filter((kind) => isPermitted(viewer, READ[kind]));
  const [only = null, ...others] = kinds;
  return filter.kind === null && others.length === 0 ? { ...filter, kind: only } : filter;
}

/** Narrows a watch to the tasks that the viewer may read. Throws `FORBIDDEN` if it may read none of them. */
export function readableWatch(viewer: Viewer, watch: Watch): Watch {
  if (watch.task === null) return { ...watch, filter: readableTasks(viewer, watch.filter) };
  requireScope(viewer, READ[watch.task.kind]);
  return watch;
}

function mayReadTasks(viewer: Viewer): void {
  requireScope(viewer, 'voices:read', 'lipsync:read');
}
