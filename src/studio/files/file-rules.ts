import {
  problemsOf,
  SAMPLE_MS_MAX,
  SAMPLE_MS_MIN,
  sampleProblems,
  CONTENT_TYPES,
  KLING_BYTES_MAX,
  type MediaExtension,
  type MediaKind,
} from '../../domain/media.ts';
import { AUDIO_MS_MAX, AUDIO_MS_MIN, VIDEO_MS_MAX, VIDEO_MS_MIN } from '../../domain/placement.ts';
import { formatBytes, formatSeconds } from '../ui/format.ts';

/** The use of a file: the video or the audio of a lip-sync, or the sample of a voice. */
export type FileUse = 'video' | 'audio' | 'sample';

interface Rule {
  readonly extensions: readonly MediaExtension[];
  /** The formats in words. */
  readonly formats: string;
  readonly minMs: number;
  readonly maxMs: number;
}

/** Kling's rules for each use. The gateway checks them again. */
export const FILE_RULES = {
  video: { extensions: ['mp4', 'mov'], formats: 'MP4 or MOV', minMs: VIDEO_MS_MIN, maxMs: VIDEO_MS_MAX },
  audio: {
    extensions: ['mp3', 'wav', 'm4a', 'aac'],
    formats: 'MP3, WAV, M4A or AAC',
    minMs: AUDIO_MS_MIN,
    maxMs: AUDIO_MS_MAX,
  },
  sample: {
    extensions: ['mp3', 'wav', 'mp4', 'mov'],
    formats: 'MP3, WAV, MP4 or MOV',
    minMs: SAMPLE_MS_MIN,
    maxMs: SAMPLE_MS_MAX,
  },
} as const satisfies Record<FileUse, Rule>;

/** A file as the browser describes it before it reads it. */
type NamedFile = Pick<File, 'name' | 'size' | 'type'>;

const OTHER_TYPES: Readonly<Record<string, MediaExtension>> = {
  'audio/mp3': 'mp3',
  'audio/x-m4a': 'm4a',
  'audio/x-wav': 'wav',
  'audio/wave': 'wav',
  'audio/vnd.wave': 'wav',
  'audio/aacp': 'aac',
  'audio/x-aac': 'aac',
};

/** Returns the extension of a file: that of its name, then that of its type. Null if neither says one. */
function extensionOf({ name, type }: NamedFile): string | null {
  const at = name.lastIndexOf('.');
  if (at > 0 && at < name.length - 1) return name.slice(at + 1).toLowerCase();
  const byType = Object.entries(CONTENT_TYPES).find(([, contentType]) => contentType === type)?.[0];
  return byType ?? OTHER_TYPES[type] ?? null;
}

/** Returns the kind that the gateway keeps the file as. The sample of a voice may be a video. */
export function kindOf(file: NamedFile, use: FileUse): MediaKind {
  const extension = extensionOf(file);
  return use === 'video' || (use === 'sample' && (extension === 'mp4' || extension === 'mov')) ? 'VIDEO' : 'AUDIO';
}

/** The facts of a file, as far as they are known. */
export interface KnownFacts {
  readonly durationMs?: number | null;
  readonly width?: number | null;
  readonly height?: number | null;
  readonly bytes?: number | null;
}

/**
 * Explains why Kling would refuse the file, as far as the browser knows before the upload: its type, its size, and the length
 * and picture of a file that it can play. Empty for a file that may be usable.
 */
export function explainFile(file: NamedFile, use: FileUse, facts: KnownFacts = {}): readonly string[] {
  const { extensions, formats, minMs, maxMs } = FILE_RULES[use];
  const extension = extensionOf(file);
  if (file.size === 0) return ['The file is empty. Choose another one.'];
  if (extension !== null && !extensions.some((known) => known === extension)) {
    return [`Kling can’t use ${extension.toUpperCase().slice(0, 8)} files here. Convert it to ${formats}.`];
  }
  const kind = kindOf(file, use);
  const issues = problemsOf(null, kind, file.size);
  const durationMs = facts.durationMs ?? null;
  if (durationMs === null) return explainIssues(issues, use, { bytes: file.size });
  const measured = {
    extension: kind === 'VIDEO' ? ('mp4' as const) : ('wav' as const),
    // Browsers round differently than the gateway, which decides at the limits.
    durationMs: [minMs, maxMs].find((limitMs) => Math.abs(durationMs - limitMs) < ROUNDING_MS) ?? durationMs,
    width: facts.width ?? null,
    height: facts.height ?? null,
    codecs: [],
    hasAudio: true,
  };
  const others = use === 'sample' ? sampleProblems(measured, []) : problemsOf(measured, kind, file.size);
  return explainIssues([...issues, ...others], use, { ...facts, bytes: file.size });
}

const ROUNDING_MS = 100;

/** A problem as the gateway reports it. */
interface ShownIssue {
  readonly code: string;
  readonly message: string;
}

/** Explains the problems of a file, each once. An unknown problem is shown in the gateway's words. */
export function explainIssues(
  issues: readonly ShownIssue[],
  use: FileUse,
  { durationMs, width, height, bytes }: KnownFacts,
): readonly string[] {
  const { formats, minMs, maxMs } = FILE_RULES[use];
  const lengths = `It must be ${minMs / 1000} to ${maxMs / 1000} s long.`;
  const is = durationMs == null ? '' : `It is ${formatSeconds(durationMs)} long. `;
  const limit = formatBytes(KLING_BYTES_MAX[use === 'video' ? 'VIDEO' : 'AUDIO']);
  const words = issues.map(({ code, message }) => {
    switch (code) {
      case 'TOO_SHORT':
        return `${is}${lengths} Choose a longer one.`;
      case 'TOO_LONG':
        return `${is}${lengths} Shorten it first.`;
      case 'FILE_TOO_LARGE':
        return `${bytes == null ? '' : `It has ${formatBytes(bytes)}. `}It must have at most ${limit}. Compress or shorten it first.`;
      case 'UNSUPPORTED_FORMAT':
        return `Kling can’t use this file: it is damaged, or no ${formats} file. Export it again as ${formats}.`;
      case 'UNSUPPORTED_RESOLUTION':
        return `${width == null || height == null ? '' : `Its picture is ${width} × ${height} pixels. `}Kling needs 720p or 1080p, such as 1280 × 720. Export it in that size.`;
      case 'NO_AUDIO_TRACK':
        return 'It has no audio. Choose a file in which somebody speaks.';
      default:
        return `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
    }
  });
  return [...new Set(words)];
}

/** The longest wait for a browser that never answers about a file. */
const MEASURE_MS_MAX = 5_000;

/** Reads length and picture of a video file. Empty if this browser cannot play it. */
export async function measureVideo(file: File): Promise<KnownFacts> {
  const url = URL.createObjectURL(file);
  const video = document.createElement('video');
  const { promise, resolve } = Promise.withResolvers<KnownFacts>();
  const timer = setTimeout(() => resolve({}), MEASURE_MS_MAX);
  video.preload = 'metadata';
  video.addEventListener('error', () => resolve({}));
  video.addEventListener('loadedmetadata', () => {
    const { duration, videoWidth, videoHeight } = video;
    // A recording may have no length at its start, and an audio file has no picture.
    resolve(
      Number.isFinite(duration) && videoWidth > 0
        ? { durationMs: Math.floor(duration * 1000), width: videoWidth, height: videoHeight }
        : {},
    );
  });
  video.src = url;
  const facts = await promise;
  clearTimeout(timer);
  video.removeAttribute('src');
  URL.revokeObjectURL(url);
  return facts;
}
