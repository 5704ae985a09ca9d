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
  it.for<[name: string, change: object, code: string]>([
    ['without exp', { exp: undefined }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
    ['without iat', { iat: undefined }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
    ['without sub', { sub: undefined }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
    ['without iss', { iss: undefined }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
    ['without aud', { aud: undefined }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
    ['of another issuer', { iss: 'https://evil.test' }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
    ['of an issuer spelt otherwise', { iss: 'https://issuer.test/' }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
    ['of a list of issuers', { iss: ['https://issuer.test'] }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
    ['for another audience', { aud: 'another-api' }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
    ['for other audiences', { aud: ['one', 'kling-gateway-2'] }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
    ['for no audience of a list', { aud: [] }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
    ['for an object', { aud: { 'kling-gateway': true } }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
    ['with exp as text', { exp: `${NOW_S + 60}` }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
    ['with iat as text', { iat: `${NOW_S}` }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
    ['with nbf as text', { nbf: 'now' }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
    ['with exp null', { exp: null }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
    ['from the future', { iat: NOW_S + TOLERANCE_S + 1 }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
    ['that begins later', { nbf: NOW_S + TOLERANCE_S + 1 }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
  ])('%s is not valid', async ([, change, cause], { expect }) => {
    const gate = open();
    expect(await failureOf(gate.enter(await mint(change)))).toEqual(NOT_VALID);
    expect(gate.lines).toEqual([{ level: 'info', message: 'token refused', cause }]);
  });

  it.for<[name: string, change: object]>([
    ['that has expired', { exp: NOW_S - TOLERANCE_S }],
    ['that expired long ago', { exp: 1 }],
    ['that expired before it was made', { exp: NOW_S - 3_600, iat: NOW_S }],
    ['of a day and eleven seconds ago', { iat: NOW_S - DAY_S - TOLERANCE_S - 1, exp: NOW_S + 3_600 }],
    ['of the last century, good for ever', { iat: 0, exp: 9e15 }],
  ])('%s has expired', async ([, change], { expect }) => {
    const gate = open();
    expect(await failureOf(gate.enter(await mint(change)))).toEqual(EXPIRED);
    expect(gate.lines).toEqual([{ level: 'info', message: 'token refused', cause: 'ERR_JWT_EXPIRED' }]);
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
  ] as const)('is good until 10 s after %s', async ([, change, untilS], { expect }) => {
    const token = await mint(change);
    const { expiresAtMs } = await open().enter(token);
    expect(expiresAtMs).toBe((untilS + TOLERANCE_S) * 1_000);
    expect((await open(expiresAtMs! - 1).enter(token)).expiresAtMs).toBe(expiresAtMs);
    expect(await failureOf(open(expiresAtMs!).enter(token))).toEqual(EXPIRED);
  });
});

it('a refusal is logged without any part of the token', async ({ expect }) => {
  const gate = openGate(SECRET_MODE);
  const tokens = [
    await forge({ alg: 'HS256' }, claimsOf({ sub: 'somebody', exp: 1 }), hmac(SECRET)),
    await forge({ alg: 'HS256', kid: 'key-of-somebody' }, claimsOf(), hmac('another secret of 32 characters!')),
    await forge({ alg: 'none' }, claimsOf(), null),
    'garbage-of-somebody',
  ];
  for (const token of tokens) await failureOf(gate.enter(token));
  const log = JSON.stringify(gate.lines);
  expect(gate.lines).toHaveLength(tokens.length);
  for (const part of tokens.flatMap((token) => token.split('.')).filter((text) => text !== '')) {
    expect(log).not.toContain(part);
  }
  expect(log).not.toMatch(/somebody|tenant-a|issuer\.test/);
});
