import type { Issue } from '../errors.ts';
import { checkAll, type Validation, type Path } from './check.ts';

/** Where a sound is cut and put on the video. All in milliseconds; crop from the sound's start, insert from the video's. */
export interface Placement {
  readonly cropStartMs: number;
  readonly cropEndMs: number;
  readonly insertAtMs: number;
}

/** A placement as callers hand it in. The lengths are hints, for checks and estimates. */
export interface PlacementInput extends Placement {
  readonly soundDurationMs?: number | null;
  readonly videoDurationMs?: number | null;
}

/** The shortest sound, cut, and overlap with a face that Kling accepts (2026-09). */
export const AUDIO_MS_MIN = 2000;

/** The longest sound that Kling accepts (2026-09). */
export const AUDIO_MS_MAX = 60_000;

/** The shortest and the longest video that Kling accepts (2026-09). Identify-face does not tell how long a video is. */
export const VIDEO_MS_MIN = 2000;
export const VIDEO_MS_MAX = 60_000;

/** An interval in a video, from its start; the end is not part of it. */
export interface Interval {
  readonly startMs: number;
  readonly endMs: number;
}

/** What the gateway knows. `path` is where the caller named the thing: issues that no number can mend are put there. */
export interface PlacementFacts {
  /** When the chosen face can be lip-synced; null when there is no such face. */
  readonly face: (Interval & { readonly path: Path }) | null;
  /** How long the sound is; null when only the caller can tell. */
  readonly audio: { readonly durationMs: number; readonly path: Path } | null;
}

/**
 * Kling's rules for `sound_start_time`, `sound_end_time` and `sound_insert_time` (lip-sync page, 2026-09): the cut is at
 * least 2 s long and lies within the sound, it lies within the video when inserted, and overlaps the face by at least
 * 2 s. A rule is passed over while a number it needs is itself wrong. Kling reports a face's end some milliseconds late:
 * a cut that only just overlaps may still fail there.
 */
export function checkPlacement(input: PlacementInput, path: Path, facts: PlacementFacts): Validation<Placement> {
  const start = whole(input.cropStartMs, [...path, 'cropStartMs']);
  const end = whole(input.cropEndMs, [...path, 'cropEndMs']);
  const insert = whole(input.insertAtMs, [...path, 'insertAtMs']);
  const lengthMs = start.ok && end.ok ? end.value - start.value : null;
  const issues: Issue[] = [];
  const audio = audioLimit(input, path, facts, issues);
  const video = videoLimit(input, path, issues);

  if (end.ok && end.value > audio.limitMs) {
    const message = `must be at most ${audio.limitMs} (${audio.reason}), was ${end.value}`;
    issues.push({ path: [...path, 'cropEndMs'], message });
  }
  if (start.ok && lengthMs !== null && lengthMs < AUDIO_MS_MIN) {
    const leastMs = start.value + AUDIO_MS_MIN;
    const message = `must be at least ${leastMs}, ${AUDIO_MS_MIN} ms after cropStartMs, was ${start.value + lengthMs}`;
    issues.push({ path: [...path, 'cropEndMs'], message });
  }
  const usableMs = facts.face === null ? null : facts.face.endMs - facts.face.startMs;
  if (facts.face !== null && usableMs !== null && usableMs < AUDIO_MS_MIN) {
    const message = `cannot be lip-synced: the face can be used for ${usableMs} ms, at least ${AUDIO_MS_MIN} are needed`;
    issues.push({ path: facts.face.path, message });
  }
  if (insert.ok && lengthMs !== null && lengthMs > 0) {
    issues.push(...insertIssues(insert.value, lengthMs, video, facts.face, [...path, 'insertAtMs']));
  }
  return checkAll<Placement>({ cropStartMs: start, cropEndMs: end, insertAtMs: insert }, issues);
}

/** How long two intervals are both running, in milliseconds; 0 when they only touch, or do not meet. */
export function overlapMs(a: Interval, b: Interval): number {
  return Math.max(0, Math.min(a.endMs, b.endMs) - Math.max(a.startMs, b.startMs));
}

/**
 * The least and the greatest `insertAtMs` (both allowed, and all between) with which a cut of this length overlaps the
 * face by 2 s and ends within the video; null when there is none. Without a known length the video counts as 60 s.
 */
