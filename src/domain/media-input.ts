import { checkAll, checkText, issuesOf, mapValidation, type Path, toValidation, type Validation } from './check.ts';
import type { MediaKind } from './media.ts';
import { checkUrl, type UrlPurpose } from './url.ts';

/** The arguments of `createMedia`, typed by GraphQL and not yet checked. */
export interface CreateMediaInput {
  readonly kind: MediaKind;
  readonly source: MediaSourceInput;
}

/** Where the bytes come from. Exactly one of the two is given. */
export interface MediaSourceInput {
  readonly file?: MediaFileInput | null;
  readonly url?: string | null;
}

/** A file that the caller will upload, as the caller describes it. */
export interface MediaFileInput {
  readonly bytes: number;
  readonly contentType?: string | null;
  readonly fileName?: string | null;
  readonly sha256?: string | null;
}

/** The argument of `deleteMedia`. */
export interface DeleteMediaInput {
  /** Null if the caller's id is not the id of a file. */
  readonly mediaId: string | null;
}

/** A file as it was announced: its size, its name, and its SHA-256 in lower case. */
export interface AnnouncedFile {
  readonly bytes: number;
  readonly fileName: string | null;
  readonly sha256: string | null;
}

/** The checked source of a file: announced by the caller, or fetched by the gateway. */
export type MediaSource =
  | { readonly file: AnnouncedFile; readonly url?: never }
  | { readonly url: string; readonly file?: never };

/** The most characters of a file's name. File systems allow 255. */
const FILE_NAME_CHARS_MAX = 255;

/** The most characters of a content type: two names of at most 127 (RFC 6838). */
const CONTENT_TYPE_CHARS_MAX = 255;

const SHA256 = /^[0-9a-f]{64}$/i;

const PURPOSES = { AUDIO: 'audio', VIDEO: 'video' } as const satisfies Record<MediaKind, UrlPurpose>;

/**
 * Checks the arguments of `createMedia`, before any byte is sent. `bytesMax` is the largest file of the kind. The content
 * type is checked and not used: what the file is, is read from its bytes.
 */
export function checkCreateMediaInput(
  { kind, source }: CreateMediaInput,
  bytesMax: number,
  path: Path = ['source'],
): Validation<MediaSource> {
  const { file = null, url = null } = source;
  if (file !== null && url === null) {
    return mapValidation(checkFile(file, kind, bytesMax, [...path, 'file']), (value) => ({ file: value }));
  }
  if (url !== null && file === null) {
    return mapValidation(checkUrl(url, PURPOSES[kind], [...path, 'url']), (value) => ({ url: value }));
  }
  return { ok: false, issues: [{ path, code: 'OUT_OF_RANGE', message: 'must have exactly one of file and url' }] };
}

function checkFile(file: MediaFileInput, kind: MediaKind, bytesMax: number, path: Path): Validation<AnnouncedFile> {
  const { contentType = null } = file;
  const rule = { charsMax: CONTENT_TYPE_CHARS_MAX, lines: 'one', mayBeBlank: true } as const;
  return checkAll<AnnouncedFile>(
    {
      bytes: checkBytes(file.bytes, kind, bytesMax, [...path, 'bytes']),
      fileName: checkFileName(file.fileName ?? null, [...path, 'fileName']),
      sha256: checkSha256(file.sha256 ?? null, [...path, 'sha256']),
    },
    contentType === null ? [] : issuesOf(checkText(contentType, rule, [...path, 'contentType'])),
  );
}

function checkBytes(bytes: number, kind: MediaKind, bytesMax: number, path: Path): Validation<number> {
  if (!Number.isSafeInteger(bytes) || bytes < 1) {
    return { ok: false, issues: [{ path, code: 'OUT_OF_RANGE', message: `must be at least 1, was ${bytes}` }] };
  }
  if (bytes <= bytesMax) return { ok: true, value: bytes };
  const message = `must be at most ${bytesMax} bytes for ${kind}, was ${bytes}`;
  return { ok: false, issues: [{ path, code: 'FILE_TOO_LARGE', message }] };
}

function checkFileName(fileName: string | null, path: Path): Validation<string | null> {
  return fileName === null
    ? { ok: true, value: null }
    : checkText(fileName, { charsMax: FILE_NAME_CHARS_MAX, lines: 'one' }, path);
}

function checkSha256(sha256: string | null, path: Path): Validation<string | null> {
  const isHex = sha256 === null || SHA256.test(sha256);
  const message = 'must be 64 hexadecimal digits';
  return toValidation(sha256?.toLowerCase() ?? null, isHex ? [] : [{ path, code: 'MALFORMED', message }]);
}
