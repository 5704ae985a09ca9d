import { describe, it } from 'vitest';
import { hostProblem } from '../../src/domain/url.ts';

/** Hosts as `URL` writes them. `test/security/urls.test.ts` has the other spellings. */

describe('an IPv6 address', () => {
  it.for([
    '2000::1',
    '2001:200::1',
    '2001:db7:ffff::1',
    '2001:db9::1',
    '2003::1',
    '2606:4700::6810:84e5',
    '2a00:1450:4001:82f::200e',
    '3ffe::1',
    '3fff:1000::1',
  ])('%s is public', (address, { expect }) => {
    expect(hostProblem(`[${address}]`)).toBeNull();
  });

  it.for([
    ['unspecified', '::'],
    ['loopback', '::1'],
    ['before all public ones', '1fff:ffff::1'],
    ['behind all public ones', '4000::1'],
    ['IETF, the first', '2001::'],
    ['IETF, the last', '2001:1ff::1'],
    ['IETF, its second part left out', '2001::200'],
    ['documentation', '2001:db8:ffff::1'],
    ['6to4', '2002:7f00:1::'],
    ['documentation 2, the last', '3fff:fff::1'],
    ['documentation 2, its second part left out', '3fff::1000'],
    ['a public address in the compatible form', '::808:808'],
    ['multicast', 'ff02::1'],
  ] as const)('%s is not: %s', ([, address], { expect }) => {
    expect(hostProblem(`[${address}]`)).toBe(`must not be the private or reserved address [${address}]`);
  });
});

describe('an IPv4 address', () => {
  it.for([
    ['0.0.0.0', '0.255.255.255', '1.0.0.0'],
    ['10.0.0.0', '10.255.255.255', '11.0.0.0'],
    ['100.64.0.0', '100.127.255.255', '100.128.0.0'],
    ['127.0.0.0', '127.255.255.255', '128.0.0.0'],
    ['168.63.129.16', '168.63.129.16', '168.63.129.17'],
    ['169.254.0.0', '169.254.255.255', '169.255.0.0'],
    ['172.16.0.0', '172.31.255.255', '172.32.0.0'],
    ['192.0.0.0', '192.0.0.255', '192.0.1.0'],
    ['192.0.2.0', '192.0.2.255', '192.0.3.0'],
    ['192.31.196.0', '192.31.196.255', '192.31.197.0'],
    ['192.52.193.0', '192.52.193.255', '192.52.194.0'],
    ['192.88.99.0', '192.88.99.255', '192.88.100.0'],
    ['192.168.0.0', '192.168.255.255', '192.169.0.0'],
    ['192.175.48.0', '192.175.48.255', '192.175.49.0'],
    ['198.18.0.0', '198.19.255.255', '198.20.0.0'],
    ['198.51.100.0', '198.51.100.255', '198.51.101.0'],
    ['203.0.113.0', '203.0.113.255', '203.0.114.0'],
    ['224.0.0.0', '255.255.255.255', '223.255.255.255'],
  ] as const)('from %s to %s is reserved, and %s is public', ([first, last, beside], { expect }) => {
    for (const address of [first, last]) {
      expect(hostProblem(address)).toBe(`must not be the private or reserved address ${address}`);
    }
    expect(hostProblem(beside)).toBeNull();
  });
});

describe('a host name', () => {
  const longest = `${'a.'.repeat(125)}com`;

  it.for(['example.com', 'my_bucket.example.com', '1.2.3.4.example.com', `${'a'.repeat(63)}.com`, longest])(
    '%s may be public',
    (name, { expect }) => {
      expect(hostProblem(name)).toBeNull();
    },
  );

  it.for([
    '',
    'example.com.',
    'a..example.com',
    '*.example.com',
    'exa*mple.com',
    '-a.example.com',
    'a-.example.com',
    `${'a'.repeat(64)}.com`,
    `a${longest}`,
    'пример.com',
  ])('refuses %j', (name, { expect }) => {
    expect(hostProblem(name)).toBe('must be a host name of letters, digits and hyphens, without a dot at its end');
  });

  it.for(['localhost', 'a.localhost', 'home.arpa', 'nas.home.arpa', 'metadata.google.internal', 'db.corp', 'x.lan'])(
    'refuses %s, a name of private networks',
    (name, { expect }) => {
      expect(hostProblem(name)).toBe(`must not be a name of a private network (${name})`);
    },
  );

  it('may be public if only its end looks like a private name', ({ expect }) => {
    expect(hostProblem('mylocal.com')).toBeNull();
    expect(hostProblem('arpa.example.com')).toBeNull();
    expect(hostProblem('example.notlocal')).toBeNull();
  });

  it('must have more than one label', ({ expect }) => {
    expect(hostProblem('kubernetes')).toBe('must be a full domain name, not kubernetes');
  });
});
