import type { Issue } from '../errors.ts';
import { checkAll, checkText, issuesOf, mapValidation, type Path, toValidation, type Validation } from './check.ts';
import { checkFileUrl, type UrlPurpose } from './url.ts';

/** The kinds of files. The sample of a voice may be either. */
export const MEDIA_KINDS = ['AUDIO', 'VIDEO'] as const;
export type MediaKind = (typeof MEDIA_KINDS)[number];

/** The types of files that Kling takes, by their extension (Kling docs, custom voice and lip-sync pages, 2026-09). */
export const CONTENT_TYPES = {
  mp4: 'video/mp4',
  mov: 'video/quicktime',
  mp3: 'audio/mpeg',
  wav: 'audio/wav',
  m4a: 'audio/mp4',
  aac: 'audio/aac',
} as const satisfies Readonly<Record<string, string>>;
export type MediaExtension = keyof typeof CONTENT_TYPES;

/** The facts that the gateway has read from a file. Invariant: rows store them as JSON, so the keys must not be renamed. */
export interface MediaFacts {
  /** The type that was found, whatever the caller or the file's name said. */
  readonly extension: MediaExtension;
  readonly durationMs: number;
  /** Pixels as shown, after rotation. Null for audio. */
  readonly width: number | null;
  readonly height: number | null;
  /** As in `['avc', 'aac']`, the video first. */
  readonly codecs: readonly string[];
  readonly hasAudio: boolean;
}

/** How far a file is. `UPLOADING`: bytes are missing. `READY` and `REJECTED` are final. */
export const MEDIA_STATUSES = ['UPLOADING', 'CHECKING', 'READY', 'REJECTED'] as const;
export type MediaStatus = (typeof MEDIA_STATUSES)[number];

/** The result of an upload. `problems` is empty unless it is `REJECTED`; `facts` is null unless the file could be read. */
export interface MediaOutcome {
  readonly status: 'CHECKING' | 'READY' | 'REJECTED';
  readonly bytes: number;
  /** Hexadecimal. Null while `CHECKING`, and if the file was never complete. */
  readonly sha256: string | null;
  readonly facts: MediaFacts | null;
  readonly problems: readonly Issue[];
}

/** A file of a tenant. Invariant: rows store it as JSON, so its keys must not be renamed. */
export interface MediaRecord {
  /** A UUID. The name of the file's `Upload` object, and a part of its key in the bucket. */
  readonly id: string;
  readonly kind: MediaKind;
  readonly status: MediaStatus;
  readonly problems: readonly Issue[];
  readonly fileName: string | null;
  /** The size of the whole file. Null for a URL that is not fetched yet. */
  readonly bytes: number | null;
  readonly sha256: string | null;
  /** Null until the file is checked. */
  readonly facts: MediaFacts | null;
  /** True if the gateway fetches the file from a URL. */
  readonly isFetched: boolean;
  readonly createdAtMs: number;
  /** When an unfinished upload is deleted, and later the whole file. */
  readonly expiresAtMs: number;
}

/** A file in the bucket: a caller's, or an archived result. */
export interface StoredFile {
  readonly id: string;
  readonly extension: MediaExtension | 'jpg' | 'png' | 'webp';
}

/** The permission to upload one file. It holds everything that the `Upload` object needs, so that nothing is stored before. */
export interface UploadPermit {
  readonly tenant: string;
  readonly mediaId: string;
  readonly kind: MediaKind;
  readonly bytes: number;
  /** The SHA-256 that the file must have, in lower-case hexadecimal; null if the caller gave none. */
  readonly sha256: string | null;
  readonly expiresAtMs: number;
}

/** The order to fetch a file from a URL. */
export interface FetchOrder {
  readonly tenant: string;
  readonly mediaId: string;
  readonly kind: MediaKind;
  readonly url: string;
  readonly expiresAtMs: number;
}

/** The permission to read one file of the bucket. */
export interface FilePermit extends StoredFile {
  readonly tenant: string;
  readonly expiresAtMs: number;
}

/** Mints and verifies the URLs of uploads and files. A verified permit may have expired, and its file may be deleted. */
export interface FileUrls {
  /** Returns `<public URL>/uploads/<token>`. */
  uploadUrl(permit: UploadPermit): Promise<string>;
  /** Returns `<public URL>/media/<token>/clip.<extension>`. */
  fileUrl(permit: FilePermit): Promise<string>;
  uploadOf(token: string): Promise<UploadPermit | null>;
  fileOf(token: string): Promise<FilePermit | null>;
}

/** The most bytes of a file that Kling takes. A megabyte has 1,000,000 bytes. */
export const KLING_BYTES_MAX = { VIDEO: 100_000_000, AUDIO: 5_000_000 } as const satisfies Record<MediaKind, number>;

/** The time in which an upload has to be finished: a day, in milliseconds. */
export const UPLOAD_MS_MAX = 24 * 60 * 60 * 1000;

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
  localHost: string | null,
  path: Path = ['source'],
): Validation<MediaSource> {
  const { file = null, url = null } = source;
  if (file !== null && url === null) {
    return mapValidation(checkFile(file, kind, bytesMax, [...path, 'file']), (value) => ({ file: value }));
  }
  if (url !== null && file === null) {
    return mapValidation(checkFileUrl(url, PURPOSES[kind], [...path, 'url'], localHost), (value) => ({ url: value }));
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
