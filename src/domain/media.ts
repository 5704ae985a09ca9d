import type { Issue, IssueCode } from '../errors.ts';
import { checkAll, checkText, issuesOf, mapValidation, type Path, toValidation, type Validation } from './check.ts';
import { checkFileUrl, type UrlPurpose } from './url.ts';
import { AUDIO_MS_MAX, AUDIO_MS_MIN, VIDEO_MS_MAX, VIDEO_MS_MIN } from './placement.ts';

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

/** The shortest and the longest sample of a voice (Kling docs, custom voice page, 2026-09). */
export const SAMPLE_MS_MIN = 5000;
export const SAMPLE_MS_MAX = 30_000;

/** The shortest and the longest side of a picture, in pixels (Kling docs, lip-sync page, 2026-09). */
const SIDE_MIN = 512;
const SIDE_MAX = 2160;

/** The pictures that Kling names "720p or 1080p" (Kling docs, lip-sync page, 2026-09). */
const PICTURES = [
  { long: 1280, short: 720 },
  { long: 1920, short: 1080 },
] as const;

/** Encoders round sides to multiples of 16, such as 1088 for 1080. */
const SIDE_TOLERANCE = 8;

/** The difference in the number of pixels to a picture of 16:9, as a part of it. */
const AREA_TOLERANCE = 0.02;

const FORMATS = { AUDIO: ['mp3', 'wav', 'm4a', 'aac'], VIDEO: ['mp4', 'mov'] } as const satisfies Readonly<
  Record<MediaKind, readonly MediaExtension[]>
>;

/** The formats of a sample of a voice (Kling docs, custom voice page, 2026-09). */
const SAMPLE_FORMATS: ReadonlySet<MediaExtension> = new Set(['mp3', 'wav', 'mp4', 'mov']);

/** The argument of `createMedia` that the problems of a file belong to. */
export const SOURCE_PATH: Path = ['source'];

/**
 * Returns everything that Kling would refuse about a file; empty if it is usable. Kling's pages name no codecs, so each is
 * accepted. A video needs no sound.
 *
 * `facts` is null if the file is not read because it is too large. `bytes` is the size of the whole file.
 */
export function problemsOf(facts: MediaFacts | null, kind: MediaKind, bytes: number): readonly Issue[] {
  const issues: Issue[] = [];
  if (bytes > KLING_BYTES_MAX[kind]) {
    const message = `must be at most ${KLING_BYTES_MAX[kind]} bytes, was ${bytes}`;
    issues.push(problem('FILE_TOO_LARGE', message));
  }
  if (facts === null) return issues;
  if (!FORMATS[kind].some((extension) => extension === facts.extension)) {
    issues.push(unsupportedFormat(kind, describe(facts)));
    return issues;
  }
  const isVideo = kind === 'VIDEO';
  const [min, max] = isVideo ? [VIDEO_MS_MIN, VIDEO_MS_MAX] : [AUDIO_MS_MIN, AUDIO_MS_MAX];
  issues.push(...durationProblems(facts.durationMs, isVideo ? 'the video' : 'the audio', min, max, SOURCE_PATH));
  if (isVideo && facts.width !== null && facts.height !== null) {
    issues.push(...pictureProblems(facts.width, facts.height));
  }
  return issues;
}

/** Creates the issue of a file that is of another type, or is damaged. `found` ends the sentence "this …". */
export function unsupportedFormat(kind: MediaKind, found: string): Issue {
  const wanted = kind === 'VIDEO' ? 'MP4 or MOV with a video track' : 'MP3, WAV, M4A or AAC';
  return problem('UNSUPPORTED_FORMAT', `must be ${wanted}: this ${found}`);
}

/** Returns what Kling would refuse about a `READY` file that is used as the sample of a voice. */
export function sampleProblems(facts: MediaFacts, path: Path): readonly Issue[] {
  const issues: Issue[] = [];
  if (!SAMPLE_FORMATS.has(facts.extension)) {
    const message = `the sample of a voice must be MP3, WAV, MP4 or MOV: this ${describe(facts)}`;
    issues.push({ path, code: 'UNSUPPORTED_FORMAT', message });
  }
  if (!facts.hasAudio) {
    issues.push({
      path,
      code: 'NO_AUDIO_TRACK',
      message: 'the sample of a voice must have sound: this file has no audio track',
    });
  }
  return [
    ...issues,
    ...durationProblems(facts.durationMs, 'the sample of a voice', SAMPLE_MS_MIN, SAMPLE_MS_MAX, path),
  ];
}

