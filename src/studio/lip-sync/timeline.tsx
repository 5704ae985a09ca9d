import { useRef } from 'react';
import { RadioGroup, Radio } from 'react-aria-components';
import { allowedInsertRange } from '../../domain/placement.ts';
import type { Face } from '../api/documents.ts';
import { formatSeconds } from '../ui/format.ts';
import type { Cut } from './cut.ts';
import type { ChosenAudio } from './read-audio.ts';
import { AudioBlock, spanStyle } from './audio-block.tsx';

interface Props {
  readonly faces: readonly Face[];
  readonly face: Face;
  readonly onFace: (id: string) => void;
  readonly videoMs: number;
  /** Null until the user has chosen audio of a known length. */
  readonly audio: ChosenAudio | null;
  /** The instruction that is shown without audio. */
  readonly missing: string;
  readonly audioMs: number;
  readonly cut: Cut;
  readonly onCut: (cut: Cut) => void;
  readonly playheadMs: number;
  readonly isRefused: boolean;
}

/** The video from left to right: the interval of each face, and the audio as a block to drag and trim. */
export function Timeline(props: Props) {
  const { faces, face, onFace, videoMs, audio, missing, cut, playheadMs } = props;
  const track = useRef<HTMLDivElement>(null);
  const lengthMs = cut.cropEndMs - cut.cropStartMs;
  const range = audio === null ? null : allowedInsertRange(face, lengthMs, videoMs);
  return (
    <div className="timeline">
      <Ruler videoMs={videoMs} />
      <RadioGroup aria-label="Face that speaks" className="face-rows" value={face.id} onChange={onFace}>
        {faces.map((candidate, index) => (
          <FaceRow key={candidate.id} face={candidate} number={index + 1} videoMs={videoMs} />
        ))}
      </RadioGroup>
      <div className="timeline-row audio-row">
        <div className="row-label">Audio</div>
        <div className="track" ref={track}>
          {range === null ? null : (
            <div className="allowed" style={spanStyle(range.minMs, range.maxMs + lengthMs, videoMs)}>
              <span className="visually-hidden">
                The audio can start between {formatSeconds(range.minMs)} and {formatSeconds(range.maxMs)}.
              </span>
            </div>
          )}
          {audio === null ? (
            <p className="track-empty">{missing} to place it here</p>
          ) : (
            <AudioBlock {...props} audio={audio} track={track} range={range} />
          )}
          <div className="playhead" style={spanStyle(playheadMs, playheadMs, videoMs)} />
        </div>
      </div>
    </div>
  );
}

interface FaceProps {
  readonly face: Face;
  readonly number: number;
  readonly videoMs: number;
}

function FaceRow({ face, number, videoMs }: FaceProps) {
  const interval = `${formatSeconds(face.startMs)} to ${formatSeconds(Math.min(face.endMs, videoMs))}`;
  return (
    <Radio value={face.id} className="timeline-row face-row" aria-label={`Face ${number}, ${interval}`}>
      <span className="row-label">
        <span className="radio-dot" />
        {face.imageUrl === null ? (
          <span className="face-picture" />
        ) : (
          <img className="face-picture" src={face.imageUrl} alt="" width={36} height={36} />
        )}
        <span>Face {number}</span>
      </span>
      <span className="track">
        <span className="face-span" style={spanStyle(face.startMs, face.endMs, videoMs)}>
          {interval}
        </span>
      </span>
    </Radio>
  );
}

const STEPS_MS = [500, 1000, 2000, 5000, 10_000] as const;

/** Seconds along the top, in steps that stay readable. */
function Ruler({ videoMs }: { readonly videoMs: number }) {
  const step = STEPS_MS.find((ms) => videoMs / ms <= 10) ?? 10_000;
  const marks = Array.from({ length: Math.floor(videoMs / step) + 1 }, (_, index) => index * step);
  return (
    <div className="timeline-row ruler" aria-hidden="true">
      <div className="row-label" />
      <div className="ruler-marks">
        {marks.map((ms) => (
          <span key={ms} style={{ left: `${(ms / videoMs) * 100}%` }}>
            {ms / 1000}
          </span>
        ))}
      </div>
    </div>
  );
}
