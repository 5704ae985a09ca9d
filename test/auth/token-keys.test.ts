import { exportJWK } from 'jose';
import { afterEach, describe, it, vi } from 'vitest';
import { KEYS_TRIED_MAX } from '../../src/auth/issuer-keys.ts';
import {
  claimsOf,
  EXPIRED,
  failureOf,
  forge,
  JWKS_MODE,
  makeKey,
  NOT_VALID,
  openGate,
  REFUSED,
  signer,
  type TestKey,
} from '../support/forge.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

const [rsa, ec, ec384, ed, first, second, foreign] = await Promise.all([
  makeKey('rsa', 'RS256'),
  makeKey('ec', 'ES256'),
  makeKey('ec384', 'ES384'),
  makeKey('ed', 'Ed25519'),
  makeKey('same', 'ES256'),
  makeKey('same', 'ES256'),
  makeKey('same', 'ES256'),
]);
const keys = { keys: [rsa.jwk, ec.jwk, ec384.jwk] };

describe('a token of the issuer', () => {
  it.for([
    { alg: 'RS256', key: rsa },
    { alg: 'ES256', key: ec },
    { alg: 'ES384', key: ec384 },
  ])('is accepted if it is signed with $alg', async ({ alg, key }, { expect }) => {
    const token = await forge({ alg, kid: key.jwk.kid }, claimsOf(), key.sign);
    expect((await openGate(JWKS_MODE, keys).enter(token)).tenant).toBe('tenant-a');
  });

  it('is refused if it is signed with an RSA key that is too short', async ({ expect }) => {
    const weak = await makeWeakKey('weak');
    const gate = openGate(JWKS_MODE, { keys: [weak.jwk] });
    const token = await forge({ alg: 'RS256', kid: 'weak' }, claimsOf(), weak.sign);
    expect(await failureOf(gate.enter(token))).toEqual(NOT_VALID);
    expect(gate.lines).toEqual([{ ...REFUSED, claim: 'key', cause: expect.stringMatching(/^TypeError: /) }]);
  });

  it('is accepted without a key id, signed with any of the keys for its algorithm', async ({ expect }) => {
    const several = { keys: [...keys.keys, first.jwk, second.jwk] };
    for (const key of [ec, first, second]) {
      const token = await forge({ alg: 'ES256' }, claimsOf(), key.sign);
      expect((await openGate(JWKS_MODE, several).enter(token)).tenant).toBe('tenant-a');
    }
  });
});

describe('an Ed25519 key', () => {
  it.for([undefined, 'EdDSA', 'Ed25519'].flatMap((alg) => ['EdDSA', 'Ed25519'].map((signed) => ({ alg, signed }))))(
    'published with alg $alg verifies a token with alg $signed',
    async ({ alg, signed }, { expect }) => {
      const token = await forge({ alg: signed, kid: 'ed' }, claimsOf(), ed.sign);
      const jwk = alg === undefined ? ed.jwk : { ...ed.jwk, alg };
      expect((await openGate(JWKS_MODE, { keys: [jwk] }).enter(token)).tenant).toBe('tenant-a');
    },
  );

  it.for<[name: string, change: object, header: object]>([
    ['for another algorithm', {}, { alg: 'ES256' }],
    ['published for encryption', { use: 'enc', alg: 'Ed25519' }, { alg: 'Ed25519' }],
    ['published with another algorithm', { alg: 'ES256' }, { alg: 'Ed25519' }],
    ['published with another curve', { crv: 'X25519', alg: 'EdDSA' }, { alg: 'EdDSA' }],
  ])('%s is not used', async ([, change, header], { expect }) => {
    const gate = openGate(JWKS_MODE, { keys: [{ ...ed.jwk, ...change }] });
    const token = await forge({ kid: 'ed', ...header }, claimsOf(), ed.sign);
    expect(await failureOf(gate.enter(token))).toEqual(NOT_VALID);
    expect(gate.lines).toMatchObject([{ cause: 'ERR_JWKS_NO_MATCHING_KEY' }]);
  });

  it.for(['EdDSA', 'Ed25519'])('is refused for %s where neither name is configured', async (alg, { expect }) => {
    const gate = openGate({ ...JWKS_MODE, algorithms: ['ES256'] }, { keys: [ed.jwk] });
    expect(await failureOf(gate.enter(await forge({ alg, kid: 'ed' }, claimsOf(), ed.sign)))).toEqual(NOT_VALID);
    expect(gate.lines).toMatchObject([{ cause: 'ERR_JOSE_ALG_NOT_ALLOWED' }]);
  });
});

describe('two keys with one key id', () => {
  const two = { keys: [first.jwk, second.jwk] };

  it('both verify tokens', async ({ expect }) => {
    const gate = openGate(JWKS_MODE, two);
    for (const key of [first, second]) {
      const token = await forge({ alg: 'ES256', kid: 'same' }, claimsOf(), key.sign);
      expect((await gate.enter(token)).tenant).toBe('tenant-a');
    }
    expect(gate.lines).toEqual([]);
  });

  it('refuse a token of a third key, and a token with a wrong claim', async ({ expect }) => {
    const gate = openGate(JWKS_MODE, two);
    const header = { alg: 'ES256', kid: 'same' };
    expect(await failureOf(gate.enter(await forge(header, claimsOf(), foreign.sign)))).toEqual(NOT_VALID);
    expect(await failureOf(gate.enter(await forge(header, claimsOf({ aud: 'x' }), first.sign)))).toEqual(NOT_VALID);
    expect(await failureOf(gate.enter(await forge(header, claimsOf({ exp: 1 }), second.sign)))).toEqual(EXPIRED);
    expect(gate.lines.map(({ cause }) => cause)).toEqual([
      'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
      'ERR_JWT_CLAIM_VALIDATION_FAILED',
      'ERR_JWT_EXPIRED',
    ]);
  });

  it('are both tried if the first is too short', async ({ expect }) => {
    const weak = await makeWeakKey('rsa');
    const gate = openGate(JWKS_MODE, { keys: [weak.jwk, rsa.jwk] });
    const token = await forge({ alg: 'RS256', kid: 'rsa' }, claimsOf(), rsa.sign);
    expect((await gate.enter(token)).tenant).toBe('tenant-a');
  });

  it('are at most eight: a token is not tried with a ninth', async ({ expect }) => {
    const others = await Promise.all(Array.from({ length: KEYS_TRIED_MAX }, () => makeKey('same', 'ES256')));
    const verify = vi.spyOn(crypto.subtle, 'verify');
    const jwks = { keys: [...others, foreign].map(({ jwk }) => jwk) };
    const enter = async (key: TestKey) =>
      openGate(JWKS_MODE, jwks).enter(await forge({ alg: 'ES256', kid: 'same' }, claimsOf(), key.sign));
    expect((await enter(others.at(-1)!)).tenant).toBe('tenant-a');
    verify.mockClear();
    expect(await failureOf(enter(foreign))).toEqual(NOT_VALID);
    expect(verify).toHaveBeenCalledTimes(8);
  });
});

async function makeWeakKey(kid: string) {
  const { publicKey, privateKey } = await crypto.subtle.generateKey(
    { name: 'RSASSA-PKCS1-v1_5', modulusLength: 1024, publicExponent: Uint8Array.of(1, 0, 1), hash: 'SHA-256' },
    true,
    ['sign', 'verify'],
  );
  return { jwk: { ...(await exportJWK(publicKey)), kid }, sign: signer(privateKey) };
}