/** The use of a file. The sample of a voice may be of either kind. */
export type MediaUse = 'voice' | 'video' | 'audio';

/** Returns why a file cannot be used now; empty if it can. A file that was rejected is refused with its problems. */
export function useProblems(media: MediaRecord, use: MediaUse, path: Path): readonly Issue[] {
  const { kind, status, problems, facts } = media;
  if (use !== 'voice' && kind.toLowerCase() !== use) {
    const message = `must be a file of the kind ${use.toUpperCase()}, is ${kind}`;
    return [{ path, code: 'UNSUPPORTED_FORMAT', message }];
  }
  if (status === 'REJECTED') {
    const [first, ...others] = problems.map(({ code, message }) => ({ path, code, message }));
    return first === undefined ? [{ ...unsupportedFormat(kind, 'was rejected'), path }] : [first, ...others];
  }
  if (status !== 'READY') return [mediaNotReady(status, path)];
  return use === 'voice' && facts !== null ? sampleProblems(facts, path) : [];
}

/** Creates the issue of a file that is used before it is `READY`, or that was rejected. */
export function mediaNotReady(status: Exclude<MediaStatus, 'READY'>, path: Path): Issue {
  const advice = {
    UPLOADING: 'bytes are missing: upload the rest first',
    CHECKING: 'the file is being checked: try again in a second',
    REJECTED: 'Kling would refuse the file: see its problems',
  } as const satisfies Record<typeof status, string>;
  return { path, code: 'MEDIA_NOT_READY', message: `must be READY, is ${status}: ${advice[status]}` };
}

/** Creates the issue of a URL that the gateway could not read. `reason` names neither the URL nor an address. */
export function fetchFailed(reason: string): Issue {
  return problem('FETCH_FAILED', `the URL could not be read: ${reason}`);
}

/** Says what a file is, as in "is an MP4 with hevc and aac". */
function describe({ extension, codecs }: MediaFacts): string {
  const article = ['mp3', 'mp4', 'm4a', 'aac'].includes(extension) ? 'an' : 'a';
  return `is ${article} ${extension.toUpperCase()} file with ${codecs.length === 0 ? 'no known codec' : codecs.join(' and ')}`;
}

function durationProblems(durationMs: number, what: string, min: number, max: number, path: Path): readonly Issue[] {
  if (durationMs >= min && durationMs <= max) return [];
  const message = `${what} must be ${min} to ${max} ms long, was ${durationMs}`;
  return [{ path, code: durationMs < min ? 'TOO_SHORT' : 'TOO_LONG', message }];
}

function pictureProblems(width: number, height: number): readonly Issue[] {
  const was = `was ${width} x ${height}`;
  const issues: Issue[] = [];
  if (Math.min(width, height) < SIDE_MIN || Math.max(width, height) > SIDE_MAX) {
    issues.push(problem('UNSUPPORTED_RESOLUTION', `each side must be ${SIDE_MIN} to ${SIDE_MAX} pixels, ${was}`));
  }
  if (!is720pOr1080p(width, height)) {
    const message = `must be 720p or 1080p (a side of 720, 1280, 1080 or 1920 pixels, or as many pixels), ${was}`;
    issues.push(problem('UNSUPPORTED_RESOLUTION', message));
  }
  return issues;
}

/**
 * Returns true if a side is one of 1280 x 720 or 1920 x 1080 after rotation, or if the picture has as many pixels.
 *
 * Kling names no widths. It takes sides of 512 to 2160 pixels, so "720p" includes portrait, square and wide pictures, such
 * as 1280 x 544 and 2160 x 1080. Videos that Kling makes have as many pixels in each shape: 960 x 960 and 1440 x 1440.
 */
function is720pOr1080p(width: number, height: number): boolean {
  return PICTURES.some(({ long, short }) => {
    const hasSide = [width, height].some((side) =>
      [long, short].some((wanted) => Math.abs(side - wanted) <= SIDE_TOLERANCE),
    );
    const area = long * short;
    return hasSide || Math.abs(width * height - area) <= area * AREA_TOLERANCE;
  });
}

function problem(code: IssueCode, message: string): Issue {
  return { path: SOURCE_PATH, code, message };
}
