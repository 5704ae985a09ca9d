import type { Issue } from '../errors.ts';
import { checkAll, type Validation, type Path } from './check.ts';

/** Where audio is trimmed and put into a video. Crops count from the start of the audio, the insert from that of the video. */
export interface Placement {
  readonly cropStartMs: number;
  readonly cropEndMs: number;
  readonly insertAtMs: number;
}

/** A placement of which parts are not known before the face is found, or before the audio is made. */
export interface OpenPlacement {
  readonly cropStartMs: number;
  readonly cropEndMs: number | null;
  readonly insertAtMs: number | null;
}

/** A placement as callers send it. */
export interface PlacementInput {
  readonly audioStartMs: number;
  /** Null for as late as fits. */
  readonly audioEndMs?: number | null | undefined;
  /** Null for the start of the face. */
  readonly insertAtMs?: number | null | undefined;
}

/** A placement, and the lengths that the caller knows. They are hints for checks and estimates. */
export interface PlacedInput {
  /** Null for all of the audio from the start of the face, trimmed to fit. */
  readonly placement?: PlacementInput | null;
  readonly audioDurationMs?: number | null;
  readonly videoDurationMs?: number | null;
}

/** The shortest audio, cut and overlap with a face that Kling accepts (2026-09). */
export const AUDIO_MS_MIN = 2000;

/** The longest audio that Kling accepts (2026-09). */
export const AUDIO_MS_MAX = 60_000;

/** The shortest and the longest video that Kling accepts (2026-09). Kling's face scan does not return the length. */
export const VIDEO_MS_MIN = 2000;
export const VIDEO_MS_MAX = 60_000;

/**
 * The part at the end of a file that a clip does not reach. Kling fails if a clip ends after the real end of the audio, and
 * lengths are measured with a small error: other clients take 50 ms off (public code, 2026-11).
 */
export const MEDIA_MARGIN_MS = 50;

/** An interval in a video. It includes its start, not its end. */
export interface Interval {
  readonly startMs: number;
  readonly endMs: number;
}

/** The known facts about face and audio. Issues that no number of the placement can fix are reported at `path`. */
export interface PlacementFacts {
  /** True for a face and for audio that are known later. The numbers that depend on them stay open until then. */
  readonly isFaceOpen?: boolean;
  readonly isAudioOpen?: boolean;
  /** When the face can be lip-synced; null if the face does not exist. */
  readonly face: (Interval & { readonly path: Path }) | null;
  /** The length of the audio; null if only the caller knows it. */
  readonly audio: { readonly durationMs: number; readonly marginMs?: number; readonly path: Path } | null;
  /** The length of the video; null or missing if only the caller knows it. Its measured length is one that Kling takes. */
  readonly video?: { readonly durationMs: number; readonly marginMs: number } | null;
}

/**
 * Checks Kling's rules for a placement (Kling docs, lip-sync page, 2026-09). The cut is at least 2 s long and within the
 * audio. Once inserted, it is within the video and overlaps the face by at least 2 s.
 * A rule is skipped if a number that it needs is invalid or not known yet. Kling reports the end of a face some milliseconds
 * too late, so it may still refuse an overlap of just 2 s.
 *
 * A number that the caller left out is chosen: the clip begins with the face, and ends with the audio or, if that is earlier,
 * 50 ms before the end of the video. Without a known video it ends 50 ms before the end of the face.
 */
