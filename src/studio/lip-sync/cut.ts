import { issuesOf } from '../../domain/check.ts';
import {
  allowedInsertRange,
  AUDIO_MS_MIN,
  checkPlacement,
  type Interval,
  MEDIA_MARGIN_MS,
  overlapMs,
} from '../../domain/placement.ts';
import type { Face, FaceScan } from '../api/documents.ts';
import { formatSeconds } from '../ui/format.ts';

/** The part of the audio that is used, and where it starts in the video. */
export interface Cut {
  readonly cropStartMs: number;
  readonly cropEndMs: number;
  readonly insertAtMs: number;
}

/** Returns the shortest possible length of the video: the end of the last face, rounded down because Kling reports it late. */
export function assumedVideoMs(scan: FaceScan): number {
  return Math.floor(Math.max(2000, ...scan.faces.map(({ endMs }) => endMs)) / 100) * 100;
}

/** Returns the length that a clip may use. The gateway takes no clip up to the very end of a file that it has measured. */
export function usableMs(lengthMs: number, isMeasuredFile: boolean): number {
  return isMeasuredFile ? Math.max(0, lengthMs - MEDIA_MARGIN_MS) : lengthMs;
}

/** Returns the first cut: the whole audio from the start of the face, shortened to the video. */
export function firstCut(face: Face, videoMs: number, audioMs: number): Cut {
  const insertAtMs = Math.min(face.startMs, Math.max(0, videoMs - 2000));
  return { cropStartMs: 0, cropEndMs: Math.min(audioMs, videoMs - insertAtMs), insertAtMs };
}

/** The part of the block that the user drags: the whole block or one of its ends. */
export type GripName = 'move' | 'trim-start' | 'trim-end';

/** The shortest block that can be grabbed again. */
const LENGTH_MS_MIN = 200;

/** This much of a block stays visible if it is dragged past the end of the video. */
const SHOWN_MS_MIN = 500;

/** The step of a drag. */
const STEP_MS = 100;

const between = (value: number, min: number, max: number) => Math.min(Math.max(value, min), Math.max(min, max));
const rounded = (ms: number) => Math.round(ms / STEP_MS) * STEP_MS;

/**
 * Returns the cut after its grip was moved by `byMs`. The cut stays inside the audio and starts inside the video. A
 * position that the gateway would refuse is allowed, so that the user sees why.
 */
export function moveCut(cut: Cut, grip: GripName, byMs: number, audioMs: number, videoMs: number): Cut {
  const { cropStartMs, cropEndMs, insertAtMs } = cut;
  if (grip === 'move') {
    const wantedMs = insertAtMs + byMs;
    const lastMs = videoMs - (cropEndMs - cropStartMs);
    // Rounding must not move a clip that fits past the end of the video.
    const movedMs = wantedMs <= lastMs ? Math.min(rounded(wantedMs), lastMs) : rounded(wantedMs);
    return { ...cut, insertAtMs: between(movedMs, 0, videoMs - SHOWN_MS_MIN) };
  }
  if (grip === 'trim-end') {
    return { ...cut, cropEndMs: between(rounded(cropEndMs + byMs), cropStartMs + LENGTH_MS_MIN, audioMs) };
  }
  // Trimming the start keeps the rest at its position in the video.
  const start = between(rounded(cropStartMs + byMs), Math.max(0, cropStartMs - insertAtMs), cropEndMs - LENGTH_MS_MIN);
  return { ...cut, cropStartMs: start, insertAtMs: insertAtMs + start - cropStartMs };
}

/** The limits of a cut. */
export interface CutFacts {
  readonly face: Interval;
  readonly videoMs: number;
  readonly audioMs: number;
}

/** Explains why the gateway would refuse the cut. Empty if it would accept the cut. */
export function explainCut(cut: Cut, { face, videoMs, audioMs }: CutFacts): readonly string[] {
  const placement = { audioStartMs: cut.cropStartMs, audioEndMs: cut.cropEndMs, insertAtMs: cut.insertAtMs };
  const checked = checkPlacement({ placement, audioDurationMs: audioMs, videoDurationMs: videoMs }, [], {
    face: { startMs: face.startMs, endMs: face.endMs, path: ['face'] },
    audio: null,
  });
  const lengthMs = cut.cropEndMs - cut.cropStartMs;
  const endMs = cut.insertAtMs + lengthMs;
  const words = issuesOf(checked).map(({ path, code }) => {
    const field = path.at(-1);
    if (field === 'face') {
      return `This face is visible for only ${formatSeconds(face.endMs - face.startMs)}. It needs at least 2 s: choose another face.`;
    }
    if (field === 'audioEndMs' && lengthMs < AUDIO_MS_MIN) {
      return `The clip is ${formatSeconds(lengthMs)} long. It must be at least ${formatSeconds(AUDIO_MS_MIN)} long.`;
    }
    if (field === 'audioEndMs') return `The clip ends after the audio, which is ${formatSeconds(audioMs)} long.`;
    if (code === 'CLIP_OUTSIDE_VIDEO') {
      return `The audio would end at ${formatSeconds(endMs)}, but the video ends at ${formatSeconds(videoMs)}.`;
    }
    if (field === 'insertAtMs') return explainOverlap(cut, endMs, { face, videoMs, audioMs });
    return field === 'videoDurationMs' ? 'The video must be 2 to 60 s long.' : AUDIO_LENGTH;
  });
  // No clip of such audio can be used, so other advice would only mislead.
  return words.includes(AUDIO_LENGTH) ? [AUDIO_LENGTH] : [...new Set(words)];
}

const AUDIO_LENGTH = 'The audio must be 2 to 60 s long.';

/** Returns how much audio is left out because the video ends. 0 if the rest of the audio fits. */
export function leftOutMs({ cropStartMs, cropEndMs, insertAtMs }: Cut, audioMs: number, videoMs: number): number {
  const wouldEndAtMs = insertAtMs + audioMs - cropStartMs;
  return wouldEndAtMs > videoMs ? Math.max(0, audioMs - cropEndMs) : 0;
}

function explainOverlap(cut: Cut, endMs: number, { face, videoMs }: CutFacts): string {
  const sharedMs = overlapMs({ startMs: cut.insertAtMs, endMs }, face);
  const range = allowedInsertRange(face, endMs - cut.insertAtMs, videoMs);
  const shared = `The audio overlaps this face for ${formatSeconds(sharedMs)}. It must overlap for at least ${formatSeconds(AUDIO_MS_MIN)}.`;
  if (range === null) return `${shared} Shorten the clip.`;
  return `${shared} Start it between ${formatSeconds(range.minMs)} and ${formatSeconds(range.maxMs)}.`;
}
