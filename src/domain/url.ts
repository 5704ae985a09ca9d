import type { IssueCode } from '../errors.ts';
import { type Validation, type Path, toValidation } from './check.ts';

/** The kind of file that Kling fetches from a URL. */
export type UrlPurpose = 'voice' | 'video' | 'audio';

/** The most characters of a URL, as given and as sent. Signed URLs with session tokens exceed 2,048 (live, 2026-11). */
export const URL_CHARS_MAX = 8192;

/** The file types that Kling accepts for a voice's source, an identify-face video and a `sound_file` (Kling docs, 2026-09). */
const ACCEPTED = {
  voice: ['mp3', 'wav', 'mp4', 'mov'],
  video: ['mp4', 'mov'],
  audio: ['mp3', 'wav', 'm4a', 'aac'],
} as const satisfies Record<UrlPurpose, readonly string[]>;

/** The extensions that name a media type. Any other, such as `.php`, says nothing about the type of the file. */
const MEDIA: ReadonlySet<string> = new Set(
  (
    'mp3 wav m4a aac ogg oga opus flac wma aif aiff amr mid midi mp4 mov m4v webm avi mkv wmv flv mpg mpeg ogv 3gp ' +
    'jpg jpeg png gif webp bmp tif tiff heic avif svg pdf'
  ).split(' '),
);

/**
 * Checks a URL that Kling fetches, or that the gateway calls. An attacker could otherwise probe private networks through Kling
 * with the gateway's key. `purpose` is null for any type of file. The value is the URL as the WHATWG algorithm serializes it, so Kling gets what was checked.
 *
 * Trade-off: only the text is checked. Kling must refuse public names and redirects that lead to a private address.
 * Messages contain the host at most, because the rest of a signed URL is a secret.
 */
export function checkUrl(
  text: string,
  purpose: UrlPurpose | null,
  path: Path,
  charsMax: number = URL_CHARS_MAX,
): Validation<string> {
  const toIssues = (problems: readonly Problem[]) => problems.map(([code, message]) => ({ path, code, message }));
  if (text.length > charsMax) return toValidation(text, toIssues([tooLong(text.length, charsMax)]));
  const ofText = textProblems(text);
  if (!URL.canParse(text)) {
    return toValidation(text, toIssues([['MALFORMED', 'is not a complete URL (https://host/path)'], ...ofText]));
  }
  const url = new URL(text);
  return toValidation(url.href, toIssues([...ofText, ...partProblems(url, purpose, charsMax)]));
}

