import { exportJWK } from 'jose';
import { describe, it } from 'vitest';
import { claimsOf, failureOf, forge, JWKS_MODE, makeKey, NOT_VALID, openGate, signer } from '../support/forge.ts';

const [rsa, ec, ec384] = await Promise.all([
  makeKey('rsa', 'RS256'),
  makeKey('ec', 'ES256'),
  makeKey('ec384', 'ES384'),
]);
const keys = { keys: [rsa.jwk, ec.jwk, ec384.jwk] };

describe('a token of the issuer', () => {
  it.for([
    { alg: 'RS256', key: rsa },
    { alg: 'ES256', key: ec },
    { alg: 'ES384', key: ec384 },
  ])('signed with $alg is accepted', async ({ alg, key }, { expect }) => {
    const token = await forge({ alg, kid: key.jwk.kid }, claimsOf(), key.sign);
    expect((await openGate(JWKS_MODE, keys).enter(token)).tenant).toBe('tenant-a');
  });

  it('signed with an RSA key that is too short is refused', async ({ expect }) => {
    const { publicKey, privateKey } = await crypto.subtle.generateKey(
      { name: 'RSASSA-PKCS1-v1_5', modulusLength: 1024, publicExponent: Uint8Array.of(1, 0, 1), hash: 'SHA-256' },
      true,
      ['sign', 'verify'],
    );
    const weak = { keys: [{ ...(await exportJWK(publicKey)), kid: 'weak' }] };
    const gate = openGate(JWKS_MODE, weak);
    const token = await forge({ alg: 'RS256', kid: 'weak' }, claimsOf(), signer(privateKey));
    expect(await failureOf(gate.enter(token))).toEqual(NOT_VALID);
    expect(gate.lines).toEqual([
      { level: 'info', message: 'token refused', cause: expect.stringMatching(/^TypeError: /) },
    ]);
  });

  it('without a key id is accepted while one key alone can be meant', async ({ expect }) => {
    const token = await forge({ alg: 'ES256' }, claimsOf(), ec.sign);
    expect((await openGate(JWKS_MODE, keys).enter(token)).tenant).toBe('tenant-a');
    const two = { keys: [ec.jwk, { ...ec.jwk, kid: 'next' }] };
    expect(await failureOf(openGate(JWKS_MODE, two).enter(token))).toEqual(NOT_VALID);
  });
});
