import { useRef, type KeyboardEvent, type ReactNode } from 'react';
import { useMove } from 'react-aria';

interface Props {
  readonly className: string;
  readonly label: string;
  readonly ms: number;
  readonly maxMs: number;
  /** The value in words. */
  readonly text: string;
  /** How many milliseconds a pixel is; 0 while that is not known. */
  readonly msPerPixel: () => number;
  /** Where Home and End go, by so much from here. */
  readonly homeByMs: number;
  readonly endByMs: number;
  /** By so much from where it was when it was taken hold of: `isHeld` is false for the first of a row, and for each key. */
  readonly onMove: (byMs: number, isHeld: boolean) => void;
  readonly children?: ReactNode;
}

const KEY_MS = 100;
const LARGE_KEY_MS = 1000;

/**
 * What is taken hold of on the timeline. For assistive technology, and for the keyboard, it is the slider that every
 * platform has: an invisible one lies over it.
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
        // What a screen reader adds or takes away is its own; what is there need not be a multiple of anything.
        step="any"
        value={ms}
        onChange={({ target }) => onMove(target.valueAsNumber - ms, false)}
        onKeyDown={jump}
      />
    </div>
  );
}
