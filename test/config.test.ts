import { describe, it } from 'vitest';
import { configOf, configResultOf, readConfig } from '../src/config/index.ts';
import { SETTING_MEANINGS } from '../src/scripts/setting-meanings.ts';
import { DEVELOPMENT, PRODUCTION, SECRET } from './support/environments.ts';

const DAY_MS = 86_400_000;

describe('readConfig', () => {
  it.for(['EdDSA', 'Ed25519', 'EdDSA Ed25519'])(
    'accepts both names of the algorithm if AUTH_ALGORITHMS has %s',
    (name, { expect }) => {
      const result = readConfig({ ...PRODUCTION, AUTH_ALGORITHMS: `ES256 ${name}` });
      expect(result.ok && result.config.auth).toMatchObject({ algorithms: ['ES256', 'Ed25519', 'EdDSA'] });
    },
  );

  it('needs eight settings and six bindings in production, and has defaults for all others', ({ expect }) => {
    expect(readConfig(PRODUCTION)).toEqual({
      ok: true,
      config: {
        environment: 'production',
        kling: {
          baseUrl: 'https://api-singapore.klingai.com',
          localHost: null,
          keys: { accessKey: 'ak', secretKey: 'sk' },
          timeoutMs: 30_000,
          concurrency: 5,
        },
        callbacks: { publicUrl: 'https://gateway.example.com', secrets: [SECRET], webhookSecrets: [] },
        auth: {
          mode: 'jwks',
          jwksUrl: 'https://issuer.example.com/.well-known/jwks.json',
          algorithms: ['RS256', 'PS256', 'ES256', 'Ed25519', 'EdDSA'],
          issuer: 'https://issuer.example.com',
          audience: 'kling-gateway',
          tenantClaim: 'sub',
          scopeClaim: 'scope',
          maxAgeMs: 86_400_000,
          clockToleranceMs: 10_000,
        },
        bodies: { bytesMax: 131_072, largeBytesMax: 8_000_000 },
        documents: { automatic: true, trustedOnly: false, trusted: new Map() },
        ledger: {
          taskAgeMaxMs: 86_400_000,
          eventRetentionMs: 86_400_000,
          eventsPerTaskMax: 1000,
          waitingTasksMax: 1000,
          waitingBytesMax: 500_000_000,
          milliunitsPerMonthMax: null,
        },
        retention: {
          taskMs: 400 * DAY_MS,
          cancelledTaskMs: 30 * DAY_MS,
          deletedVoiceMs: 30 * DAY_MS,
          faceScanMs: 30 * DAY_MS,
          speechMs: 30 * DAY_MS,
          externalIdMs: 30 * DAY_MS,
          mediaMs: 30 * DAY_MS,
          archiveMs: 400 * DAY_MS,
          ownerMs: 30 * DAY_MS,
          idleTenantMs: 30 * DAY_MS,
        },
        media: {
          hasBucket: false,
          videoBytesMax: 100_000_000,
          audioBytesMax: 5_000_000,
          tenantBytesMax: 10_000_000_000,
          uploadsMax: 100,
        },
        archivesResults: false,
        rates: {
          mutationsPerMinute: 300,
          largeBodiesPerMinute: 30,
          fetchesPerMinute: 10,
          subscriptionsPerMinute: 20_000,
          callbacksPerMinute: 30_000,
          upstreamReadsPerMinute: 600,
        },
        sockets: { perTenantMax: 4_000, perAddressMax: 400 },
        work: { socketMsPerSecond: 50, tenantMsPerSecond: 250 },
        watch: {
          operationCostMax: 2_500,
          costMax: 25_000,
          operationsMax: 1_000,
          subscriptionsMax: 5_000,
          charsMax: 1_000_000,
        },
        introspection: false,
        logTenant: 'hash',
        corsOrigins: [],
        corsHeaders: [],
      },
    });
  });

  it('needs a host and a key in development, and allows callers without a token', ({ expect }) => {
    expect(readConfig(DEVELOPMENT)).toMatchObject({
      ok: true,
      config: {
        environment: 'development',
        kling: { baseUrl: 'http://localhost:8788', keys: { apiKey: 'key' } },
        callbacks: { publicUrl: null, secrets: [] },
        auth: { mode: 'none' },
        introspection: true,
      },
    });
  });

  it('allows an address of the local network in development, so that a phone reaches it', ({ expect }) => {
    expect(readConfig({ ...DEVELOPMENT, KLING_BASE_URL: 'http://192.168.1.20:8788' })).toMatchObject({
      ok: true,
      config: { kling: { localHost: '192.168.1.20' } },
    });
  });

  it('raises AUDIO_BODY_BYTES_MAX to BODY_BYTES_MAX if it is smaller', ({ expect }) => {
    expect(readConfig({ ...PRODUCTION, BODY_BYTES_MAX: '50000', AUDIO_BODY_BYTES_MAX: '1000' })).toMatchObject({
      config: { bodies: { bytesMax: 50_000, largeBytesMax: 50_000 } },
    });
  });

  it('reads every setting, also numbers of wrangler.toml', ({ expect }) => {
    const given = {
      KLING_TIMEOUT_MS: 1000,
      KLING_CONCURRENCY: '1000',
      BODY_BYTES_MAX: '1000',
      AUDIO_BODY_BYTES_MAX: 2000,
      APQ: 'off',
      TASK_MAX_AGE_HOURS: '1',
      EVENT_RETENTION_HOURS: '720',
      EVENTS_PER_TASK_MAX: '10',
      TENANT_MONTHLY_UNITS_MAX: ' 12.5 ',
      INTROSPECTION: 'on',
      AUTH: 'secret',
      AUTH_SECRET: `${SECRET}-new  ${SECRET}-old`,
      CALLBACK_SECRET: `${SECRET}-2 ${SECRET}-1`,
      AUTH_TENANT_CLAIM: 'https://example.com/tenant',
      AUTH_SCOPE_CLAIM: 'permissions',
      AUTH_MAX_AGE_HOURS: '1',
      AUTH_CLOCK_TOLERANCE_SECONDS: '0',
      TASK_RETENTION_DAYS: '31',
      CANCELLED_TASK_RETENTION_DAYS: '7',
      FACE_SCAN_RETENTION_DAYS: '1',
      EXTERNAL_ID_RETENTION_DAYS: '2',
      CORS_ORIGINS: 'https://app.example.com, https://localhost:3000 capacitor://localhost,http://tauri.localhost',
      CORS_HEADERS: 'X-My-Trace-Id, x-other',
      KLING_WEBHOOK_SECRETS: 'whsec_dGVzdHNlY3JldHRlc3Q=  whsec_bmV3c2VjcmV0bmV3c2Vj',
    };
    expect(readConfig({ ...PRODUCTION, ...given })).toMatchObject({
      ok: true,
      config: {
        kling: { timeoutMs: 1000, concurrency: 1000 },
        callbacks: {
          secrets: [`${SECRET}-2`, `${SECRET}-1`],
          webhookSecrets: ['whsec_dGVzdHNlY3JldHRlc3Q=', 'whsec_bmV3c2VjcmV0bmV3c2Vj'],
        },
        auth: {
          mode: 'secret',
          secrets: [`${SECRET}-new`, `${SECRET}-old`],
          tenantClaim: 'https://example.com/tenant',
          scopeClaim: 'permissions',
          maxAgeMs: 3_600_000,
          clockToleranceMs: 0,
        },
        bodies: { bytesMax: 1000, largeBytesMax: 2000 },
        documents: { automatic: false },
        ledger: {
          taskAgeMaxMs: 3_600_000,
          eventRetentionMs: 2_592_000_000,
          eventsPerTaskMax: 10,
          milliunitsPerMonthMax: 12_500,
        },
        retention: {
          taskMs: 31 * DAY_MS,
          cancelledTaskMs: 7 * DAY_MS,
          faceScanMs: DAY_MS,
          externalIdMs: 2 * DAY_MS,
          ownerMs: 30 * DAY_MS,
        },
        introspection: true,
        corsOrigins: [
          'https://app.example.com',
          'https://localhost:3000',
          'capacitor://localhost',
          'http://tauri.localhost',
        ],
        corsHeaders: ['x-my-trace-id', 'x-other'],
      },
    });
  });
});

describe('configOf', () => {
  it('reads each environment once', ({ expect }) => {
    const env = { ...PRODUCTION };
    expect(configOf(env)).toBe(configOf(env));
    expect(configResultOf(env)).toBe(configResultOf(env));
  });

  it('throws one error that lists all problems', ({ expect }) => {
    expect(() => configOf({ ...PRODUCTION, PUBLIC_URL: '', INTROSPECTION: 'x' })).toThrow(
      /PUBLIC_URL[^]*INTROSPECTION/,
    );
  });
});

it('SETTING_MEANINGS has a sentence for each setting', ({ expect }) => {
  for (const [name, meaning] of Object.entries(SETTING_MEANINGS)) {
    expect(name).toMatch(/^[A-Z][A-Z_]+$/);
    expect(meaning).toMatch(/\.$/);
  }
});