export function checkPlacement(input: PlacedInput, path: Path, facts: PlacementFacts): Validation<OpenPlacement> {
  const { audioStartMs = 0, audioEndMs = null, insertAtMs = null } = input.placement ?? {};
  const place = [...path, 'placement'];
  const issues: Issue[] = [];
  const start = whole(audioStartMs, [...place, 'audioStartMs']);
  const audio = audioLimit(input, path, facts, issues);
  const video = videoLimit(input, path, facts, issues);
  const insert: Validation<number | null> =
    insertAtMs === null ? chosenInsert(facts, [...place, 'insertAtMs']) : whole(insertAtMs, [...place, 'insertAtMs']);
  const end: Validation<number | null> =
    audioEndMs === null
      ? chosenEnd(start, insert, { input, audio, video, facts }, path)
      : whole(audioEndMs, [...place, 'audioEndMs']);
  const startMs = start.ok ? start.value : null;
  const endMs = end.ok ? end.value : null;
  const atMs = insert.ok ? insert.value : null;
  const lengthMs = startMs !== null && endMs !== null ? endMs - startMs : null;

  if (endMs !== null && endMs > audio.limitMs) {
    const message = `must be at most ${audio.limitMs} (${audio.reason}), was ${endMs}`;
    issues.push({ path: [...place, 'audioEndMs'], code: 'CLIP_OUTSIDE_AUDIO', message });
  }
  if (startMs !== null && lengthMs !== null && lengthMs < AUDIO_MS_MIN) {
    const leastMs = startMs + AUDIO_MS_MIN;
    const message = `must be at least ${leastMs}, ${AUDIO_MS_MIN} ms after audioStartMs, was ${startMs + lengthMs}`;
    issues.push({ path: [...place, 'audioEndMs'], code: 'CLIP_TOO_SHORT', message });
  }
  const usableMs = facts.face === null ? null : facts.face.endMs - facts.face.startMs;
  if (facts.face !== null && usableMs !== null && usableMs < AUDIO_MS_MIN) {
    const message = `cannot be lip-synced: the face can be used for ${usableMs} ms, at least ${AUDIO_MS_MIN} are needed`;
    issues.push({ path: facts.face.path, code: 'CLIP_OUTSIDE_FACE', message });
  }
  if (atMs !== null && lengthMs !== null && lengthMs > 0) {
    issues.push(...insertIssues(atMs, lengthMs, video, facts.face, [...place, 'insertAtMs']));
  }
  return checkAll<OpenPlacement>({ cropStartMs: start, cropEndMs: end, insertAtMs: insert }, issues);
}

/** Returns true for a placement without a number that is still to be chosen. */
export function isWhole(placement: OpenPlacement): placement is Placement {
  return placement.cropEndMs !== null && placement.insertAtMs !== null;
}

/** Only Kling knows when a face can be seen that was found elsewhere. */
function chosenInsert({ face, isFaceOpen = false }: PlacementFacts, path: Path): Validation<number | null> {
  if (face !== null || isFaceOpen) return { ok: true, value: face === null ? null : Math.ceil(face.startMs) };
  const message = 'must be given, because the gateway does not know when this face can be seen';
  return { ok: false, issues: [{ path, code: 'DURATION_UNKNOWN', message }] };
}

interface Limits {
  readonly input: PlacedInput;
  readonly audio: Limit;
  readonly video: Limit;
  readonly facts: PlacementFacts;
}

/** Returns the latest end that fits; null if it is not known yet. */
function chosenEnd(
  start: Validation<number>,
  insert: Validation<number | null>,
  { input, audio, video, facts }: Limits,
  path: Path,
): Validation<number | null> {
  const { audioDurationMs = null, videoDurationMs = null } = input;
  if (facts.audio === null && facts.isAudioOpen !== true && audioDurationMs === null) {
    const message =
      'must be given, because the gateway does not know how long this audio is. Or give placement.audioEndMs';
    return { ok: false, issues: [{ path: [...path, 'audioDurationMs'], code: 'DURATION_UNKNOWN', message }] };
  }
  const isAudioKnown = facts.audio !== null || audioDurationMs !== null;
  if (!isAudioKnown || !start.ok || !insert.ok || insert.value === null) return { ok: true, value: null };
  const { face } = facts;
  const isVideoKnown = (facts.video ?? null) !== null || videoDurationMs !== null || face === null;
  const fitsUntilMs = isVideoKnown
    ? withMargin(video)
    : insert.value + before(face.endMs - insert.value, MEDIA_MARGIN_MS);
  return { ok: true, value: Math.floor(Math.min(withMargin(audio), start.value + fitsUntilMs - insert.value)) };
}

function withMargin({ limitMs, hasMargin }: Limit): number {
  return hasMargin === true ? limitMs : before(limitMs, MEDIA_MARGIN_MS);
}

/** Returns the overlap of two intervals in milliseconds; 0 if they only touch. */
export function overlapMs(a: Interval, b: Interval): number {
  return Math.max(0, Math.min(a.endMs, b.endMs) - Math.max(a.startMs, b.startMs));
}