/** Returns true for a well-formed http or https URL of the same machine, on any port. */
export function isLoopbackUrl(text: string): boolean {
  if (textProblems(text).length > 0 || !URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return ['http:', 'https:'].includes(protocol) && ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
}

/** Returns true for an address instead of a name. `hostname` comes from a WHATWG `URL` with a special scheme. */
export function isIpAddress(hostname: string): boolean {
  return hostname.startsWith('[') || IPV4.test(hostname);
}

/** The names of this computer, as the WHATWG algorithm writes them. */
const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Checks a URL like `checkUrl`. If a sandbox on `localHost` takes the place of Kling, also allows http and any port on that
 * host and on this computer. `localHost` is null for Kling.
 */
export function checkFileUrl(
  text: string,
  purpose: UrlPurpose,
  path: Path,
  localHost: string | null,
): Validation<string> {
  const checked = checkUrl(text, purpose, path);
  if (checked.ok || localHost === null || !URL.canParse(text)) return checked;
  const { protocol, hostname, href } = new URL(text);
  const isLocal = hostname === localHost || LOOPBACK.has(hostname);
  const hasUser = textProblems(text).some(([code]) => code === 'URL_NOT_ALLOWED');
  if (!isLocal || hasUser || (protocol !== 'http:' && protocol !== 'https:')) return checked;
  return toValidation(
    href,
    checked.issues.filter(({ code }) => code !== 'URL_NOT_ALLOWED'),
  );
}

type Problem = readonly [code: IssueCode, message: string];

/** Finds characters and parts that URL parsers drop, repair or interpret differently. */
function textProblems(text: string): readonly Problem[] {
  const problems: Problem[] = [];
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#\\]*)/i.exec(text)?.[1];
  const malformed = (message: string): void => void problems.push(['MALFORMED', message]);
  if (/[\p{Cc}\s]|%(?:[01][0-9a-f]|7f)/iu.test(text)) {
    malformed('must not contain spaces, line breaks or control characters, nor those percent-encoded (%20 is allowed)');
  }
  if (!text.isWellFormed()) malformed('is not well-formed Unicode');
  if (text.includes('\\')) malformed('must not contain backslashes');
  if (text.includes('#')) malformed('must not have a fragment (in a file name, write # as %23)');
  if (authority === '' || !/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) malformed('must start with https:// and a host');
  if (authority?.includes('@')) problems.push(['URL_NOT_ALLOWED', 'must not contain a user name or password']);
  return problems;
}

/** The schemes whose hosts the WHATWG algorithm normalizes. */
const HOST_SCHEMES: ReadonlySet<string> = new Set(['https:', 'http:', 'wss:', 'ws:', 'ftp:']);

function partProblems(url: URL, purpose: UrlPurpose | null, charsMax: number): readonly Problem[] {
  const problems: Problem[] = [];
  const refused = (message: string): void => void problems.push(['URL_NOT_ALLOWED', message]);
  if (url.protocol !== 'https:') refused(`must be an https URL, not ${url.protocol.slice(0, -1).slice(0, 20)}`);
  if (url.href.length > charsMax) problems.push(tooLong(url.href.length, charsMax));
  if (url.protocol === 'https:') {
    if (url.port !== '') refused(`must use the default port 443, not ${url.port}`);
  }
  if (HOST_SCHEMES.has(url.protocol)) {
    const host = hostProblem(url.hostname);
    if (host !== null) refused(`host ${host}`);
    const extension = extensionOf(url.pathname);
    const allowed: readonly string[] = purpose === null ? [] : ACCEPTED[purpose];
    if (purpose !== null && extension !== null && MEDIA.has(extension) && !allowed.includes(extension)) {
      const types = allowed.map((name) => `.${name}`).join(' ');
      problems.push(['UNSUPPORTED_FORMAT', `must be a file of type ${types}, not .${extension}`]);
    }
  }
  return problems;
}

/** Returns the extension of the last segment, in lower case; null if the segment has no dot. */
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

function tooLong(chars: number, charsMax: number): Problem {
  return ['OUT_OF_RANGE', `must be at most ${charsMax} characters long, was ${chars}`];
}

/**
 * Returns why a host is not on the public Internet, as the end of a sentence; null if it may be. Names are not resolved.
 *
 * `hostname` comes from a WHATWG `URL` with a special scheme: lower case, in punycode, every IPv4 form already dotted, and
 * IPv6 compressed in brackets.
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

/** Returns true for an `http` URL of this computer. */
export function isLoopback(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, username } = new URL(url);
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  return protocol === 'http:' && username === '' && isLocal;
}

const IPV4 = /^\d+\.\d+\.\d+\.\d+$/;

/** A label of a host name. Underscores are not standard, but are in use. */
const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** Names that only private networks resolve. Source: RFC 6761, 6762 and 8375, ICANN's `.internal` (2024), common routers. */
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

/** IANA's special-purpose IPv4 registry, multicast and class E (2025-11), and the public address of Azure's internal services. */
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

/** The reserved parts of 2000::/3: IETF assignments with Teredo, documentation, 6to4, documentation. At most 32 bits long. */
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
 * Returns true for global unicast, 2000::/3. This excludes loopback, link-local, unique local and multicast addresses, and
 * every form that embeds an IPv4 address (mapped, compatible, NAT64).
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

/** Returns the first 32 of the 128 bits. */
function ipv6HighBits(address: string): number {
  const [head = '', tail] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0');
  const [first = '0', second = '0'] = [...before, ...zeros, ...after];
  return Number.parseInt(first, 16) * 65_536 + Number.parseInt(second, 16);
}
