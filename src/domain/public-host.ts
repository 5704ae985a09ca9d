/**
 * Why a host is none that the public Internet can reach, as the end of a sentence; null when it may be one.
 *
 * `hostname` is that of a WHATWG `URL` with a special scheme: lower case, in punycode, every literal form of an IPv4
 * address (short, decimal, hex, octal, full-width digits) already dotted, IPv6 compressed and in brackets. A name is
 * judged by its looks: what it resolves to only the one who fetches it can tell.
 */
export function hostProblem(hostname: string): string | null {
  if (hostname.startsWith('[')) {
    return isPublicIpv6(hostname.slice(1, -1)) ? null : `must not be the private or reserved address ${hostname}`;
  }
  if (IPV4.test(hostname)) {
    return isPublicIpv4(hostname) ? null : `must not be the private or reserved address ${hostname}`;
  }
  const labels = hostname.split('.');
  if (hostname.length > 253 || !labels.every((label) => LABEL.test(label))) {
    return 'must be a host name of letters, digits and hyphens, without a dot at its end';
  }
  if (PRIVATE_NAMES.some((name) => hostname === name || hostname.endsWith(`.${name}`))) {
    return `must not be a name of a private network (${hostname})`;
  }
  return labels.length < 2 ? `must be a full domain name, not ${hostname}` : null;
}

const IPV4 = /^\d+\.\d+\.\d+\.\d+$/;

/** Underscores are no part of a host name by the book, but of names in use. */
const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** Names that only a private network resolves: RFC 6761, 6762, 8375, ICANN's `.internal` (2024), and habits of routers. */
const PRIVATE_NAMES = [
  'localhost',
  'localdomain',
  'local',
  'internal',
  'private',
  'intranet',
  'corp',
  'home',
  'lan',
  'home.arpa',
] as const;

/** IANA's special-purpose IPv4 registry, multicast and class E (2025-11), and the one public address that Azure serves inside. */
const RESERVED_IPV4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const;

/** Within 2000::/3: IETF assignments (Teredo too), documentation, 6to4, documentation again. None is longer than 32 bits. */
const RESERVED_IPV6 = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const;

function isPublicIpv4(address: string): boolean {
  const bits = ipv4Bits(address);
  return !RESERVED_IPV4.some(([base, length]) => samePrefix(bits, ipv4Bits(base), length));
}

/**
 * Only global unicast, 2000::/3, is public. That leaves out loopback, link-local, unique local, multicast, and every
 * form that carries an IPv4 address (mapped, compatible, NAT64), with whatever address in it.
 */
function isPublicIpv6(address: string): boolean {
  const bits = ipv6HighBits(address);
  if (!samePrefix(bits, 0x2000_0000, 3)) return false;
  return !RESERVED_IPV6.some(([base, length]) => samePrefix(bits, ipv6HighBits(base), length));
}

function samePrefix(a: number, b: number, length: number): boolean {
  return (a ^ b) >>> (32 - length) === 0;
}

function ipv4Bits(address: string): number {
  return address.split('.').reduce((bits, octet) => bits * 256 + Number(octet), 0);
}

/** The first 32 of the 128 bits. */
function ipv6HighBits(address: string): number {
  const [head = '', tail] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0');
  const [first = '0', second = '0'] = [...before, ...zeros, ...after];
  return Number.parseInt(first, 16) * 65_536 + Number.parseInt(second, 16);
}
