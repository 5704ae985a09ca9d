import { type Checked, type Path, toChecked } from './checked.ts';
import { hostProblem } from './public-host.ts';

/** What Kling is to fetch from a URL: it decides which file extensions are allowed. */
export type UrlPurpose = 'voice' | 'video' | 'sound';

/** The longest URL that is passed on, as given and as sent. Signed URLs of the large storage services stay below it. */
export const URL_CHARS_MAX = 2048;

/** The file extensions Kling accepts (2026-09): of a voice's source, of a video for identify-face, of a `sound_file`. */
export const URL_EXTENSIONS = {
  voice: ['mp3', 'wav', 'mp4', 'mov'],
  video: ['mp4', 'mov'],
  sound: ['mp3', 'wav', 'm4a', 'aac'],
} as const satisfies Record<UrlPurpose, readonly string[]>;

/**
 * A URL that Kling is to fetch. The gateway never fetches it: the check keeps callers from using Kling, with the
 * gateway's key, to look into private networks, and tells them early what Kling would refuse late.
 *
 * The value is the URL as the WHATWG algorithm writes it, so that what was judged is what is sent, whatever another
 * parser would have made of the text. It is judged by its looks: a public name that resolves to a private address, and
 * a redirect to one, only Kling can refuse. A path without a file extension passes: signed and CDN URLs often have none.
 * Messages name the host at most: the rest of a signed URL is a secret.
 */
export function checkUrl(text: string, purpose: UrlPurpose, path: Path): Checked<string> {
  if (text.length > URL_CHARS_MAX) return { ok: false, issues: [{ path, message: tooLong(text.length) }] };
  const ofText = textProblems(text).map((message) => ({ path, message }));
  if (!URL.canParse(text)) {
    return { ok: false, issues: [{ path, message: 'is not a complete URL (https://host/path)' }, ...ofText] };
  }
  const url = new URL(text);
  return toChecked(url.href, [...ofText, ...partProblems(url, purpose).map((message) => ({ path, message }))]);
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
    const allowed: readonly string[] = URL_EXTENSIONS[purpose];
    if (extension !== null && !allowed.includes(extension)) {
      problems.push(`must be a file of type ${allowed.map((name) => `.${name}`).join(' ')}, not .${extension}`);
    }
  }
  return problems;
}

/** The last segment's extension in lower case; null when it has none. All digits (`/v1.0`) are a version, more than five characters a name. */
function extensionOf(pathname: string): string | null {
  const segment = percentDecoded(pathname.slice(pathname.lastIndexOf('/') + 1));
  const extension = /\.([a-z0-9]{1,5})$/i.exec(segment)?.[1]?.toLowerCase();
  return extension === undefined || /^\d+$/.test(extension) ? null : extension;
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
