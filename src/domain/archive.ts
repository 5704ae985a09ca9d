import type { StoredFile } from './media.ts';
import type { Archive, FaceScan, ResultPart, TaskRecord } from './records.ts';
import { hostProblem, isLoopback } from './url.ts';

/** The kinds of files that results have. */
export type ResultKind = 'VIDEO' | 'AUDIO' | 'IMAGE';

/** A file at Kling that is a result, or a part of it. */
export interface ResultFile {
  readonly part: ResultPart;
  readonly url: string;
  /** Kling's id of the voice, if the file is its sample. Missing otherwise. */
  readonly voiceId?: string;
}

/** The most files of one task, and the most pictures of one scan, that are copied. Kling makes one result for each task. */
const FILES_MAX = 20;

/** Returns the files of a task that has succeeded; no file before. */
export function resultFilesOf(task: TaskRecord): readonly ResultFile[] {
  if (task.status !== 'SUCCEEDED') return [];
  const files =
    task.kind === 'LIP_SYNC'
      ? task.videos.flatMap(({ url, watermarkUrl }, i) => [
          ...fileAt(`video:${i}`, url),
          ...fileAt(`watermark:${i}`, watermarkUrl),
        ])
      : task.voices.flatMap(({ voiceId, trialUrl }, i) =>
          fileAt(`sample:${i}`, trialUrl).map((file) => ({ ...file, voiceId })),
        );
  return files.slice(0, FILES_MAX);
}

/** Returns the pictures of a scan's faces. */
export function picturesOf({ faces }: FaceScan): readonly ResultFile[] {
  return faces.slice(0, FILES_MAX).flatMap(({ imageUrl }, i) => fileAt(`face:${i}`, imageUrl));
}

function fileAt(part: ResultPart, url: string | null): readonly ResultFile[] {
  return url === null || url === '' ? [] : [{ part, url }];
}

/** Returns an archive with one file more. */
export function withFile(
  archive: Archive | undefined,
  part: ResultPart,
  file: StoredFile,
  expiresAtMs: number,
): Archive {
  return { expiresAtMs, files: { ...archive?.files, [part]: file } };
}

/** Returns an archive without a part; undefined if no file is left. */
export function withoutFile(archive: Archive | undefined, part: ResultPart): Archive | undefined {
  if (archive === undefined) return undefined;
  const left = Object.entries(archive.files).filter(([key]) => key !== part);
  return left.length === 0 ? undefined : { ...archive, files: Object.fromEntries(left) };
}

const KINDS = { video: 'VIDEO', watermark: 'VIDEO', sample: 'AUDIO', face: 'IMAGE' } as const;

export function kindOf(part: ResultPart): ResultKind {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the type of a part is built from these names
  return KINDS[part.slice(0, part.indexOf(':')) as keyof typeof KINDS];
}

/** The content types of each kind, with the extension that a file of the type gets. The first is the fallback. */
const TYPES = {
  VIDEO: { 'video/mp4': 'mp4', 'video/quicktime': 'mov' },
  AUDIO: {
    'audio/mpeg': 'mp3',
    'audio/mp3': 'mp3',
    'audio/wav': 'wav',
    'audio/x-wav': 'wav',
    'audio/wave': 'wav',
    'audio/mp4': 'm4a',
    'audio/x-m4a': 'm4a',
    'audio/aac': 'aac',
  },
  IMAGE: { 'image/jpeg': 'jpg', 'image/png': 'png', 'image/webp': 'webp' },
} as const satisfies Record<ResultKind, Readonly<Record<string, StoredFile['extension']>>>;

/**
 * Returns the extension of a file: by its content type, else by its URL. The result never depends on the sender alone: it
 * is always one of the kind.
 */
export function extensionFor(kind: ResultKind, contentType: string | null, url: string): StoredFile['extension'] {
  const types: Readonly<Record<string, StoredFile['extension']>> = TYPES[kind];
  const type = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (Object.hasOwn(types, type)) return types[type] ?? FALLBACK[kind];
  const path = URL.canParse(url) ? new URL(url).pathname.toLowerCase() : '';
  return Object.values(types).find((extension) => path.endsWith(`.${extension}`)) ?? FALLBACK[kind];
}

const FALLBACK = { VIDEO: 'mp4', AUDIO: 'mp3', IMAGE: 'jpg' } as const satisfies Record<
  ResultKind,
  StoredFile['extension']
>;

/** Returns the content type of a file by its extension, as the gateway stores it. The sender's own type is not repeated. */
export function contentTypeOf(extension: StoredFile['extension']): string {
  const types = Object.values(TYPES).flatMap((some: Readonly<Record<string, string>>) => Object.entries(some));
  return types.find(([, known]) => known === extension)?.[0] ?? 'application/octet-stream';
}

/**
 * Returns why the gateway does not read a result from a URL, as the end of a sentence; null if it does. Kling's answers name
 * these URLs, and redirects do. `allowsLoopback` is for a sandbox on the same machine.
 */
export function sourceProblem(url: string, allowsLoopback: boolean): string | null {
  if (!URL.canParse(url)) return 'is not a complete URL';
  if (allowsLoopback && isLoopback(url)) return null;
  const { protocol, hostname, port, username, password } = new URL(url);
  if (username !== '' || password !== '') return 'must not contain a user name or password';
  if (protocol !== 'https:') return 'must be an https URL';
  if (port !== '') return 'must use the default port 443';
  const host = hostProblem(hostname);
  return host === null ? null : `host ${host}`;
}
