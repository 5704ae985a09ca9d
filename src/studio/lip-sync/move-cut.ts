import type { Cut } from './cut.ts';

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
export function moveCut(cut: Cut, grip: GripName, byMs: number, soundMs: number, videoMs: number): Cut {
  const { cropStartMs, cropEndMs, insertAtMs } = cut;
  if (grip === 'move') {
    return { ...cut, insertAtMs: between(rounded(insertAtMs + byMs), 0, videoMs - SHOWN_MS_MIN) };
  }
  if (grip === 'trim-end') {
    return { ...cut, cropEndMs: between(rounded(cropEndMs + byMs), cropStartMs + LENGTH_MS_MIN, soundMs) };
  }
  // What is cut off at the beginning leaves the rest where it sounds.
  const start = between(rounded(cropStartMs + byMs), Math.max(0, cropStartMs - insertAtMs), cropEndMs - LENGTH_MS_MIN);
  return { ...cut, cropStartMs: start, insertAtMs: insertAtMs + start - cropStartMs };
}
