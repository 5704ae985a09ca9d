import { useEffect, useRef, useState, type ReactNode } from 'react';
import { announce } from '../ui/announcer.tsx';
import { Button } from '../ui/button.tsx';
import { formatClock } from '../ui/format.ts';
import { Icon, type IconName } from '../ui/icon.tsx';
import { Notice } from '../ui/notice.tsx';
import { useNow } from '../ui/use-now.ts';
import { canRecordVideo, recordVideo, VIDEO_RECORDING_MS_MAX } from './record-video.ts';
import { recordVoice, type Recording } from './record-voice.ts';

interface VoiceProps {
  readonly maxMs: number;
  readonly onFile: (file: File) => void;
}

/** Records the microphone as a WAV file, with a level, up to a limit. */
export function VoiceRecorder({ maxMs, onFile }: VoiceProps) {
  const [level, setLevel] = useState(0);
  return (
    <Recorder
      label="Record your voice"
      icon="microphone"
      device="microphone"
      maxMs={maxMs}
      start={(onEnd) => recordVoice({ maxMs, onLevel: setLevel, onEnd })}
      onFile={onFile}
    >
      {() => <meter className="recorder-level" aria-label="Level" min={0} max={1} value={level} />}
    </Recorder>
  );
}

interface VideoProps {
  readonly onFile: (file: File) => void;
}

/** Records the camera and the microphone as an MP4 file, if the browser can. */
export function VideoRecorder({ onFile }: VideoProps) {
  if (!canRecordVideo()) {
    return (
      <p className="field-hint">
        This browser can’t record MP4, which Kling needs. Record with the camera app of your device, and choose the
        file.
      </p>
    );
  }
  return (
    <Recorder
      label="Record a video"
      icon="camera"
      device="camera"
      maxMs={VIDEO_RECORDING_MS_MAX}
      start={(onEnd) => recordVideo({ maxMs: VIDEO_RECORDING_MS_MAX, onEnd })}
      onFile={onFile}
    >
      {({ stream }) => (
        <video
          className="recorder-view"
          aria-label="Camera"
          muted
          autoPlay
          playsInline
          ref={(video) => {
            if (video !== null) video.srcObject = stream;
          }}
        />
      )}
    </Recorder>
  );
}

type State<R> =
  | { readonly step: 'idle'; readonly problem: RecorderProblem | null }
  | { readonly step: 'starting' }
  | { readonly step: 'recording'; readonly recording: R; readonly startedAtMs: number };

const IDLE = { step: 'idle', problem: null } as const;

interface Props<R> {
  readonly label: string;
  readonly icon: IconName;
  readonly device: Device;
  readonly maxMs: number;
  /** Starts a recording, which calls `onEnd` if it ends by itself. Throws the errors of `getUserMedia`. */
  readonly start: (onEnd: () => void) => Promise<R>;
  readonly onFile: (file: File) => void;
  /** Shows the recording that is under way. */
  readonly children: (recording: R) => ReactNode;
}

/** A button that starts a recording, then the recording with its time. Another screen ends it without a file. */
function Recorder<R extends Recording>({ label, icon, device, maxMs, start: begin, onFile, children }: Props<R>) {
  const [state, setState] = useState<State<R>>(IDLE);
  const current = useRef<R | null>(null);
  const isLeft = useRef(false);

  useEffect(() => {
    isLeft.current = false;
    // Another screen must not be recorded.
    return () => {
      isLeft.current = true;
      current.current?.discard();
      current.current = null;
      setState(IDLE);
    };
  }, []);

  async function start(): Promise<void> {
    // The browser asks for permission, which takes a while.
    if (state.step === 'starting') return;
    setState({ step: 'starting' });
    try {
      const recording = await begin(() => void stop('Recording stopped at the limit'));
      if (isLeft.current) {
        recording.discard();
        return;
      }
      current.current = recording;
      setState({ step: 'recording', recording, startedAtMs: Date.now() });
      announce('Recording');
    } catch (error) {
      setState({ step: 'idle', problem: explainRecorder(error, device) });
    }
  }

  async function stop(said: string): Promise<void> {
    const ended = current.current;
    current.current = null;
    if (ended === null) return;
    const file = await ended.stop();
    setState(IDLE);
    announce(said);
    onFile(file);
  }

  function discard(): void {
    current.current?.discard();
    current.current = null;
    setState(IDLE);
    announce('Recording discarded');
  }

  if (state.step === 'recording') {
    return (
      <div className="recorder" role="group" aria-label="Recording">
        <span className="recorder-dot" />
        <Elapsed startedAtMs={state.startedAtMs} maxMs={maxMs} />
        {children(state.recording)}
        <span className="recorder-actions">
          <Button kind="quiet" onPress={discard}>
            Discard
          </Button>
          <Button kind="primary" autoFocus onPress={() => void stop('Recording stopped')}>
            Stop
          </Button>
        </span>
      </div>
    );
  }
  return (
    <>
      <div>
        <Button onPress={() => void start()}>
          <Icon name={icon} />
          {label}
        </Button>
      </div>
      {state.step === 'idle' && state.problem !== null ? (
        <div role="alert">
          <Notice tone="warning" title={state.problem.title}>
            {state.problem.advice}
          </Notice>
        </div>
      ) : null}
    </>
  );
}

function Elapsed({ startedAtMs, maxMs }: { readonly startedAtMs: number; readonly maxMs: number }) {
  const now = useNow(250);
  return (
    <span className="recorder-time" role="timer">
      {formatClock(Math.min(maxMs, now - startedAtMs))} of {formatClock(maxMs)}
    </span>
  );
}

type Device = 'microphone' | 'camera';

/** Why a recorder could not start, and what the user can do. */
interface RecorderProblem {
  readonly title: string;
  readonly advice: string;
}

function explainRecorder(error: unknown, device: Device): RecorderProblem {
  const name = error instanceof Error ? error.name : '';
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return {
        title: `The ${device} is blocked`,
        advice: `Allow this page to use the ${device} in your browser’s site settings, then try again. Or choose a file.`,
      };
    case 'NotFoundError':
    case 'OverconstrainedError':
      return { title: `No ${device} found`, advice: `Connect a ${device}, then try again. Or choose a file.` };
    case 'NotReadableError':
      return {
        title: `The ${device} is in use`,
        advice: `Close the app that uses the ${device}, then try again. Or choose a file.`,
      };
    default:
      // Browsers offer devices only to pages at https or localhost.
      return isSecureContext
        ? { title: 'Couldn’t start the recording', advice: 'Try again, or choose a file.' }
        : { title: 'Recording needs https', advice: 'Open Studio at its https address. Or choose a file.' };
  }
}
