import type { CSSProperties } from 'react';

const percent = (ms: number, videoMs: number) => `${Math.min(100, Math.max(0, (ms / videoMs) * 100))}%`;

/** Where an interval of the video stands on the timeline. */
export function spanStyle(startMs: number, endMs: number, videoMs: number): CSSProperties {
  return { left: percent(startMs, videoMs), right: `calc(100% - ${percent(endMs, videoMs)})` };
}
