import { Radio } from 'react-aria-components';
import type { Face } from '../api/documents.ts';
import { formatSeconds } from '../ui/format.ts';
import { spanStyle } from './span-style.ts';

interface Props {
  readonly face: Face;
  readonly number: number;
  readonly videoMs: number;
}

export function FaceRow({ face, number, videoMs }: Props) {
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
