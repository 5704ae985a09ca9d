import { afterEach, beforeAll, describe, it, vi } from 'vitest';
import { exportSPKI, type JSONWebKeySet } from 'jose';
import {
  claimsOf,
  failureOf,
  forge,
  hmac,
  JWKS_MODE,
  makeKey,
  NOT_VALID,
  openGate,
  REFUSED,
  SECRET,
  SECRET_MODE,
  type TestKey,
} from '../support/forge.ts';

interface Attack {
  readonly name: string;
  /** The cause of the refusal in the log. */
  readonly cause: string;
  readonly token: () => Promise<string>;
}

let rsa: TestKey;
let ec: TestKey;
let ec384: TestKey;
let evil: TestKey;
let keys: JSONWebKeySet;
beforeAll(async () => {
  [rsa, ec, ec384, evil] = await Promise.all([
    makeKey('rsa', 'RS256'),
    makeKey('ec', 'ES256'),
    makeKey('ec384', 'ES384'),
    makeKey('ec', 'ES256'),
  ]);
  keys = { keys: [rsa.jwk, ec.jwk, ec384.jwk] };
});

afterEach(() => {
  vi.restoreAllMocks();
});

const good = () => forge({ alg: 'ES256', kid: 'ec' }, claimsOf(), ec.sign);
const BAD_SIGNATURE = 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED';
const BAD_ALGORITHM = 'ERR_JOSE_ALG_NOT_ALLOWED';
const NO_KEY = 'ERR_JWKS_NO_MATCHING_KEY';

/** Returns what the log names as wrong. */
const PART_OF: Readonly<Record<string, string>> = {
  [BAD_SIGNATURE]: 'signature',
  [BAD_ALGORITHM]: 'alg',
  [NO_KEY]: 'kid',
  ERR_JWS_INVALID: 'format',
  ERR_JOSE_NOT_SUPPORTED: 'crit',
};

/** Replaces one of the three parts of a token. */
function replacePart(token: string, at: number, part: string): string {
  return token.split('.').with(at, part).join('.');
}

function encoded(value: object): string {
  return btoa(JSON.stringify(value)).replaceAll('=', '').replaceAll('+', '-').replaceAll('/', '_');
}

const forms: readonly Attack[] = [
  { name: 'text that is not a token', cause: 'ERR_JWS_INVALID', token: async () => 'garbage' },
  { name: 'two parts', cause: 'ERR_JWS_INVALID', token: async () => 'a.b' },
  { name: 'four parts', cause: 'ERR_JWS_INVALID', token: async () => `${await good()}.x` },
  { name: 'an encrypted token of five parts', cause: 'ERR_JWS_INVALID', token: async () => 'a.b.c.d.e' },
  {
    name: 'a header that is not JSON',
    cause: 'ERR_JWS_INVALID',
    token: async () => replacePart(await good(), 0, 'e30x'),
  },
  {
    name: 'a header without alg',
    cause: 'ERR_JWS_INVALID',
    token: async () => replacePart(await good(), 0, encoded({})),
  },
];

const onSecrets: readonly Attack[] = [
  ...['none', 'None', 'NONE', 'nOnE', ''].map((alg) => ({
    name: `alg "${alg}" without a signature`,
    cause: alg === '' ? 'ERR_JWS_INVALID' : BAD_ALGORITHM,
    token: () => forge({ alg }, claimsOf(), null),
  })),
  { name: 'alg none, signed', cause: BAD_ALGORITHM, token: () => forge({ alg: 'none' }, claimsOf(), hmac(SECRET)) },
  { name: 'no signature', cause: BAD_SIGNATURE, token: () => forge({ alg: 'HS256' }, claimsOf(), null) },
  {
    name: 'another secret',
    cause: BAD_SIGNATURE,
    token: () => forge({ alg: 'HS256' }, claimsOf(), hmac(`${SECRET}x`)),
  },
  {
    name: 'a stronger hash than is configured',
    cause: BAD_ALGORITHM,
    token: () => forge({ alg: 'HS512' }, claimsOf(), hmac(SECRET, 'SHA-512')),
  },
  {
    name: 'claims changed after signing',
    cause: BAD_SIGNATURE,
    token: async () =>
      replacePart(await forge({ alg: 'HS256' }, claimsOf(), hmac(SECRET)), 1, encoded(claimsOf({ sub: 'tenant-b' }))),
  },
  {
    name: 'a signature by a key in its own header',
    cause: BAD_ALGORITHM,
    token: () => forge({ alg: 'ES256', jwk: evil.jwk }, claimsOf(), evil.sign),
  },
  {
    name: 'a secret in its own header',
    cause: BAD_SIGNATURE,
    token: () => forge({ alg: 'HS256', jwk: { kty: 'oct', k: 'ZXZpbA' } }, claimsOf(), hmac('evil')),
  },
  {
    name: 'an unknown critical header',
    cause: 'ERR_JOSE_NOT_SUPPORTED',
    token: () => forge({ alg: 'HS256', crit: ['admin'], admin: true }, claimsOf(), hmac(SECRET)),
  },
];

