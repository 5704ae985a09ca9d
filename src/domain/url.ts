import { type Checked, type Path, toChecked } from './check.ts';
import { hostProblem } from './public-host.ts';

/** What Kling is to fetch from a URL. */
export type UrlPurpose = 'voice' | 'video' | 'sound';

/** The longest URL that is passed on, as given and as sent: signed URLs with session tokens exceed 2,048 (seen 2026-11). */
export const URL_CHARS_MAX = 8192;

/** The file types Kling accepts (2026-09): of a voice's source, of a video for identify-face, of a `sound_file`. */
const ACCEPTED = {
  voice: ['mp3', 'wav', 'mp4', 'mov', 'm4v'],
  video: ['mp4', 'mov', 'm4v'],
  sound: ['mp3', 'wav', 'm4a', 'aac'],
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
