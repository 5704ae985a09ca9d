import { issuesOf } from '../../domain/check.ts';
import { allowedInsertRange, checkPlacement, overlapMs, AUDIO_MS_MIN, type Interval } from '../../domain/placement.ts';
import { formatSeconds } from '../ui/format.ts';
import type { Cut } from './cut.ts';

/** What a cut stands against. */
export interface CutFacts {
  readonly face: Interval;
  readonly videoMs: number;
  readonly soundMs: number;
}

/** Why the gateway would refuse the cut, in the words of the timeline; empty when it would take it. */
export function explainCut(cut: Cut, { face, videoMs, soundMs }: CutFacts): readonly string[] {
  const checked = checkPlacement({ ...cut, soundDurationMs: soundMs, videoDurationMs: videoMs }, [], {
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
    if (field === 'cropEndMs') return `The cut ends after the sound, which is ${formatSeconds(soundMs)} long.`;
    if (field === 'insertAtMs' && message.includes('must end by')) {
      return `The sound would end at ${formatSeconds(endMs)}, after the video, which ends at ${formatSeconds(videoMs)}.`;
    }
    if (field === 'insertAtMs') return explainOverlap(cut, endMs, { face, videoMs, soundMs });
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
