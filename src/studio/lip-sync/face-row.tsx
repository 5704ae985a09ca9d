import { useId } from 'react';
import type { Face } from '../api/documents.ts';
import { formatSeconds } from '../ui/format.ts';
import { spanStyle } from './span-style.ts';

interface Props {
  readonly face: Face;
  readonly number: number;
  readonly videoMs: number;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
}

export function FaceRow({ face, number, videoMs, isChosen, onChoose }: Props) {
  const id = useId();
  const interval = `${formatSeconds(face.startMs)} to ${formatSeconds(Math.min(face.endMs, videoMs))}`;
  return (
    <label className="timeline-row face-row" data-chosen={isChosen} htmlFor={id}>
      <span className="row-label">
        <input
          id={id}
          type="radio"
          name="face"
          checked={isChosen}
          onChange={onChoose}
          aria-label={`Face ${number}, ${interval}`}
        />
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
    </label>
  );
}
