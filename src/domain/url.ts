import { type Validation, type Path, toValidation } from './check.ts';

/** What Kling is to fetch from a URL. */
export type UrlPurpose = 'voice' | 'video' | 'audio';

/** The longest URL that is passed on, as given and as sent: signed URLs with session tokens exceed 2,048 (seen 2026-11). */
export const URL_CHARS_MAX = 8192;

/** The file types Kling accepts (2026-09): of a voice's source, of a video for identify-face, of a `sound_file`. */
const ACCEPTED = {
  voice: ['mp3', 'wav', 'mp4', 'mov', 'm4v'],
  video: ['mp4', 'mov', 'm4v'],
  audio: ['mp3', 'wav', 'm4a', 'aac'],
} as const satisfies Record<UrlPurpose, readonly string[]>;

/** Extensions that name a media type. Any other, such as `.php` or `.aspx`, says nothing about what is served. */
const MEDIA: ReadonlySet<string> = new Set(
  (
    'mp3 wav m4a aac ogg oga opus flac wma aif aiff amr mid midi mp4 mov m4v webm avi mkv wmv flv mpg mpeg ogv 3gp ' +
    'jpg jpeg png gif webp bmp tif tiff heic avif svg pdf'
  ).split(' '),
);

/**
 * A URL that Kling is to fetch. The gateway never fetches it: the check keeps callers from using Kling, with the
 * gateway's key, to look into private networks, and tells them early what Kling would refuse late.
 *
 * The value is the URL as the WHATWG algorithm writes it, so that what was judged is what is sent, whatever another
 * parser would have made of the text. It is judged by its looks: a public name that resolves to a private address, and
 * a redirect to one, only Kling can refuse. A path whose extension names no media type passes: Kling decides then.
 * Messages name the host at most: the rest of a signed URL is a secret.
 */
export function checkUrl(text: string, purpose: UrlPurpose, path: Path): Validation<string> {
  if (text.length > URL_CHARS_MAX) return { ok: false, issues: [{ path, message: tooLong(text.length) }] };
  const ofText = textProblems(text).map((message) => ({ path, message }));
  if (!URL.canParse(text)) {
    return { ok: false, issues: [{ path, message: 'is not a complete URL (https://host/path)' }, ...ofText] };
  }
  const url = new URL(text);
  return toValidation(url.href, [...ofText, ...partProblems(url, purpose).map((message) => ({ path, message }))]);
}

/** What URL parsers drop, repair or disagree about. */
function textProblems(text: string): readonly string[] {
  const problems: string[] = [];
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#\\]*)/i.exec(text)?.[1];
  if (/[\p{Cc}\s]|%(?:[01][0-9a-f]|7f)/iu.test(text)) {
    problems.push(
      'must not contain spaces, line breaks or control characters, nor those percent-encoded (%20 is allowed)',
    );
  }
  if (!text.isWellFormed()) problems.push('is not well-formed Unicode');
  if (text.includes('\\')) problems.push('must not contain backslashes');
  if (text.includes('#')) problems.push('must not have a fragment (in a file name, write # as %23)');
  if (authority === '' || !/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) problems.push('must start with https:// and a host');
  if (authority?.includes('@')) problems.push('must not contain a user name or password');
  return problems;
}

/** The schemes whose hosts the WHATWG algorithm brings into one form. */
const HOST_SCHEMES: ReadonlySet<string> = new Set(['https:', 'http:', 'wss:', 'ws:', 'ftp:']);

function partProblems(url: URL, purpose: UrlPurpose): readonly string[] {
  const problems: string[] = [];
  if (url.protocol !== 'https:') problems.push(`must be an https URL, not ${url.protocol.slice(0, -1).slice(0, 20)}`);
  if (url.href.length > URL_CHARS_MAX) problems.push(tooLong(url.href.length));
  if (url.protocol === 'https:') {
    if (url.port !== '') problems.push(`must use the default port 443, not ${url.port}`);
  }
  if (HOST_SCHEMES.has(url.protocol)) {
    const host = hostProblem(url.hostname);
    if (host !== null) problems.push(`host ${host}`);
    const extension = extensionOf(url.pathname);
    const allowed: readonly string[] = ACCEPTED[purpose];
    if (extension !== null && MEDIA.has(extension) && !allowed.includes(extension)) {
      problems.push(`must be a file of type ${allowed.map((name) => `.${name}`).join(' ')}, not .${extension}`);
    }
  }
  return problems;
}

/** The text after the last dot of the last segment, in lower case; null if it has no dot. */
function extensionOf(pathname: string): string | null {
  const segment = percentDecoded(pathname.slice(pathname.lastIndexOf('/') + 1));
  const dot = segment.lastIndexOf('.');
  return dot === -1 ? null : segment.slice(dot + 1).toLowerCase();
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function tooLong(chars: number): string {
  return `must be at most ${URL_CHARS_MAX} characters long, was ${chars}`;
}

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
