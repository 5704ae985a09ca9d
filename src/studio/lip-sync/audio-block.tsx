import { useRef, type RefObject, type CSSProperties } from 'react';
import { formatSeconds } from '../ui/format.ts';
import { type Cut, moveCut, type GripName } from './cut.ts';
import type { ChosenAudio } from './read-audio.ts';
import { Grip } from './grip.tsx';

interface Props {
  readonly audio: ChosenAudio;
  readonly audioMs: number;
  readonly videoMs: number;
  readonly cut: Cut;
  readonly onCut: (cut: Cut) => void;
  readonly track: RefObject<HTMLDivElement | null>;
  readonly range: { readonly minMs: number; readonly maxMs: number } | null;
  readonly isRefused: boolean;
}

/** The cut on the audio track. The pointer or arrow keys drag the block and trim its ends. */
export function AudioBlock({ audio, audioMs, videoMs, cut, onCut, track, range, isRefused }: Props) {
  /** The cut at the start of the drag. */
  const held = useRef(cut);
  const endMs = cut.insertAtMs + cut.cropEndMs - cut.cropStartMs;
  const span = spanStyle(cut.insertAtMs, endMs, videoMs);
  const place = `${formatSeconds(cut.insertAtMs)} to ${formatSeconds(endMs)}`;

  function msPerPixel(): number {
    const width = track.current?.clientWidth ?? 0;
    return width === 0 ? 0 : videoMs / width;
  }
  const grip = (name: GripName, text: string) => ({
    text: isRefused ? `${text}, doesn’t fit` : text,
    msPerPixel,
    onMove(byMs: number, isHeld: boolean) {
      if (!isHeld) held.current = cut;
      onCut(moveCut(held.current, name, byMs, audioMs, videoMs));
    },
  });

  return (
    <>
      <div className="audio-block" data-refused={isRefused} style={span}>
        <Grip
          {...grip('move', place)}
          className="audio-grip"
          label="Position of the audio in the video"
          ms={cut.insertAtMs}
          maxMs={videoMs}
          homeByMs={(range?.minMs ?? 0) - cut.insertAtMs}
          endByMs={(range?.maxMs ?? cut.insertAtMs) - cut.insertAtMs}
        >
          <Waveform peaks={audio.peaks} fromShare={cut.cropStartMs / audioMs} toShare={cut.cropEndMs / audioMs} />
          <span className="audio-block-name">{place}</span>
        </Grip>
      </div>
      <div className="grips" style={span}>
        <Grip
          {...grip('trim-start', formatSeconds(cut.cropStartMs))}
          className="grip grip-start"
          label="Start of the clip"
          ms={cut.cropStartMs}
          maxMs={audioMs}
          homeByMs={-cut.cropStartMs}
          endByMs={audioMs}
        />
        <Grip
          {...grip('trim-end', formatSeconds(cut.cropEndMs))}
          className="grip grip-end"
          label="End of the clip"
          ms={cut.cropEndMs}
          maxMs={audioMs}
          homeByMs={-cut.cropEndMs}
          endByMs={audioMs - cut.cropEndMs}
        />
      </div>
    </>
  );
}

interface WaveformProps {
  /** Empty if the audio cannot be decoded. */
  readonly peaks: readonly number[];
  readonly fromShare: number;
  readonly toShare: number;
}

function Waveform({ peaks, fromShare, toShare }: WaveformProps) {
  const shown = peaks.slice(Math.floor(fromShare * peaks.length), Math.ceil(toShare * peaks.length));
  if (shown.length === 0) return null;
  const bars = shown.map((peak, index) => `M${index + 0.5} ${50 - peak * 42}V${50 + peak * 42}`).join('');
  return (
    <svg className="waveform" viewBox={`0 0 ${shown.length} 100`} preserveAspectRatio="none" aria-hidden="true">
      <path d={bars} />
    </svg>
  );
}

const percent = (ms: number, videoMs: number) => `${Math.min(100, Math.max(0, (ms / videoMs) * 100))}%`;

/** Returns the position of an interval of the video on the timeline. */
export function spanStyle(startMs: number, endMs: number, videoMs: number): CSSProperties {
  return { left: percent(startMs, videoMs), right: `calc(100% - ${percent(endMs, videoMs)})` };
}
