import { useRef, type KeyboardEvent, type PointerEvent, type RefObject } from 'react';
import { formatSeconds } from '../ui/format.ts';
import type { ChosenSound, Cut } from './draft.ts';
import { moveCut, type Grip } from './move-cut.ts';
import { spanStyle } from './span-style.ts';
import { Waveform } from './waveform.tsx';

interface Props {
  readonly sound: ChosenSound;
  readonly soundMs: number;
  readonly videoMs: number;
  readonly cut: Cut;
  readonly onCut: (cut: Cut) => void;
  readonly track: RefObject<HTMLDivElement | null>;
  readonly range: { readonly minMs: number; readonly maxMs: number } | null;
  readonly isRefused: boolean;
}

const KEY_MS: Readonly<Record<string, number>> = { ArrowLeft: -100, ArrowDown: -100, ArrowRight: 100, ArrowUp: 100 };

/** The cut of the sound on its track: dragged as a whole, trimmed at its ends; by pointer or arrow keys. */
export function SoundBlock({ sound, soundMs, videoMs, cut, onCut, track, range, isRefused }: Props) {
  const held = useRef<{ readonly grip: Grip; readonly x: number; readonly cut: Cut } | null>(null);
  const endMs = cut.insertAtMs + cut.cropEndMs - cut.cropStartMs;
  const span = spanStyle(cut.insertAtMs, endMs, videoMs);

  function press(event: PointerEvent, grip: Grip): void {
    event.currentTarget.setPointerCapture(event.pointerId);
    held.current = { grip, x: event.clientX, cut };
  }

  function drag(event: PointerEvent): void {
    const width = track.current?.clientWidth ?? 0;
    if (held.current === null || width === 0) return;
    const byMs = ((event.clientX - held.current.x) / width) * videoMs;
    onCut(moveCut(held.current.cut, held.current.grip, byMs, soundMs, videoMs));
  }

  function key(event: KeyboardEvent, grip: Grip): void {
    const byMs = (KEY_MS[event.key] ?? 0) * (event.shiftKey ? 10 : 1);
    if (byMs !== 0) onCut(moveCut(cut, grip, byMs, soundMs, videoMs));
    else if (event.key === 'Home' && grip === 'move') onCut({ ...cut, insertAtMs: range?.minMs ?? 0 });
    else if (event.key === 'End' && grip === 'move' && range !== null) onCut({ ...cut, insertAtMs: range.maxMs });
    else return;
    event.preventDefault();
  }

  const grip = (name: Grip, label: string, nowMs: number, maxMs: number, text: string) => ({
    role: 'slider',
    tabIndex: 0,
    'aria-label': label,
    'aria-valuemin': 0,
    'aria-valuemax': maxMs,
    'aria-valuenow': nowMs,
    'aria-valuetext': isRefused ? `${text}, not allowed` : text,
    onPointerDown: (event: PointerEvent) => press(event, name),
    onPointerMove: drag,
    onPointerUp: () => void (held.current = null),
    onPointerCancel: () => void (held.current = null),
    onKeyDown: (event: KeyboardEvent) => key(event, name),
  });
  const place = `${formatSeconds(cut.insertAtMs)} to ${formatSeconds(endMs)}`;

  return (
    <>
      <div
        {...grip('move', 'Place of the sound in the video', cut.insertAtMs, videoMs, place)}
        className="sound-block"
        data-refused={isRefused}
        style={span}
      >
        <Waveform peaks={sound.peaks} fromShare={cut.cropStartMs / soundMs} toShare={cut.cropEndMs / soundMs} />
        <span className="sound-block-name">{place}</span>
      </div>
      <div className="grips" style={span}>
        <div
          {...grip('trim-start', 'Beginning of the cut', cut.cropStartMs, soundMs, formatSeconds(cut.cropStartMs))}
          className="grip grip-start"
        />
        <div
          {...grip('trim-end', 'End of the cut', cut.cropEndMs, soundMs, formatSeconds(cut.cropEndMs))}
          className="grip grip-end"
        />
      </div>
    </>
  );
}