export function allowedInsertRange(
  face: Interval,
  cropLengthMs: number,
  videoDurationMs: number | null,
): { readonly minMs: number; readonly maxMs: number } | null {
  if (cropLengthMs < AUDIO_MS_MIN || face.endMs - face.startMs < AUDIO_MS_MIN) return null;
  const videoMs = Math.min(videoDurationMs ?? VIDEO_MS_MAX, VIDEO_MS_MAX);
  const minMs = Math.max(0, Math.ceil(face.startMs + AUDIO_MS_MIN - cropLengthMs));
  const maxMs = Math.floor(Math.min(face.endMs - AUDIO_MS_MIN, videoMs - cropLengthMs));
  return minMs <= maxMs ? { minMs, maxMs } : null;
}

interface Limit {
  readonly limitMs: number;
  readonly reason: string;
}

function whole(value: number, path: Path): Validation<number> {
  if (Number.isSafeInteger(value) && value >= 0) return { ok: true, value };
  return { ok: false, issues: [{ path, message: `must be a whole number of milliseconds, 0 or more, was ${value}` }] };
}

/** The caller's hint about a length, when it is one that Kling would accept. */
function hint(value: number | null | undefined, what: string, min: number, max: number, path: Path, issues: Issue[]) {
  if (value === null || value === undefined) return null;
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  issues.push({ path, message: `${what} must be ${min} to ${max} ms long, was ${value}` });
  return null;
}

function audioLimit(input: PlacementInput, path: Path, facts: PlacementFacts, issues: Issue[]): Limit {
  const longest = { limitMs: AUDIO_MS_MAX, reason: 'the longest sound Kling takes' };
  if (facts.audio === null) {
    const hintPath = [...path, 'soundDurationMs'];
    const hintMs = hint(input.soundDurationMs, 'the sound', AUDIO_MS_MIN, AUDIO_MS_MAX, hintPath, issues);
    return hintMs === null ? longest : { limitMs: hintMs, reason: 'the length of the sound' };
  }
  const { durationMs, path: audioPath } = facts.audio;
  if (durationMs >= AUDIO_MS_MIN && durationMs <= AUDIO_MS_MAX) {
    return { limitMs: durationMs, reason: 'the length of the sound' };
  }
  const message = `the sound must be ${AUDIO_MS_MIN} to ${AUDIO_MS_MAX} ms long, was ${durationMs}`;
  issues.push({ path: audioPath, message });
  return durationMs < AUDIO_MS_MIN ? { limitMs: durationMs, reason: 'the length of the sound' } : longest;
}

function videoLimit(input: PlacementInput, path: Path, issues: Issue[]): Limit {
  const hintPath = [...path, 'videoDurationMs'];
  const hintMs = hint(input.videoDurationMs, 'the video', VIDEO_MS_MIN, VIDEO_MS_MAX, hintPath, issues);
  return hintMs === null
    ? { limitMs: VIDEO_MS_MAX, reason: 'the longest video Kling takes' }
    : { limitMs: hintMs, reason: 'the length of the video' };
}

function insertIssues(
  insertAtMs: number,
  lengthMs: number,
  video: Limit,
  face: Interval | null,
  path: Path,
): readonly Issue[] {
  const issues: Issue[] = [];
  const endMs = insertAtMs + lengthMs;
  if (endMs > video.limitMs) {
    const message = `the cut of ${lengthMs} ms would end at ${endMs}; it must end by ${video.limitMs} (${video.reason})`;
    issues.push({ path, message });
  }
  // What is too short to overlap anything by 2 s has been reported where it can be mended.
  if (face === null || lengthMs < AUDIO_MS_MIN || face.endMs - face.startMs < AUDIO_MS_MIN) return issues;
  const sharedMs = overlapMs({ startMs: insertAtMs, endMs }, face);
  if (sharedMs < AUDIO_MS_MIN) {
    const range = allowedInsertRange(face, lengthMs, video.limitMs);
    const advice = range === null ? 'no insertAtMs allows it' : `insertAtMs ${range.minMs} to ${range.maxMs} allow it`;
    const message = `the cut (${insertAtMs} to ${endMs}) must overlap the face (${face.startMs} to ${face.endMs}) by at least ${AUDIO_MS_MIN} ms, was ${sharedMs}; ${advice}`;
    issues.push({ path, message });
  }
  return issues;
}
