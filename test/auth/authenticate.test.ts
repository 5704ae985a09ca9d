import { describe, it } from 'vitest';
import { EVERYBODY, SCOPES } from '../../src/domain/ports.ts';
import {
  claimsOf,
  failureOf,
  forge,
  hmac,
  NOW_S,
  NOT_VALID,
  openGate,
  REFUSED,
  SECRET,
  SECRET_MODE,
  TOLERANCE_S,
} from '../support/forge.ts';

const MISSING = { code: 'UNAUTHENTICATED', message: 'Send a token: "authorization: Bearer ...".', retryable: false };

const mint = (change: object = {}) => forge({ alg: 'HS256' }, claimsOf(change), hmac(SECRET));

describe('the viewer of a token', () => {
  it('has the tenant, subject, scopes and expiry of the token', async ({ expect }) => {
    const { enter, lines } = openGate(SECRET_MODE);
    expect(await enter(await mint())).toEqual({
      tenant: 'tenant-a',
      subject: 'tenant-a',
      scopes: ['voices:read'],
      expiresAtMs: (NOW_S + 3_600 + TOLERANCE_S) * 1_000,
    });
    expect(lines).toEqual([]);
  });

  it('is everybody with AUTH=none, with any header', async ({ expect }) => {
    const { authenticate } = openGate({ mode: 'none' });
    expect(await authenticate(null)).toEqual(EVERYBODY);
    expect(await authenticate('Bearer garbage')).toEqual(EVERYBODY);
    expect(EVERYBODY).toEqual({ tenant: 'default', subject: null, scopes: SCOPES, expiresAtMs: null });
  });

  it('has its tenant and scopes from the configured claims', async ({ expect }) => {
    const { enter } = openGate({ ...SECRET_MODE, tenantClaim: 'https://issuer.test/org', scopeClaim: 'permissions' });
    const token = await mint({ 'https://issuer.test/org': 'acme', permissions: ['lipsync:write'], sub: 'ann' });
    expect(await enter(token)).toMatchObject({ tenant: 'acme', subject: 'ann', scopes: ['lipsync:write'] });
  });

  it('has a subject of at most 256 characters', async ({ expect }) => {
    const { enter } = openGate({ ...SECRET_MODE, tenantClaim: 'org' });
    for (const [length, kept] of [
      [256, 256],
      [257, 256],
    ] as const) {
      const { subject } = await enter(await mint({ org: 'acme', sub: 's'.repeat(length) }));
      expect(subject).toBe('s'.repeat(kept));
    }
  });
});

describe('two secrets during a rotation', () => {
  const rotating = { ...SECRET_MODE, secrets: [`${SECRET}-new`, SECRET] };

  it.for([`${SECRET}-new`, SECRET])('accept a token signed with %s', async (secret, { expect }) => {
    const { enter } = openGate(rotating);
    const token = await forge({ alg: 'HS256' }, claimsOf({}), hmac(secret));
    expect(await enter(token)).toMatchObject({ tenant: 'tenant-a' });
  });

  it('refuse a token of another secret, and an expired token of either', async ({ expect }) => {
    const { enter } = openGate(rotating);
    const foreign = await forge({ alg: 'HS256' }, claimsOf({}), hmac(`${SECRET}-other`));
    expect(await failureOf(enter(foreign))).toMatchObject(NOT_VALID);
    for (const secret of rotating.secrets) {
      const late = await forge({ alg: 'HS256' }, claimsOf({ exp: NOW_S - TOLERANCE_S - 1 }), hmac(secret));
      expect(await failureOf(enter(late))).toMatchObject({
        code: 'UNAUTHENTICATED',
        message: 'The token has expired.',
      });
    }
  });
});

describe('the subject of a viewer', () => {
  it.for<[name: string, sub: unknown]>([
    ['a number', 7],
    ['null', null],
    ['a list', ['tenant-a']],
    ['an object', { length: 3 }],
  ])('is never %s', async ([, sub], { expect }) => {
    const { enter, lines } = openGate({ ...SECRET_MODE, tenantClaim: 'org' });
    expect(await failureOf(enter(await mint({ org: 'acme', sub })))).toEqual({
      code: 'UNAUTHENTICATED',
      message: 'The token\'s claim "sub" is no text.',
      retryable: false,
    });
    expect(lines).toEqual([{ ...REFUSED, claim: 'sub', cause: 'ERR_JWT_CLAIM_VALIDATION_FAILED', tenant: 'acme' }]);
  });
});

