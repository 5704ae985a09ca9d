import { issuesOf } from '../../domain/check.ts';
import { allowedInsertRange, checkPlacement, overlapMs, AUDIO_MS_MIN, type Interval } from '../../domain/placement.ts';
import type { Face, FaceScan } from '../api/documents.ts';
import { formatSeconds } from '../ui/format.ts';

/** Where the sound is cut, and where in the video the cut begins. */
export interface Cut {
  readonly cropStartMs: number;
  readonly cropEndMs: number;
  readonly insertAtMs: number;
}

/** Kling tells a face's end some milliseconds late: the end of the last one, in tenths of a second, is the video's at least. */
export function assumedVideoMs(scan: FaceScan): number {
  return Math.floor(Math.max(2000, ...scan.faces.map(({ endMs }) => endMs)) / 100) * 100;
}

/** The whole sound, from the beginning of the face on, as far as the video goes. */
export function firstCut(face: Face, videoMs: number, audioMs: number): Cut {
  const insertAtMs = Math.min(face.startMs, Math.max(0, videoMs - 2000));
  return { cropStartMs: 0, cropEndMs: Math.min(audioMs, videoMs - insertAtMs), insertAtMs };
}

/** What of the block is held: the whole, or one of its ends. */
export type GripName = 'move' | 'trim-start' | 'trim-end';

/** A block is never dragged shorter than this: it could not be taken hold of again. */
const LENGTH_MS_MIN = 200;

/** So much of a block stays on the timeline, however far it is dragged past the end of the video. */
const SHOWN_MS_MIN = 500;

/** Tenths of a second are as fine as a hand can be. */
const STEP_MS = 100;

const between = (value: number, min: number, max: number) => Math.min(Math.max(value, min), Math.max(min, max));
const rounded = (ms: number) => Math.round(ms / STEP_MS) * STEP_MS;

/**
 * The cut after its grip was moved by `byMs`. It stays within the sound and begins within the video, and nothing more:
 * a place that is refused can be tried, and says why.
 */
export function moveCut(cut: Cut, grip: GripName, byMs: number, audioMs: number, videoMs: number): Cut {
  const { cropStartMs, cropEndMs, insertAtMs } = cut;
  if (grip === 'move') {
    return { ...cut, insertAtMs: between(rounded(insertAtMs + byMs), 0, videoMs - SHOWN_MS_MIN) };
  }
  if (grip === 'trim-end') {
    return { ...cut, cropEndMs: between(rounded(cropEndMs + byMs), cropStartMs + LENGTH_MS_MIN, audioMs) };
  }
  // What is cut off at the beginning leaves the rest where it sounds.
  const start = between(rounded(cropStartMs + byMs), Math.max(0, cropStartMs - insertAtMs), cropEndMs - LENGTH_MS_MIN);
  return { ...cut, cropStartMs: start, insertAtMs: insertAtMs + start - cropStartMs };
}

/** What a cut stands against. */
export interface CutFacts {
  readonly face: Interval;
  readonly videoMs: number;
  readonly audioMs: number;
}

/** Why the gateway would refuse the cut, in the words of the timeline; empty when it would take it. */
export function explainCut(cut: Cut, { face, videoMs, audioMs }: CutFacts): readonly string[] {
  const checked = checkPlacement({ ...cut, soundDurationMs: audioMs, videoDurationMs: videoMs }, [], {
    face: { startMs: face.startMs, endMs: face.endMs, path: ['face'] },
    audio: null,
  });
  const lengthMs = cut.cropEndMs - cut.cropStartMs;
  const endMs = cut.insertAtMs + lengthMs;
  const words = issuesOf(checked).map(({ path, message }) => {
    const field = path.at(-1);
    if (field === 'face') {
      return `This face is usable for only ${formatSeconds(face.endMs - face.startMs)}; at least 2 s are needed. Choose another one.`;
    }
    if (field === 'cropEndMs' && lengthMs < AUDIO_MS_MIN) {
      return `The cut is ${formatSeconds(lengthMs)} long; it has to be at least ${formatSeconds(AUDIO_MS_MIN)}.`;
    }
    if (field === 'cropEndMs') return `The cut ends after the sound, which is ${formatSeconds(audioMs)} long.`;
    if (field === 'insertAtMs' && message.includes('must end by')) {
      return `The sound would end at ${formatSeconds(endMs)}, after the video, which ends at ${formatSeconds(videoMs)}.`;
    }
    if (field === 'insertAtMs') return explainOverlap(cut, endMs, { face, videoMs, audioMs });
    return field === 'videoDurationMs' ? 'The video has to be 2 to 60 s long.' : 'The sound has to be 2 to 60 s long.';
  });
  return [...new Set(words)];
}

function explainOverlap(cut: Cut, endMs: number, { face, videoMs }: CutFacts): string {
  const sharedMs = overlapMs({ startMs: cut.insertAtMs, endMs }, face);
  const range = allowedInsertRange(face, endMs - cut.insertAtMs, videoMs);
  const shared = `The sound meets this face for ${formatSeconds(sharedMs)}; at least ${formatSeconds(AUDIO_MS_MIN)} are needed.`;
  if (range === null) return `${shared} Cut it shorter.`;
  return `${shared} Let it start between ${formatSeconds(range.minMs)} and ${formatSeconds(range.maxMs)}.`;
}
