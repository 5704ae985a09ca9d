import type { Face, FaceScan } from '../api/documents.ts';

/** A sound as it was chosen. `durationMs` is null when this browser cannot tell. */
export interface ChosenSound {
  readonly source: { readonly url: string } | { readonly base64: string } | { readonly audioId: string };
  readonly name: string;
  readonly durationMs: number | null;
  /** How loud it is along its way, 0 to 1; empty when it cannot be looked into. */
  readonly peaks: readonly number[];
}

/** Where the sound is cut, and where in the video the cut begins. */
export interface Cut {
  readonly cropStartMs: number;
  readonly cropEndMs: number;
  readonly insertAtMs: number;
}

/** What is ready to be made, but for the sound. */
export interface Draft {
  readonly face: Face;
  /** Null until one is chosen. */
  readonly sound: ChosenSound | null;
  readonly cut: Cut;
  readonly videoMs: number;
  /** The lengths, where they are more than a guess: only then is the gateway told. */
  readonly knownVideoMs: number | null;
  readonly knownSoundMs: number | null;
}

/** What a sound is taken to be long when nobody can tell. */
export const UNKNOWN_SOUND_MS = 5000;

/** Kling tells a face's end some milliseconds late: the end of the last one, in tenths of a second, is the video's at least. */
export function assumedVideoMs(scan: FaceScan): number {
  return Math.floor(Math.max(2000, ...scan.faces.map(({ endMs }) => endMs)) / 100) * 100;
}

/** The whole sound, from the beginning of the face on, as far as the video goes. */
export function firstCut(face: Face, videoMs: number, soundMs: number): Cut {
  const insertAtMs = Math.min(face.startMs, Math.max(0, videoMs - 2000));
  return { cropStartMs: 0, cropEndMs: Math.min(soundMs, videoMs - insertAtMs), insertAtMs };
}