describe('the authorization header', () => {
  it.for([
    (token: string) => `Bearer ${token}`,
    (token: string) => `bearer ${token}`,
    (token: string) => `BEARER ${token}`,
    (token: string) => `Bearer   ${token}`,
  ])('may have the scheme in any case, followed by several blanks: %#', async (write, { expect }) => {
    expect((await openGate(SECRET_MODE).authenticate(write(await mint()))).tenant).toBe('tenant-a');
  });

  it.for<[name: string, write: (token: string) => string | null]>([
    ['is missing', () => null],
    ['is empty', () => ''],
    ['has a scheme alone', () => 'Bearer'],
    ['has a scheme and a blank', () => 'Bearer '],
    ['has a token alone', (token) => token],
    ['has no blank', (token) => `Bearer${token}`],
    ['has a tab', (token) => `Bearer\t${token}`],
    ['begins with a blank', (token) => ` Bearer ${token}`],
    ['ends with a blank', (token) => `Bearer ${token} `],
    ['ends with a line break', (token) => `Bearer ${token}\n`],
    ['has another scheme', (token) => `Basic ${token}`],
    ['has a longer scheme', (token) => `XBearer ${token}`],
    ['has a second token', (token) => `Bearer ${token} ${token}`],
    ['has two tokens in a list', (token) => `Bearer ${token}, Bearer ${token}`],
    ['has a quoted token', (token) => `Bearer "${token}"`],
    ['has padding in the middle', (token) => `Bearer =${token}`],
  ])('is refused if it %s', async ([, write], { expect }) => {
    const { authenticate, lines } = openGate(SECRET_MODE);
    expect(await failureOf(authenticate(write(await mint())))).toEqual(MISSING);
    expect(lines).toEqual([]);
  });

  it('may have padding after the token', async ({ expect }) => {
    expect(await failureOf(openGate(SECRET_MODE).enter(`${await mint()}==`))).toEqual(NOT_VALID);
  });

  it('may hold a token of at most 8,192 characters', async ({ expect }) => {
    const { enter } = openGate(SECRET_MODE);
    expect((await enter(await mint({ pad: 'p'.repeat(5_900) }))).tenant).toBe('tenant-a');
    expect(await failureOf(enter('x'.repeat(8_192)))).toEqual(NOT_VALID);
    expect(await failureOf(enter('x'.repeat(8_193)))).toEqual(MISSING);
  });
});

describe('the tenant of a viewer', () => {
  it.for(['a', 't'.repeat(128), '!~', 'ACME/eu:1'])('may be %s', async (tenant, { expect }) => {
    const { enter } = openGate({ ...SECRET_MODE, tenantClaim: 'org' });
    expect((await enter(await mint({ org: tenant }))).tenant).toBe(tenant);
  });

  it.for<[name: string, tenant: unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['an empty text', ''],
    ['a blank', ' '],
    ['two words', 'a b'],
    ['a text with a line break at its end', 'tenant-a\n'],
    ['a text with a line break', 'tenant-a\ntenant-b'],
    ['a text with NUL', 'tenant-a\0'],
    ['a text with DEL', 'tenant-a\x7f'],
    ['a text that is no ASCII', 'tenant-ä'],
    ['a text of 129 characters', 't'.repeat(129)],
    ['a number', 7],
    ['a truth', true],
    ['a list', ['tenant-a']],
    ['an object', { tenant: 'a' }],
  ])('is never %s', async ([, tenant], { expect }) => {
    const { enter, lines } = openGate({ ...SECRET_MODE, tenantClaim: 'org' });
    expect(await failureOf(enter(await mint({ org: tenant })))).toEqual({
      code: 'UNAUTHENTICATED',
      message: 'The token\'s claim "org" names no tenant.',
      retryable: false,
    });
    expect(lines).toEqual([{ ...REFUSED, claim: 'org', cause: 'ERR_JWT_CLAIM_VALIDATION_FAILED' }]);
  });

  it.for(['constructor', '__proto__', 'toString'])(
    'is never an inherited property of the claims: %s',
    async (tenantClaim, { expect }) => {
      const { enter } = openGate({ ...SECRET_MODE, tenantClaim });
      expect((await failureOf(enter(await mint()))).code).toBe('UNAUTHENTICATED');
    },
  );
});

describe('the scopes of a viewer', () => {
  it.for<[name: string, scope: unknown, scopes: string[]]>([
    ['a text', 'voices:read lipsync:write', ['voices:read', 'lipsync:write']],
    ['a text with blanks around', '  voices:read  operator ', ['voices:read', 'operator']],
    ['a list', ['voices:write', 'lipsync:read'], ['voices:write', 'lipsync:read']],
    ['all', SCOPES.join(' '), [...SCOPES]],
    ['duplicates', 'voices:read voices:read', ['voices:read']],
    ['duplicates in a list', ['operator', 'operator'], ['operator']],
    ['unknown ones beside known ones', 'openid voices:read admin *', ['voices:read']],
    ['another case', 'VOICES:READ Operator', []],
    ['a part of one', 'voices voices: read', []],
    ['a comma between', 'voices:read,operator', []],
    ['a list with other things', ['voices:read', 5, null, ['operator'], { operator: true }], ['voices:read']],
    ['several in one item of a list', ['voices:read operator'], []],
    ['an absent claim', undefined, []],
    ['an empty text', '', []],
    ['null', null, []],
    ['true', true, []],
    ['an object', { operator: 'operator', length: 1, 0: 'operator' }, []],
  ])('are read from %s', async ([, scope, scopes], { expect }) => {
    expect((await openGate(SECRET_MODE).enter(await mint({ scope }))).scopes).toEqual(scopes);
  });

  it('are never taken from another claim', async ({ expect }) => {
    const { enter } = openGate({ ...SECRET_MODE, scopeClaim: 'permissions' });
    expect((await enter(await mint({ scope: 'operator', scopes: 'operator', scp: 'operator' }))).scopes).toEqual([]);
  });
});

it('a viewer has no other property of its token', async ({ expect }) => {
  const viewer = await openGate(SECRET_MODE).enter(await mint({ email: 'ann@example.com', jti: '1' }));
  expect(Object.keys(viewer)).toEqual(['tenant', 'subject', 'scopes', 'expiresAtMs']);
});
