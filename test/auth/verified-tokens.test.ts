import { describe, it } from 'vitest';
import { createAuthenticate, VERIFIED_MS } from '../../src/auth/access.ts';
import { createIssuerVerify } from '../../src/auth/issuer-keys.ts';
import {
  claimsOf,
  EXPIRED,
  failureOf,
  forge,
  JWKS_MODE,
  makeKey,
  NOT_VALID,
  NOW_S,
  REQUEST_ID,
  TOLERANCE_S,
} from '../support/forge.ts';

const key = await makeKey('one', 'ES256');

/** Creates an isolate whose clock the test moves, and which counts verified signatures. */
function openIsolate() {
  const clock = { nowMs: NOW_S * 1_000 };
  const verified = { times: 0 };
  const jwks = { keys: [key.jwk] };
  const now = (): number => clock.nowMs;
  const verify = createIssuerVerify(
    async () => ({ jwks, fetchedAtMs: now() }),
    now,
    () => {},
  );
  const authenticate = createAuthenticate(JWKS_MODE, {
    issuerVerify(token, options) {
      verified.times += 1;
      return verify(token, options);
    },
    now,
    log: () => {},
  });
  return { clock, verified, enter: (token: string) => authenticate(`Bearer ${token}`, REQUEST_ID) };
}

const mint = (change: object = {}) => forge({ alg: 'ES256', kid: 'one' }, claimsOf(change), key.sign);

describe('a token that was accepted', () => {
  it('is verified once in 30 s, with the same viewer each time', async ({ expect }) => {
    const { clock, verified, enter } = openIsolate();
    const token = await mint();
    const viewer = await enter(token);
    clock.nowMs += VERIFIED_MS - 1;
    expect(await enter(token)).toEqual(viewer);
    expect(verified.times).toBe(1);
    clock.nowMs += 1;
    expect(await enter(token)).toEqual(viewer);
    expect(verified.times).toBe(2);
  });

  it('is refused in the millisecond in which it expires', async ({ expect }) => {
    const { clock, enter } = openIsolate();
    const token = await mint({ exp: NOW_S + 5 });
    await enter(token);
    clock.nowMs += (5 + TOLERANCE_S) * 1_000 - 1;
    expect((await enter(token)).tenant).toBe('tenant-a');
    clock.nowMs += 1;
    expect(await failureOf(enter(token))).toEqual(EXPIRED);
  });

  it('does not let a similar token pass', async ({ expect }) => {
    const { enter } = openIsolate();
    const token = await mint();
    await enter(token);
    const [head, , signature] = token.split('.');
    const [, claims] = (await mint({ sub: 'tenant-b' })).split('.');
    expect(await failureOf(enter([head, claims, signature].join('.')))).toEqual(NOT_VALID);
    expect((await enter(await mint({ sub: 'tenant-b' }))).tenant).toBe('tenant-b');
  });
});

it('a token that was refused is verified and refused again', async ({ expect }) => {
  const { verified, enter } = openIsolate();
  const token = await mint({ aud: 'another' });
  expect(await failureOf(enter(token))).toEqual(NOT_VALID);
  expect(await failureOf(enter(token))).toEqual(NOT_VALID);
  expect(verified.times).toBe(2);
});