/**
 * Returns the smallest and the largest `insertAtMs` with which a cut overlaps the face by 2 s and ends within the video.
 * Returns null if no value does. A video of unknown length counts as 60 s.
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
  /** True if the limit is some milliseconds before the end. */
  readonly hasMargin?: true;
}

function whole(value: number, path: Path): Validation<number> {
  if (Number.isSafeInteger(value) && value >= 0) return { ok: true, value };
  const message = `must be a whole number of milliseconds, 0 or more, was ${value}`;
  return { ok: false, issues: [{ path, code: 'OUT_OF_RANGE', message }] };
}

/** Returns the caller's hint if Kling accepts such a length. Otherwise adds an issue and returns null. */
function hint(value: number | null | undefined, what: string, min: number, max: number, path: Path, issues: Issue[]) {
  if (value === null || value === undefined) return null;
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  const message = `${what} must be ${min} to ${max} ms long, was ${value}`;
  issues.push({ path, code: value < min ? 'TOO_SHORT' : 'TOO_LONG', message });
  return null;
}

function audioLimit(input: PlacedInput, path: Path, facts: PlacementFacts, issues: Issue[]): Limit {
  const longest = { limitMs: AUDIO_MS_MAX, reason: 'the longest audio Kling takes' };
  if (facts.audio === null) {
    const hintPath = [...path, 'audioDurationMs'];
    const hintMs = hint(input.audioDurationMs, 'the audio', AUDIO_MS_MIN, AUDIO_MS_MAX, hintPath, issues);
    return hintMs === null ? longest : { limitMs: hintMs, reason: 'the length of the audio' };
  }
  const { durationMs, marginMs = 0, path: audioPath } = facts.audio;
  if (durationMs >= AUDIO_MS_MIN && durationMs <= AUDIO_MS_MAX) {
    return marginMs === 0
      ? { limitMs: durationMs, reason: 'the length of the audio' }
      : {
          limitMs: before(durationMs, marginMs),
          reason: `${marginMs} ms before the end of the audio`,
          hasMargin: true,
        };
  }
  const message = `the audio must be ${AUDIO_MS_MIN} to ${AUDIO_MS_MAX} ms long, was ${durationMs}`;
  issues.push({ path: audioPath, code: durationMs < AUDIO_MS_MIN ? 'TOO_SHORT' : 'TOO_LONG', message });
  return durationMs < AUDIO_MS_MIN ? { limitMs: durationMs, reason: 'the length of the audio' } : longest;
}

/** A file of little more than 2 s can be used up to 2 s, because no clip is shorter. */
function before(durationMs: number, marginMs: number): number {
  return Math.max(AUDIO_MS_MIN, durationMs - marginMs);
}

function videoLimit(input: PlacedInput, path: Path, { video }: PlacementFacts, issues: Issue[]): Limit {
  const hintPath = [...path, 'videoDurationMs'];
  const hintMs = hint(input.videoDurationMs, 'the video', VIDEO_MS_MIN, VIDEO_MS_MAX, hintPath, issues);
  if (video !== null && video !== undefined) {
    const limitMs = Math.min(VIDEO_MS_MAX, before(video.durationMs, video.marginMs));
    return { limitMs, reason: `${video.marginMs} ms before the end of the video`, hasMargin: true };
  }
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
    issues.push({ path, code: 'CLIP_OUTSIDE_VIDEO', message });
  }
  // A cut or face that is too short for any overlap of 2 s is already reported at its own path.
  if (face === null || lengthMs < AUDIO_MS_MIN || face.endMs - face.startMs < AUDIO_MS_MIN) return issues;
  const sharedMs = overlapMs({ startMs: insertAtMs, endMs }, face);
  if (sharedMs < AUDIO_MS_MIN) {
    const range = allowedInsertRange(face, lengthMs, video.limitMs);
    const advice = range === null ? 'no insertAtMs allows it' : `insertAtMs ${range.minMs} to ${range.maxMs} allow it`;
    const message = `the cut (${insertAtMs} to ${endMs}) must overlap the face (${face.startMs} to ${face.endMs}) by at least ${AUDIO_MS_MIN} ms, was ${sharedMs}; ${advice}`;
    issues.push({ path, code: 'CLIP_OUTSIDE_FACE', message });
  }
  return issues;
}
