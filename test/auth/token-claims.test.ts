import { describe, it } from 'vitest';
import {
  claimsOf,
  DAY_S,
  EXPIRED,
  failureOf,
  forge,
  hmac,
  JWKS_MODE,
  makeKey,
  NOT_VALID,
  NOW_S,
  openGate,
  REFUSED,
  SECRET,
  SECRET_MODE,
  TOLERANCE_S,
} from '../support/forge.ts';

const ec = await makeKey('ec', 'ES256');

const MODES = [
  {
    mode: 'secret',
    open: (nowMs?: number) => openGate(SECRET_MODE, undefined, nowMs),
    mint: (change: object) => forge({ alg: 'HS256' }, claimsOf(change), hmac(SECRET)),
  },
  {
    mode: 'jwks',
    open: (nowMs?: number) => openGate(JWKS_MODE, { keys: [ec.jwk] }, nowMs),
    mint: (change: object) => forge({ alg: 'ES256', kid: 'ec' }, claimsOf(change), ec.sign),
  },
];

describe.for(MODES)('with AUTH=$mode a token', ({ open, mint }) => {
  it.for<[name: string, change: object, claim: string]>([
    ['without exp', { exp: undefined }, 'exp'],
    ['without iat', { iat: undefined }, 'iat'],
    ['without sub', { sub: undefined }, 'sub'],
    ['without iss', { iss: undefined }, 'iss'],
    ['without aud', { aud: undefined }, 'aud'],
    ['of another issuer', { iss: 'https://evil.test' }, 'iss'],
    ['of an issuer spelt otherwise', { iss: 'https://issuer.test/' }, 'iss'],
    ['of a list of issuers', { iss: ['https://issuer.test'] }, 'iss'],
    ['for another audience', { aud: 'another-api' }, 'aud'],
    ['for other audiences', { aud: ['one', 'kling-gateway-2'] }, 'aud'],
    ['for no audience of a list', { aud: [] }, 'aud'],
    ['for an object', { aud: { 'kling-gateway': true } }, 'aud'],
    ['with exp as text', { exp: `${NOW_S + 60}` }, 'exp'],
    ['with iat as text', { iat: `${NOW_S}` }, 'iat'],
    ['with nbf as text', { nbf: 'now' }, 'nbf'],
    ['with exp null', { exp: null }, 'exp'],
    ['from the future', { iat: NOW_S + TOLERANCE_S + 1 }, 'iat'],
    ['that begins later', { nbf: NOW_S + TOLERANCE_S + 1 }, 'nbf'],
  ])('%s is not valid, and the log names the claim', async ([, change, claim], { expect }) => {
    const gate = open();
    expect(await failureOf(gate.enter(await mint(change)))).toEqual(NOT_VALID);
    // In a token of another issuer, `sub` may be anybody.
    const tenant = claim === 'sub' || claim === 'iss' ? undefined : 'tenant-a';
    expect(gate.lines).toEqual([{ ...REFUSED, claim, cause: 'ERR_JWT_CLAIM_VALIDATION_FAILED', tenant }]);
  });

  it.for<[name: string, change: object, claim: string]>([
    ['that has expired', { exp: NOW_S - TOLERANCE_S }, 'exp'],
    ['that expired long ago', { exp: 1 }, 'exp'],
    ['that expired before it was made', { exp: NOW_S - 3_600, iat: NOW_S }, 'exp'],
    ['of a day and ten seconds ago', { iat: NOW_S - DAY_S - TOLERANCE_S, exp: NOW_S + 3_600 }, 'iat'],
    ['of a day and eleven seconds ago', { iat: NOW_S - DAY_S - TOLERANCE_S - 1, exp: NOW_S + 3_600 }, 'iat'],
    ['of the last century, good for ever', { iat: 0, exp: 9e15 }, 'iat'],
  ])('%s has expired', async ([, change, claim], { expect }) => {
    const gate = open();
    expect(await failureOf(gate.enter(await mint(change)))).toEqual(EXPIRED);
    expect(gate.lines).toEqual([{ ...REFUSED, claim, cause: 'ERR_JWT_EXPIRED', tenant: 'tenant-a' }]);
  });

  it.for<[name: string, change: object]>([
    ['for a list of audiences with ours in it', { aud: ['another-api', 'kling-gateway'] }],
    ['from 10 s ahead', { iat: NOW_S + TOLERANCE_S }],
    ['that begins in 10 s', { nbf: NOW_S + TOLERANCE_S }],
    ['that expired 9 s ago', { exp: NOW_S - TOLERANCE_S + 1 }],
    ['that is a day old, and 9 s', { iat: NOW_S - DAY_S - TOLERANCE_S + 1 }],
  ])('%s is accepted', async ([, change], { expect }) => {
    const gate = open();
    expect((await gate.enter(await mint(change))).tenant).toBe('tenant-a');
    expect(gate.lines).toEqual([]);
  });

  it.for([
    ['its end, when that comes first', { exp: NOW_S + 60 }, NOW_S + 60],
    ['a day after it was made, when that comes first', { iat: NOW_S - 5, exp: NOW_S + 9 * DAY_S }, NOW_S - 5 + DAY_S],
    ['a day after it was made, when it never ends', { exp: 9e15 }, NOW_S + DAY_S],
  ] as const)('is accepted until 10 s after %s', async ([, change, untilS], { expect }) => {
    const token = await mint(change);
    const { expiresAtMs } = await open().enter(token);
    expect(expiresAtMs).toBe((untilS + TOLERANCE_S) * 1_000);
    expect((await open(expiresAtMs! - 1).enter(token)).expiresAtMs).toBe(expiresAtMs);
    expect(await failureOf(open(expiresAtMs!).enter(token))).toEqual(EXPIRED);
  });
});

it('the log line of a refused token has no part of the token', async ({ expect }) => {
  const gate = openGate(SECRET_MODE);
  const tokens = [
    await forge({ alg: 'HS256' }, claimsOf({ sub: 'somebody', exp: 1 }), hmac(SECRET)),
    await forge({ alg: 'HS256', kid: 'key-of-somebody' }, claimsOf(), hmac('another secret of 32 characters!')),
    await forge({ alg: 'none' }, claimsOf(), null),
    'garbage-of-somebody',
  ];
  for (const token of tokens) await failureOf(gate.enter(token));
  // The tenant is only logged if the signature is valid, in the form of LOG_TENANT.
  expect(gate.lines.map(({ tenant }) => tenant)).toEqual(['somebody', undefined, undefined, undefined]);
  expect(gate.lines.map(({ claim }) => claim)).toEqual(['exp', 'signature', 'alg', 'format']);
  const log = JSON.stringify(gate.lines.map(({ tenant: _tenant, ...line }) => line));
  for (const part of tokens.flatMap((token) => token.split('.')).filter((text) => text !== '')) {
    expect(log).not.toContain(part);
  }
  expect(log).not.toMatch(/somebody|tenant-a|issuer\.test/);
});
