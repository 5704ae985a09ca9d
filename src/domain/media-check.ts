import type { Issue, IssueCode } from '../errors.ts';
import type { Path } from './check.ts';
import {
  KLING_BYTES_MAX,
  type MediaExtension,
  type MediaFacts,
  type MediaKind,
  type MediaRecord,
  type MediaStatus,
} from './media.ts';
import { AUDIO_MS_MAX, AUDIO_MS_MIN, VIDEO_MS_MAX, VIDEO_MS_MIN } from './placement.ts';

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
