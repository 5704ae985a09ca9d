import { useRef } from 'react';
import { RadioGroup } from 'react-aria-components';
import { allowedInsertRange } from '../../domain/placement.ts';
import type { Face } from '../api/documents.ts';
import { formatSeconds } from '../ui/format.ts';
import type { ChosenSound, Cut } from './cut.ts';
import { FaceRow } from './face-row.tsx';
import { Ruler } from './ruler.tsx';
import { SoundBlock } from './audio-block.tsx';
import { spanStyle } from './span-style.ts';

interface Props {
  readonly faces: readonly Face[];
  readonly face: Face;
  readonly onFace: (id: string) => void;
  readonly videoMs: number;
  /** Null until one is chosen. */
  readonly sound: ChosenSound | null;
  readonly soundMs: number;
  readonly cut: Cut;
  readonly onCut: (cut: Cut) => void;
  readonly playheadMs: number;
  readonly isRefused: boolean;
}

/** The video from left to right: when each face is there, and the sound as a block that is dragged and trimmed. */
export function Timeline(props: Props) {
  const { faces, face, onFace, videoMs, sound, cut, playheadMs } = props;
  const track = useRef<HTMLDivElement>(null);
  const lengthMs = cut.cropEndMs - cut.cropStartMs;
  const range = sound === null ? null : allowedInsertRange(face, lengthMs, videoMs);
  return (
    <div className="timeline">
      <Ruler videoMs={videoMs} />
      <RadioGroup aria-label="Which face speaks" className="face-rows" value={face.id} onChange={onFace}>
        {faces.map((candidate, index) => (
          <FaceRow key={candidate.id} face={candidate} number={index + 1} videoMs={videoMs} />
        ))}
      </RadioGroup>
      <div className="timeline-row sound-row">
        <div className="row-label">Sound</div>
        <div className="track" ref={track}>
          {range === null ? null : (
            <div className="allowed" style={spanStyle(range.minMs, range.maxMs + lengthMs, videoMs)}>
              <span className="visually-hidden">
                The sound may start between {formatSeconds(range.minMs)} and {formatSeconds(range.maxMs)}.
              </span>
            </div>
          )}
          {sound === null ? (
            <p className="track-empty">Choose a sound to place it here</p>
          ) : (
            <SoundBlock {...props} sound={sound} track={track} range={range} />
          )}
          <div className="playhead" style={spanStyle(playheadMs, playheadMs, videoMs)} />
        </div>
      </div>
    </div>
  );
}