const onKeys: readonly Attack[] = [
  ...['none', 'None', 'nOnE'].map((alg) => ({
    name: `alg "${alg}" without a signature`,
    cause: BAD_ALGORITHM,
    token: () => forge({ alg, kid: 'ec' }, claimsOf(), null),
  })),
  { name: 'no signature', cause: BAD_SIGNATURE, token: async () => replacePart(await good(), 2, '') },
  {
    name: 'HS256 with the RSA key in PEM as the secret',
    cause: BAD_ALGORITHM,
    token: async () => forge({ alg: 'HS256', kid: 'rsa' }, claimsOf(), hmac(await exportSPKI(rsa.publicKey))),
  },
  {
    name: 'HS256 with the EC key in PEM as the secret',
    cause: BAD_ALGORITHM,
    token: async () => forge({ alg: 'HS256', kid: 'ec' }, claimsOf(), hmac(await exportSPKI(ec.publicKey))),
  },
  {
    name: 'HS256 with a key as JSON as the secret',
    cause: BAD_ALGORITHM,
    token: () => forge({ alg: 'HS256', kid: 'ec' }, claimsOf(), hmac(JSON.stringify(ec.jwk))),
  },
  {
    name: 'HS256 with the modulus as the secret, and no key id',
    cause: BAD_ALGORITHM,
    token: () => forge({ alg: 'HS256' }, claimsOf(), hmac(rsa.jwk.n!)),
  },
  {
    name: 'a key of the attacker with the id of a known key',
    cause: BAD_SIGNATURE,
    token: () => forge({ alg: 'ES256', kid: 'ec' }, claimsOf(), evil.sign),
  },
  {
    name: 'a key of the attacker in the header',
    cause: BAD_SIGNATURE,
    token: () => forge({ alg: 'ES256', kid: 'ec', jwk: evil.jwk }, claimsOf(), evil.sign),
  },
  ...['jku', 'x5u'].map((name) => ({
    name: `a URL of the attacker’s keys (${name})`,
    cause: NO_KEY,
    token: () => forge({ alg: 'ES256', kid: 'evil', [name]: 'https://evil.test/keys' }, claimsOf(), evil.sign),
  })),
  {
    name: 'a certificate of the attacker',
    cause: BAD_SIGNATURE,
    token: () => forge({ alg: 'ES256', kid: 'ec', x5c: ['MIIB'] }, claimsOf(), evil.sign),
  },
  {
    name: 'an unknown critical header',
    cause: 'ERR_JOSE_NOT_SUPPORTED',
    token: () => forge({ alg: 'ES256', kid: 'ec', crit: ['exp2'], exp2: 0 }, claimsOf(), ec.sign),
  },
  { name: 'an unknown key id', cause: NO_KEY, token: () => forge({ alg: 'ES256', kid: 'ed' }, claimsOf(), ec.sign) },
  {
    name: 'a key id that is a path',
    cause: NO_KEY,
    token: () => forge({ alg: 'ES256', kid: '../../dev/null' }, claimsOf(), ec.sign),
  },
  {
    name: 'the RSA key for ES256',
    cause: NO_KEY,
    token: () => forge({ alg: 'ES256', kid: 'rsa' }, claimsOf(), rsa.sign),
  },
  {
    name: 'the EC key for RS256',
    cause: NO_KEY,
    token: () => forge({ alg: 'RS256', kid: 'ec' }, claimsOf(), ec.sign),
  },
  {
    name: 'a key of the wrong curve',
    cause: NO_KEY,
    token: () => forge({ alg: 'ES256', kid: 'ec384' }, claimsOf(), ec384.sign),
  },
  {
    name: 'an algorithm that is not configured, with a known key',
    cause: BAD_ALGORITHM,
    token: () => forge({ alg: 'RS512', kid: 'rsa' }, claimsOf(), rsa.sign),
  },
  {
    name: 'claims changed after signing',
    cause: BAD_SIGNATURE,
    token: async () => replacePart(await good(), 1, encoded(claimsOf({ scope: 'operator' }))),
  },
  {
    name: 'the secret of the other mode',
    cause: BAD_ALGORITHM,
    token: () => forge({ alg: 'HS256' }, claimsOf(), hmac(SECRET)),
  },
];

const TABLE = [
  ...[...forms, ...onSecrets].map((attack) => ({ ...attack, mode: 'secret' as const })),
  ...[...forms, ...onKeys].map((attack) => ({ ...attack, mode: 'jwks' as const })),
];

describe('a forged token', () => {
  it.for(TABLE)('with $name is refused (AUTH=$mode)', async ({ mode, cause, token }, { expect }) => {
    const reached = vi.spyOn(globalThis, 'fetch');
    const gate = openGate(mode === 'secret' ? SECRET_MODE : JWKS_MODE, keys);
    expect(await failureOf(gate.enter(await token()))).toEqual(NOT_VALID);
    expect(gate.lines).toEqual([{ ...REFUSED, claim: PART_OF[cause], cause }]);
    expect(reached).not.toHaveBeenCalled();
  });
});
