import { useRef, type KeyboardEvent, type ReactNode } from 'react';
import { useMove } from 'react-aria';

interface Props {
  readonly className: string;
  readonly label: string;
  readonly ms: number;
  readonly maxMs: number;
  /** The value as text. */
  readonly text: string;
  /** The milliseconds of a pixel. 0 before the layout. */
  readonly msPerPixel: () => number;
  /** The distance to the position for Home. */
  readonly homeByMs: number;
  /** The distance to the position for End. */
  readonly endByMs: number;
  /** `byMs` counts from the start of the drag. `isHeld` is false for the first move of a drag, and for every key. */
  readonly onMove: (byMs: number, isHeld: boolean) => void;
  readonly children?: ReactNode;
}

const KEY_MS = 100;
const LARGE_KEY_MS = 1000;

/**
 * A part of the timeline that can be dragged. For keyboards and assistive technology, it is a native slider, which lies
 * over it invisibly.
 */
export function Grip(props: Props) {
  const { className, label, ms, maxMs, text, msPerPixel, homeByMs, endByMs, onMove, children } = props;
  const slider = useRef<HTMLInputElement>(null);
  const movedPixels = useRef(0);
  const isHeld = useRef(false);
  const { moveProps } = useMove({
    onMoveStart() {
      movedPixels.current = 0;
      isHeld.current = false;
    },
    onMove({ pointerType, deltaX, deltaY, shiftKey }) {
      if (pointerType === 'keyboard') {
        onMove((deltaX - deltaY) * (shiftKey ? LARGE_KEY_MS : KEY_MS), false);
        return;
      }
      movedPixels.current += deltaX;
      onMove(movedPixels.current * msPerPixel(), isHeld.current);
      isHeld.current = true;
    },
  });

  function jump(event: KeyboardEvent): void {
    const byMs = { Home: homeByMs, End: endByMs, PageUp: LARGE_KEY_MS, PageDown: -LARGE_KEY_MS }[event.key];
    if (byMs === undefined) return;
    event.preventDefault();
    onMove(byMs, false);
  }

  return (
    <div
      {...moveProps}
      className={className}
      onPointerDownCapture={() => slider.current?.focus({ preventScroll: true })}
    >
      {children}
      <input
        ref={slider}
        className="grip-slider"
        type="range"
        aria-label={label}
        aria-valuetext={text}
        min={0}
        max={maxMs}
        // The value need not be a multiple of a step. Screen readers choose their own steps.
        step="any"
        value={ms}
        onChange={({ target }) => onMove(target.valueAsNumber - ms, false)}
        onKeyDown={jump}
      />
    </div>
  );
}
